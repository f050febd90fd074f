"""Reading logs: every event decoded exactly, none believed that was not asked for, none hidden."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.adapters.chain.abi import CONTRACT_NAMES, ContractName, events_by_topic
from backend.adapters.chain.history import EthereumHistory
from backend.adapters.chain.logs import LARGEST_SPAN
from backend.adapters.chain.node import Node
from backend.domain.chain_events import ConsentGranted, UnreadableEvent
from backend.domain.consent import Kind, Purpose
from backend.domain.errors import ChainUnavailable
from tests.fakes.lying_chain_node import (
    PAPER_DEPLOYMENT,
    WALLET,
    LyingNode,
    Refuse,
    answering,
    lying_node,
)

HASH = "0x" + "ab" * 32
FAR = 2**48 - 1
"""The largest uint48: some nine million years ahead."""


@pytest.fixture
def node() -> Iterator[LyingNode]:
    with lying_node() as started:
        yield started


@pytest.fixture
def history(node: LyingNode) -> EthereumHistory:
    return EthereumHistory([PAPER_DEPLOYMENT], Node(node.url, limit_s=5))


def topic(contract: ContractName, event: str) -> str:
    (found,) = [
        topic for topic, signature in events_by_topic(contract).items() if signature.name == event
    ]
    return "0x" + found.hex()


def words(*values: int) -> str:
    return "0x" + "".join(f"{value:064x}" for value in values)


def granted(**changes: Any) -> dict[str, Any]:
    """A ConsentGranted as nodes give it: cgm and motion, for everything, nonce 4."""
    usual = {
        "address": PAPER_DEPLOYMENT.address("ConsentRegistry"),
        "topics": [topic("ConsentRegistry", "ConsentGranted"), words(int(WALLET, 16))],
        "data": words(1, 0b101, 7, 0, 2_000_000_000, 4),
        "blockNumber": "0x9",
        "blockHash": HASH,
        "transactionHash": HASH,
        "logIndex": "0x0",
        "removed": False,
    }
    return usual | changes


def test_an_event_is_decoded_field_by_field(node: LyingNode, history: EthereumHistory) -> None:
    node.behave = answering(lambda *_: [granted()])
    (event,) = history.events(1, 20)
    assert isinstance(event, ConsentGranted)
    assert event.contributor == WALLET and event.nonce == 4 and not event.custodial
    assert event.kinds == {Kind.CGM, Kind.MOTION}
    assert event.purposes == Purpose.CARE | Purpose.TRAINING | Purpose.SALE
    assert event.expires_at == datetime.fromtimestamp(2_000_000_000, UTC)
    assert (event.place.block_number, event.place.block_hash) == (9, HASH)


def test_an_end_in_millions_of_years_is_read_as_the_last_date(
    node: LyingNode, history: EthereumHistory
) -> None:
    node.behave = answering(lambda *_: [granted(data=words(1, 1, 7, 0, FAR, 4))])
    (event,) = history.events(1, 20)
    assert isinstance(event, ConsentGranted) and event.expires_at.year == 9999


@pytest.mark.parametrize(
    "changes",
    [
        {"address": WALLET},
        {"blockNumber": "0xffff"},
        {"removed": True},
        {"logIndex": None},
        {"topics": "0x"},
        {"data": "0x123"},
    ],
    ids=str,
)
def test_a_log_that_was_not_asked_for_is_not_believed(
    node: LyingNode, history: EthereumHistory, changes: dict[str, Any]
) -> None:
    node.behave = answering(lambda *_: [granted(**changes)])
    with pytest.raises(ChainUnavailable):
        list(history.events(1, 20))


UNREADABLE = [
    ({"data": words(9, 5, 7, 0, 2_000_000_000, 4)}, "schema version 9"),
    ({"topics": ["0x" + "99" * 32]}, "unknown to this release"),
    ({"topics": []}, "anonymous"),
    ({"topics": [topic("ConsentRegistry", "ConsentGranted")]}, "1 topics"),
    ({"data": words(1, 5, 7)}, "96 bytes of data"),
    ({"data": words(1, 5, 7, 2, 2_000_000_000, 4)}, "out of its range"),
    ({"data": words(1, 256, 7, 0, 2_000_000_000, 4)}, "out of its range"),
    ({"data": words(1, 5, 7, 0, 2**48, 4)}, "out of its range"),
]


@pytest.mark.parametrize(("changes", "reason"), UNREADABLE, ids=[one[1] for one in UNREADABLE])
def test_a_log_that_cannot_be_read_hides_no_other(
    node: LyingNode, history: EthereumHistory, changes: dict[str, Any], reason: str
) -> None:
    after = granted(logIndex="0x1")
    node.behave = answering(lambda *_: [after, granted(**changes)])
    first, second = history.events(1, 20)
    assert isinstance(first, UnreadableEvent) and reason in first.reason
    assert first.contract == PAPER_DEPLOYMENT.address("ConsentRegistry")
    assert isinstance(second, ConsentGranted)


def test_a_registration_of_an_unknown_kind_or_codec_is_unreadable(
    node: LyingNode, history: EthereumHistory
) -> None:
    registered = topic("ContributionRegistry", "ContributionRegistered")
    for kind, codec in ((9, 0x55), (0, 0x12)):
        log = granted(
            address=PAPER_DEPLOYMENT.address("ContributionRegistry"),
            topics=[registered, words(5), words(int(WALLET, 16)), words(kind)],
            data=words(1, codec, 10_000, 5),
        )
        node.behave = answering(lambda *_, log=log: [log])
        (event,) = history.events(1, 20)
        assert isinstance(event, UnreadableEvent)


def test_events_about_running_the_contracts_are_passed_over(
    node: LyingNode, history: EthereumHistory
) -> None:
    paused = granted(
        address=PAPER_DEPLOYMENT.address("ContributionRegistry"),
        topics=[topic("ContributionRegistry", "Paused")],
        data=words(1, int(WALLET, 16)),
    )
    node.behave = answering(lambda *_: [paused])
    assert list(history.events(1, 20)) == []


def test_every_event_of_the_contracts_has_a_schema_version_or_is_a_standard() -> None:
    standards = {"Transfer", "Approval", "EIP712DomainChanged"}
    for contract in CONTRACT_NAMES:
        for signature in events_by_topic(contract).values():
            assert signature.plain[:1] == (("schemaVersion", "uint8"),) or (
                signature.name in standards
            )


def test_every_field_of_every_event_can_be_read() -> None:
    for contract in CONTRACT_NAMES:
        for signature in events_by_topic(contract).values():
            assert len(signature.word_readers) == len(signature.indexed) + len(signature.plain)


def test_long_ranges_are_asked_for_in_spans(node: LyingNode, history: EthereumHistory) -> None:
    asked: list[tuple[int, int]] = []

    def answer(_: str, params: list[Any]) -> Any:
        asked.append((int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)))
        return []

    node.behave = answering(answer)
    assert list(history.events(10, 10 + 2 * LARGEST_SPAN)) == []
    starts = [10, 10 + LARGEST_SPAN, 10 + 2 * LARGEST_SPAN]
    ends = [*(start - 1 for start in starts[1:]), starts[-1]]
    assert asked == list(zip(starts, ends, strict=True))


def test_a_range_that_the_node_refuses_is_halved_until_it_is_taken(
    node: LyingNode, history: EthereumHistory
) -> None:
    covered: list[int] = []

    def answer(_: str, params: list[Any]) -> Any:
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first + 1 > 100:
            raise Refuse("query returned more than 10000 results")
        covered.extend(range(first, last + 1))
        return [granted(blockNumber=hex(number)) for number in range(first, last + 1)]

    node.behave = answering(answer)
    events = list(history.events(1, 1_000))
    assert covered == list(range(1, 1_001))
    assert [event.place.block_number for event in events] == covered


def test_a_node_that_refuses_every_range_is_unavailable(
    node: LyingNode, history: EthereumHistory
) -> None:
    def answer(*_: Any) -> Any:
        raise Refuse("logs are switched off")

    node.behave = answering(answer)
    with pytest.raises(ChainUnavailable, match="switched off"):
        list(history.events(1, 1_000))
    assert len(node.asked) < 20
