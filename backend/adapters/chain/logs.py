"""Fetching the logs of a range of blocks, in pieces that the node accepts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.adapters.chain.answers import entries, fields, hexadecimal, nonsense, octets, quantity
from backend.adapters.chain.node import Node, NodeRefused
from backend.domain.chain_events import Place
from backend.domain.identifiers import TxHash, WalletAddress

LARGEST_SPAN = 2_000
"""Blocks asked for at once; a node that refuses is asked for half of it, and so on."""


@dataclass(frozen=True)
class Log:
    """One log as the node gave it."""

    place: Place
    address: WalletAddress
    topics: tuple[bytes, ...]
    data: bytes


def logs_between(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[WalletAddress],
    topics: Sequence[str | None] = (),
) -> Iterator[Log]:
    """Every log of `addresses` in blocks first..last, in the order of the chain."""
    span = LARGEST_SPAN
    start = first
    while start <= last:
        end = min(start + span - 1, last)
        try:
            found = _ask(node, start, end, addresses, topics)
        except NodeRefused:
            if start == end:
                raise
            span = (end - start + 1) // 2
            continue
        yield from found
        start = end + 1


def _ask(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[WalletAddress],
    topics: Sequence[str | None],
) -> list[Log]:
    asked = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": list(addresses),
        "topics": list(topics),
    }
    found = [read_log(entry) for entry in entries(node.ask("eth_getLogs", asked))]
    for log in found:
        if log.address not in addresses or not first <= log.place.block_number <= last:
            raise nonsense("a log of the contracts and blocks that were asked for")
    return sorted(found, key=lambda log: (log.place.block_number, log.place.log_index))


def read_log(value: object) -> Log:
    """One entry of a receipt's or a filter's logs."""
    entry = fields(value)
    if entry.get("removed"):
        raise nonsense("a log of the present chain")
    return Log(
        place=Place(
            block_number=quantity(entry.get("blockNumber")),
            block_hash=hexadecimal(entry.get("blockHash"), size=32),
            transaction=TxHash(hexadecimal(entry.get("transactionHash"), size=32)),
            log_index=quantity(entry.get("logIndex")),
        ),
        address=WalletAddress(hexadecimal(entry.get("address"), size=20)),
        topics=tuple(octets(topic, size=32) for topic in entries(entry.get("topics"))),
        data=octets(entry.get("data")),
    )
