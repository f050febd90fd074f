"""The auditor's view of the chain: whatever node is named, over plain JSON-RPC in batches."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from backend.adapters.chain import evidence_parsing as parsing
from backend.adapters.chain.creation_code import CreationCode
from backend.adapters.chain.json_rpc import Question, Refusal
from backend.adapters.chain.ledger_decoding import ContractLanguage
from backend.domain.deployment import ContractName
from backend.domain.errors import ChainUnavailable
from backend.domain.evidence import AccountProof, Address, BlockBody, BlockHeader, LogEvidence
from backend.domain.ledger import Call, Event
from backend.ports.chain_evidence import Creation, Value, View

T = TypeVar("T")


class BatchedNode(Protocol):
    """What answers: one node, or in a test what a node once said."""

    def ask(self, questions: Sequence[Question]) -> list[Any]: ...


class NodeEvidence:
    """`ChainEvidence` of one node for the contracts at these addresses."""

    def __init__(self, node: BatchedNode, addresses: Mapping[ContractName, Address]) -> None:
        self._node = node
        self._addresses = addresses
        self._languages = {name: ContractLanguage(name) for name in ContractName}
        self._code = CreationCode()
        self._whole_receipts: bool | None = None

    def chain_id(self) -> int:
        return _read("eth_chainId", parsing.quantity, self._one("eth_chainId"))

    def head(self) -> BlockHeader:
        return _read("the newest block", parsing.header, self._one(_BLOCK, "latest", False))

    def headers(self, numbers: Sequence[int]) -> list[BlockHeader]:
        answers = self._ask([Question(_BLOCK, (hex(number), False)) for number in numbers])
        return [
            _read(f"block {number}", parsing.header, answer)
            for number, answer in zip(numbers, answers, strict=True)
        ]

    def bodies(self, headers: Sequence[BlockHeader]) -> list[BlockBody]:
        hashes = [_hex(header.claimed_hash) for header in headers]
        blocks = self._ask([Question("eth_getBlockByHash", (one, True)) for one in hashes])
        listed = [
            _read(f"block {one}", lambda block: block["transactions"], block)
            for one, block in zip(hashes, blocks, strict=True)
        ]
        receipts = self._receipts(hashes, listed)
        return [
            BlockBody(
                _read(f"block {one}", parsing.header, block),
                tuple(_read(f"a transaction of {one}", parsing.transaction, tx) for tx in inside),
                tuple(_read(f"a receipt of {one}", parsing.receipt, each) for each in left),
            )
            for one, block, inside, left in zip(hashes, blocks, listed, receipts, strict=True)
        ]

    def views(self, views: Sequence[View], *, block: int) -> list[tuple[Value, ...] | None]:
        questions = [
            Question(
                "eth_call",
                (
                    {
                        "to": _hex(self._addresses[view.contract]),
                        "data": _hex(self._languages[view.contract].question(view)),
                    },
                    hex(block),
                ),
            )
            for view in views
        ]
        return [self._answer(*both) for both in zip(views, self._ask(questions), strict=True)]

    def proof(self, contract: ContractName, slots: Sequence[bytes], *, block: int) -> AccountProof:
        address = self._addresses[contract]
        asked = (_hex(address), [_hex(slot) for slot in slots], hex(block))
        return _read(
            f"a proof of {contract}",
            partial(parsing.account_proof, address, slots),
            self._one("eth_getProof", *asked),
        )

    def _answer(self, view: View, answer: Any) -> tuple[Value, ...] | None:
        if isinstance(answer, Refusal) and "revert" in answer.message:
            return None
        data = _read(f"the answer to {view.function}", parsing.data, answer)
        return self._languages[view.contract].answer(view, data)

    def event(self, contract: ContractName, log: LogEvidence) -> Event | None:
        return self._languages[contract].event(log)

    def call(self, contract: ContractName, data: bytes) -> Call | None:
        return self._languages[contract].call(data)

    def calls_within(self, contract: ContractName, data: bytes) -> list[Call]:
        return self._languages[contract].calls_within(data)

    def creation(self, contract: ContractName, data: bytes) -> Creation:
        return self._code.read(contract, data)

    def _receipts(self, hashes: Sequence[str], listed: Sequence[list[Any]]) -> list[list[Any]]:
        """All receipts of each block: a block at a time where the node can, else one by one."""
        if self._whole_receipts is None and hashes:
            answer = self._ask([Question(_RECEIPTS, (hashes[0],))])[0]
            self._whole_receipts = not isinstance(answer, Refusal)
        if self._whole_receipts:
            answers = self._ask([Question(_RECEIPTS, (one,)) for one in hashes])
            return [
                _read(f"the receipts of {one}", list, answer)
                for one, answer in zip(hashes, answers, strict=True)
            ]
        questions = [
            Question("eth_getTransactionReceipt", (_read("a transaction", _hash_of, one),))
            for inside in listed
            for one in inside
        ]
        each = iter(self._ask(questions))
        return [[next(each) for _ in inside] for inside in listed]

    def _one(self, method: str, *params: Any) -> Any:
        return self._ask([Question(method, params)])[0]

    def _ask(self, questions: Sequence[Question]) -> list[Any]:
        return self._node.ask(questions)


_BLOCK = "eth_getBlockByNumber"
_RECEIPTS = "eth_getBlockReceipts"


def _read(what: str, reader: Callable[[Any], T], answer: Any) -> T:
    """The answer read, or `ChainUnavailable` naming what cannot be read and why."""
    if answer is None:
        raise ChainUnavailable(
            f"the node does not have {what}: it is pruned or behind; name one with full history"
        )
    if isinstance(answer, Refusal):
        raise ChainUnavailable(f"the node refused {what}: {answer.message}; name another node")
    try:
        return reader(answer)
    except (ValueError, KeyError, TypeError) as error:
        raise ChainUnavailable(
            f"the node's answer about {what} cannot be read ({error}): name another node"
        ) from error


def _hash_of(transaction: Any) -> str:
    return str(transaction["hash"])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
