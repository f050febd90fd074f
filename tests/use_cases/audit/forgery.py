"""A chain that was forged as a whole: changed, and every hash and root above made to agree again.

Against it the hashes prove nothing: what is found is found by the rules alone. It stands for
contracts that break their promises as well as for a node that lies without a flaw.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from backend.adapters.chain.evidence import NodeEvidence
from backend.crypto import rlp
from backend.crypto.block_hashes import (
    block_hash,
    bloom_of,
    receipts_root,
    transaction_hash,
    transactions_root,
)
from backend.domain.deployment import ContractName
from backend.domain.errors import ChainUnavailable
from backend.domain.evidence import (
    AccountProof,
    BlockBody,
    BlockHeader,
    LogEvidence,
    ReceiptEvidence,
    SlotProof,
    TransactionEvidence,
)
from tests.state_trie import Trie
from tests.use_cases.audit.replay import Answers

Blocks = list[BlockBody]
Forge = Callable[[Blocks], None]
"""Changes the list of blocks in place; transactions and logs may come and go."""


@dataclass(frozen=True)
class ForgedState:
    """A state that holds what the recorded proofs showed, with proofs for any other word too."""

    accounts: Trie
    proofs: dict[ContractName, AccountProof]
    storages: dict[ContractName, Trie]
    words: dict[ContractName, dict[bytes, int]]

    def proof(self, contract: ContractName, slots: Sequence[bytes]) -> AccountProof:
        """The contract's account and these words, proved."""
        storage, words = self.storages[contract], self.words[contract]
        proved = (SlotProof(slot, words.get(slot, 0), storage.proof(slot)) for slot in slots)
        return replace(self.proofs[contract], slots=tuple(proved))


def state_of(answers: Answers, addresses: Mapping[ContractName, bytes]) -> ForgedState:
    """The state that the recording's proofs tell of."""
    words: dict[ContractName, dict[bytes, int]] = {name: {} for name in addresses}
    for key, answer in answers.items():
        method, params = json.loads(key)
        for name, address in addresses.items():
            if method == "eth_getProof" and params[0] == "0x" + address.hex():
                for slot, one in zip(params[1], answer["storageProof"], strict=True):
                    words[name][bytes.fromhex(slot[2:])] = int(one["value"], 16)
    storages = {
        name: Trie({slot: rlp.encode(word) for slot, word in held.items() if word})
        for name, held in words.items()
    }
    code = b"c" * 32
    accounts = Trie(
        {
            address: rlp.encode([1, 0, storages[name].root, code])
            for name, address in addresses.items()
        }
    )
    proofs = {
        name: AccountProof(address, 1, 0, storages[name].root, code, accounts.proof(address), ())
        for name, address in addresses.items()
    }
    return ForgedState(accounts, proofs, storages, words)


class ForgedEvidence(NodeEvidence):
    """The same node's evidence after `forge` had its way; the contracts hold what they held."""

    def forged(self, first: int, state: ForgedState, forge: Forge) -> "ForgedEvidence":
        """Forge the chain from block `first` to the head."""
        self._state = state
        blocks = opened(NodeEvidence(self._node, self._addresses), first)
        parent = blocks[0].header.parent_hash
        forge(blocks)
        self._headers: dict[int, BlockHeader] = {}
        self._bodies: dict[bytes, BlockBody] = {}
        for block in blocks:
            again = _agreeing(block, parent, state.accounts.root)
            parent = again.header.claimed_hash
            self._headers[again.header.number] = again.header
            self._bodies[parent] = again
        return self

    def head(self) -> BlockHeader:
        return self._headers[max(self._headers)]

    def headers(self, numbers: Sequence[int]) -> list[BlockHeader]:
        return [self._headers[number] for number in numbers]

    def bodies(self, headers: Sequence[BlockHeader]) -> list[BlockBody]:
        return [self._bodies[header.claimed_hash] for header in headers]

    def proof(self, contract: ContractName, slots: Sequence[bytes], *, block: int) -> AccountProof:
        return self._state.proof(contract, slots)


def opened(evidence: NodeEvidence, first: int) -> Blocks:
    """All blocks from `first` on; those that the recorded audit did not open are left empty."""
    head = evidence.head()
    blocks = []
    for header in evidence.headers(range(first, head.number + 1)):
        try:
            blocks += evidence.bodies([header])
        except ChainUnavailable:
            blocks.append(BlockBody(header, (), ()))
    return blocks


def log_changed(blocks: Blocks, at: tuple[int, int, int], log: LogEvidence | None,
                *, twice: bool = False) -> None:  # fmt: skip
    """Put `log` in place of one log (block, receipt, log), or beside it, or take it away."""
    block, receipt, position = at
    body = blocks[block]
    logs = list(body.receipts[receipt].logs)
    logs[position : position + (0 if twice else 1)] = [] if log is None else [log]
    receipts = list(body.receipts)
    receipts[receipt] = replace(receipts[receipt], logs=tuple(logs))
    blocks[block] = replace(body, receipts=tuple(receipts))


def transaction_changed(blocks: Blocks, at: tuple[int, int], transaction: TransactionEvidence
                        ) -> None:  # fmt: skip
    """Put a transaction in place of one (block, transaction)."""
    body = blocks[at[0]]
    transactions = list(body.transactions)
    transactions[at[1]] = transaction
    blocks[at[0]] = replace(body, transactions=tuple(transactions))


def time_changed(blocks: Blocks, block: int, seconds: int) -> None:
    """Move one block's time."""
    body = blocks[block]
    blocks[block] = replace(body, header=replace(body.header, time=body.header.time + seconds))


def _agreeing(body: BlockBody, parent: bytes, state_root: bytes) -> BlockBody:
    """The body with hashes, roots, blooms and stated places made to agree."""
    if not body.transactions:
        header = replace(body.header, parent_hash=parent, state_root=state_root)
        return BlockBody(replace(header, claimed_hash=block_hash(header)), (), ())
    transactions = tuple(
        replace(one, claimed_hash=transaction_hash(one)) for one in body.transactions
    )
    receipts = tuple(
        replace(receipt, bloom=bloom_of(receipt.logs), transaction_hash=sent.claimed_hash)
        for receipt, sent in zip(body.receipts, transactions, strict=True)
    )
    bloom = 0
    for receipt in receipts:
        bloom |= int.from_bytes(receipt.bloom, "big")
    header = replace(
        body.header,
        parent_hash=parent,
        state_root=state_root,
        transactions_root=transactions_root(transactions)[0],
        receipts_root=receipts_root(receipts),
        bloom=bloom.to_bytes(256, "big"),
    )
    header = replace(header, claimed_hash=block_hash(header))
    return BlockBody(header, transactions, tuple(_placed(header, receipts)))


def _placed(header: BlockHeader, receipts: Sequence[ReceiptEvidence]) -> list[ReceiptEvidence]:
    placed = []
    position = 0
    for index, receipt in enumerate(receipts):
        logs = []
        for log in receipt.logs:
            stated = replace(
                log.stated,
                block_hash=header.claimed_hash,
                transaction_hash=receipt.transaction_hash,
                transaction_index=index,
                log_index=position,
            )
            logs.append(replace(log, stated=stated))
            position += 1
        placed.append(replace(receipt, logs=tuple(logs)))
    return placed
