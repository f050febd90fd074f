"""A node that is down, silent, endless or lying: one clear error, in time, and nothing believed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.adapters.chain.ethereum_chain import EthereumChain
from backend.adapters.chain.history import EthereumHistory
from backend.adapters.chain.node import Node
from backend.domain.consent import Kind
from backend.domain.errors import (
    ChainUnavailable,
    MisconfiguredService,
)
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


def reading_calls(chain: EthereumChain, history: EthereumHistory) -> list[Callable[[], object]]:
    """One of everything that asks."""
    signed = chain.sign(CALL, nonce=1, fees=Fees(2, 1))
    return [
        lambda: chain.consent_of(WALLET),
        lambda: chain.consent_nonce(WALLET),
        lambda: chain.registration_of(some_digest()),
        lambda: chain.balance_of(WALLET),
        chain.schedule,
        chain.relayer_balance,
        lambda: chain.register_call(some_digest(), Kind.CGM, WALLET, 1),
        lambda: chain.mark_erased_call(some_digest()),
        chain.suggested_fees,
        chain.next_nonce,
        lambda: chain.broadcast(signed),
        lambda: chain.confirmation(signed.hash),
        lambda: chain.registered_in(signed.hash),
        lambda: chain.registration_event(some_digest()),
        chain.check,
        history.head,
        lambda: history.block(7),
        lambda: list(history.events(1, 9)),
    ]


BROKEN = {
    "nothing": lies.saying(b""),
    "html": lies.saying(b"<html>a captive portal</html>"),
    "a list": lies.saying(b"[]"),
    "a number": lies.saying(b"7"),
    "deep nesting": lies.saying(b"[" * 200_000),
    "not utf-8": lies.saying(b'{"result": "\xff\xfe"}'),
    "status 500": lies.saying(b"{}", status=500),
    "status 429": lies.saying(b"{}", status=429),
    "a redirect": lies.saying(b"", status=307),
    "an internal error": answering(lambda *_: (_ for _ in ()).throw(Refuse("boom", code=-32603))),
    "an error that is text": lies.saying(b'{"jsonrpc": "2.0", "id": 1, "error": "boom"}'),
    "a connection that breaks off": lies.breaking_off,
    "true": answering(lambda *_: True),
    "text": answering(lambda *_: "what?"),
    "an odd number of digits": answering(lambda *_: "0x123"),
    "an object of objects": answering(lambda *_: {"hash": {}, "number": [], "status": None}),
}


PLAUSIBLE = (
    "eth_getBalance",
    "eth_getTransactionCount",
    "eth_getTransactionByHash",
    "eth_estimateGas",
)


@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_makes_no_sense_is_an_unavailable_chain(
    node: LyingNode, chain: EthereumChain, history: EthereumHistory, behaviour: Any
) -> None:
    node.behave = behaviour
    for ask in reading_calls(chain, history):
        try:
            ask()
        except (ChainUnavailable, MisconfiguredService) as error:
            assert error.message
        else:
            # A plausible value is believed: `broadcast` may find its transaction known.
            assert node.asked[-1] in PLAUSIBLE


@pytest.mark.parametrize(
    "behaviour", [lies.hanging, lies.dripping_headers, lies.dripping_body], ids=lambda b: b.__name__
)
def test_a_node_that_never_ends_its_answer_is_given_up_in_time(
    node: LyingNode, chain: EthereumChain, behaviour: Any
) -> None:
    node.behave = behaviour  # the server keeps at it until the test has ended
    with pytest.raises(ChainUnavailable, match="did not answer"):
        chain.next_nonce()


def test_an_answer_without_end_is_given_up(node: LyingNode, chain: EthereumChain) -> None:
    node.behave = lies.endless
    with pytest.raises(ChainUnavailable):
        chain.next_nonce()


def test_a_node_that_is_down_is_unavailable() -> None:
    with lying_node() as gone:
        url = gone.url
    with pytest.raises(ChainUnavailable, match=r"127\.0\.0\.1"):
        chain_at(url).next_nonce()


@pytest.mark.parametrize("url", ["", "not a url", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_that_is_none_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(MisconfiguredService, match="VITALMINT_RPC_URL"):
        Node(url, limit_s=LIMIT_S)


def test_no_error_tells_the_key_in_the_nodes_address() -> None:
    with pytest.raises(ChainUnavailable) as caught:
        Node("http://user:secret@127.0.0.1:1/v3/topsecret", limit_s=LIMIT_S).ask("eth_chainId")
    assert "secret" not in caught.value.message


def test_a_node_that_comes_back_is_used_again(node: LyingNode, chain: EthereumChain) -> None:
    node.behave = lies.hanging
    with pytest.raises(ChainUnavailable):
        chain.next_nonce()
    node.behave = answering(lambda *_: "0x5")
    assert chain.next_nonce() == 5
