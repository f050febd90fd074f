"""A node that refuses or contradicts itself: told apart from a contract's own word."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.adapters.chain.ethereum_chain import EthereumChain
from backend.adapters.chain.history import EthereumHistory
from backend.adapters.chain.node import Node, NodeRefused
from backend.domain.consent import Kind
from backend.domain.errors import (
    ChainRejected,
    ChainUnavailable,
    ConsentNotInForceOnChain,
)
from backend.domain.identifiers import TxHash
from backend.domain.transaction import Call, Fees
from tests.fakes import lying_chain_node as lies
from tests.fakes.lying_chain_node import (
    PAPER_DEPLOYMENT,
    WALLET,
    LyingNode,
    Refuse,
    answering,
    lying_node,
)
from tests.networks import ShiftedClock
from tests.signing import some_digest

LIMIT_S = 0.5


HASH = "0x" + "ab" * 32


OTHER_HASH = "0x" + "cd" * 32


CALL = Call(PAPER_DEPLOYMENT.address("ContributionRegistry"), b"\x01", 100_000)


@pytest.fixture
def node() -> Iterator[LyingNode]:
    with lying_node() as started:
        yield started


@pytest.fixture
def chain(node: LyingNode) -> EthereumChain:
    return chain_at(node.url)


@pytest.fixture
def history(node: LyingNode) -> EthereumHistory:
    return EthereumHistory([PAPER_DEPLOYMENT], Node(node.url, limit_s=LIMIT_S))


def chain_at(url: str) -> EthereumChain:
    return EthereumChain(PAPER_DEPLOYMENT, Node(url, limit_s=LIMIT_S), b"\x07" * 32, ShiftedClock())


def block(number: int, block_hash: str = HASH) -> dict[str, str]:
    return {
        "number": hex(number),
        "hash": block_hash,
        "parentHash": OTHER_HASH,
        "timestamp": "0x6b000000",
        "baseFeePerGas": "0x7",
    }


def receipt(**changes: Any) -> dict[str, Any]:
    usual = {
        "transactionHash": HASH,
        "blockNumber": "0x9",
        "blockHash": HASH,
        "status": "0x1",
        "gasUsed": "0x5208",
        "logs": [],
    }
    return usual | changes


def test_an_estimate_that_the_node_loses_is_asked_for_once_more(
    node: LyingNode, chain: EthereumChain
) -> None:
    proper = answering(lambda method, _: "0xc350" if method == "eth_estimateGas" else "0x")

    def lose_the_first(handler: Any, question: dict[str, Any]) -> None:
        lost = question["method"] == "eth_estimateGas" and node.asked.count("eth_estimateGas") == 1
        (lies.hanging if lost else proper)(handler, question)

    node.behave = lose_the_first
    call = chain.register_call(some_digest(), Kind.CGM, WALLET, 10_000)
    assert call.gas > 50_000
    assert node.asked.count("eth_estimateGas") == 2


def test_a_receipt_of_a_block_that_no_longer_stands_confirms_nothing(
    node: LyingNode, chain: EthereumChain
) -> None:
    answers = {
        "eth_getTransactionReceipt": receipt(),
        "eth_getBlockByNumber": block(9, OTHER_HASH),
        "eth_blockNumber": "0xa",
    }
    node.behave = answering(lambda method, _: answers[method])
    assert chain.confirmation(TxHash(HASH)) is None
    answers["eth_getBlockByNumber"] = block(9)
    confirmation = chain.confirmation(TxHash(HASH))
    assert confirmation is not None and confirmation.depth == 2


def test_a_receipt_of_another_transaction_is_not_believed(
    node: LyingNode, chain: EthereumChain
) -> None:
    node.behave = answering(lambda *_: receipt(transactionHash=OTHER_HASH))
    for ask in (chain.confirmation, chain.registered_in, chain.revert_reason):
        with pytest.raises(ChainUnavailable):
            ask(TxHash(HASH))


def test_another_block_than_the_asked_one_is_not_believed(
    node: LyingNode, history: EthereumHistory
) -> None:
    node.behave = answering(lambda *_: block(8))
    with pytest.raises(ChainUnavailable):
        history.block(9)


@pytest.mark.parametrize(
    "said",
    [
        "already known",
        "ALREADY_EXISTS: already known",
        "nonce too low: next nonce 6, tx nonce 5",
        "the tx doesn't have the correct nonce. account has nonce of: 6 tx has nonce of: 5",
        "replacement transaction underpriced",
    ],
)
def test_a_node_that_has_the_nonce_already_is_content(
    node: LyingNode, chain: EthereumChain, said: str
) -> None:
    node.behave = answering(refusing_to_send(said))
    chain.broadcast(chain.sign(CALL, nonce=5, fees=Fees(2, 1)))
    assert "eth_sendRawTransaction" in node.asked


def test_a_relayer_without_ether_is_told_of(node: LyingNode, chain: EthereumChain) -> None:
    node.behave = answering(refusing_to_send("insufficient funds for gas * price + value"))
    with pytest.raises(ChainUnavailable, match=f"{chain.relayer} has too little ether"):
        chain.broadcast(chain.sign(CALL, nonce=5, fees=Fees(2, 1)))


def test_a_transaction_the_node_knows_is_not_sent_again(
    node: LyingNode, chain: EthereumChain
) -> None:
    node.behave = answering(lambda *_: {"hash": HASH})
    chain.broadcast(chain.sign(CALL, nonce=5, fees=Fees(2, 1)))
    assert node.asked == ["eth_getTransactionByHash"]


def refusing_to_send(said: str) -> lies.Answer:
    def answer(method: str, _: list[Any]) -> Any:
        if method == "eth_sendRawTransaction":
            raise Refuse(said)
        return None

    return answer


NOT_IN_FORCE = "0xa8b63b96" + WALLET[2:].rjust(64, "0") + "00" * 32


@pytest.mark.parametrize(
    "data",
    [
        NOT_IN_FORCE,
        {"result": NOT_IN_FORCE, "hash": None, "message": "revert"},
        {"data": NOT_IN_FORCE},
        f"Reverted {NOT_IN_FORCE}",
    ],
    ids=["Geth", "Ganache", "wrapped", "Parity"],
)
def test_a_revert_is_decoded_wherever_the_node_puts_it(
    node: LyingNode, chain: EthereumChain, data: Any
) -> None:
    node.behave = answering(always(Refuse("execution reverted", code=3, data=data)))
    with pytest.raises(ConsentNotInForceOnChain, match=WALLET):
        chain.register_call(some_digest(), Kind.CGM, WALLET, 1)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("0xdeadbeef" + "00" * 32, "selector 0xdeadbeef"),
        ("0xa8b63b96" + "ff" * 3, "unreadable arguments"),
        ("0x08c379a0" + "20".rjust(64, "0") + "02".rjust(64, "0") + "6869".ljust(64, "0"), "hi"),
        ("0x08c379a0" + "ff" * 64, "something unreadable"),
        ("0x4e487b71" + "11".rjust(64, "0"), "code 0x11"),
        ("0x", "without a reason"),
        (None, "without a reason"),
    ],
)
def test_a_revert_that_is_none_of_ours_is_told_as_far_as_it_goes(
    node: LyingNode, chain: EthereumChain, data: Any, told: str
) -> None:
    node.behave = answering(always(Refuse("execution reverted", code=3, data=data)))
    with pytest.raises(ChainRejected, match=told):
        chain.register_call(some_digest(), Kind.CGM, WALLET, 1)


def test_a_refusal_that_is_no_revert_is_an_unavailable_chain(
    node: LyingNode, chain: EthereumChain
) -> None:
    node.behave = answering(always(Refuse("header not found")))
    with pytest.raises(NodeRefused, match="header not found"):
        chain.register_call(some_digest(), Kind.CGM, WALLET, 1)


def always(refusal: Refuse) -> lies.Answer:
    def answer(*_: Any) -> Any:
        raise refusal

    return answer
