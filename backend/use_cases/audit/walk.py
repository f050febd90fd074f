"""Walks the chain from the deployment to its head and opens every block with something of ours.

Each header must have the hash that the next one names as its parent, so everything hangs on the
hash of the newest block. A header's bloom cannot hide an address that logged, and the roots cover
every transaction, receipt and log: nothing in between can be changed, added or left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from backend.crypto.block_hashes import (
    block_hash,
    bloom_bits,
    may_hold,
    receipts_root,
    transaction_hash,
    transactions_root,
)
from backend.domain.audit_checks import Check
from backend.domain.evidence import (
    Address,
    BlockBody,
    BlockHeader,
    LogPlace,
    ReceiptEvidence,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.tally import Tally

T = TypeVar("T")

HEADERS_AT_ONCE = 500
BODIES_AT_ONCE = 50


@dataclass(frozen=True)
class OpenedBlock:
    """A block with something of ours inside."""

    header: BlockHeader
    body: BlockBody


@dataclass(frozen=True)
class Stretch:
    """The part of the chain to walk; `after` is the verified header before `first`, if any."""

    first: int
    head: BlockHeader
    after: BlockHeader | None


def walk_headers(
    stretch: Stretch,
    wanted: Callable[[BlockHeader], bool],
    *,
    evidence: ChainEvidence,
    tally: Tally,
    passed: Callable[[BlockHeader, Sequence[BlockHeader]], None],
) -> tuple[list[BlockHeader], BlockHeader]:
    """The headers that are `wanted`, and the last one, checked to be the head.

    `passed(last, wanted)` is told after every portion in which all is well.
    """
    previous = stretch.after
    found: list[BlockHeader] = []
    for numbers in portions(range(stretch.first, stretch.head.number + 1), HEADERS_AT_ONCE):
        portion: list[BlockHeader] = []
        holds = True
        for number, header in zip(numbers, evidence.headers(numbers), strict=True):
            holds &= _check_header(header, number, previous, tally)
            previous = header
            if wanted(header):
                portion.append(header)
        found += portion
        if holds and previous is not None:
            passed(previous, portion)
    last = previous or stretch.head
    subject = f"block {stretch.head.number}, the newest"
    tally.same(Check.HEADERS, subject, vars(stretch.head), vars(last))
    return found, last


def bears(addresses: Iterable[Address], creations: Iterable[int]) -> Callable[[BlockHeader], bool]:
    """Whether a block may hold a log of one of the addresses, or made one of them."""
    ours, made_in = [bloom_bits(one) for one in addresses], frozenset(creations)
    return lambda header: (
        header.number in made_in or any(may_hold(header.bloom, bits) for bits in ours)
    )


def open_blocks(
    headers: Sequence[BlockHeader], *, evidence: ChainEvidence, tally: Tally
) -> Iterator[OpenedBlock]:
    """What is inside the blocks, newest first, compared with what their headers commit to."""
    for portion in portions(reversed(headers), BODIES_AT_ONCE):
        for header, body in zip(portion, evidence.bodies(portion), strict=True):
            _check_body(header, body, tally)
            yield OpenedBlock(header, body)


def portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion


def _check_header(
    header: BlockHeader, number: int, previous: BlockHeader | None, tally: Tally
) -> bool:
    expected: dict[str, object] = {"number": number, "hash of its header": header.claimed_hash}
    found: dict[str, object] = {
        "number": header.number,
        "hash of its header": block_hash(header),
    }
    if previous is not None:
        expected["parent's hash"] = previous.claimed_hash
        found["parent's hash"] = header.parent_hash
    return tally.same(Check.HEADERS, f"block {number}", expected, found)


def _check_body(header: BlockHeader, body: BlockBody, tally: Tally) -> None:
    subject = f"block {header.number}"
    tally.same(Check.BLOCKS, f"{subject}, asked for by its hash", vars(header), vars(body.header))
    tally.same(
        Check.BLOCKS,
        subject,
        {
            "root of its transactions": header.transactions_root,
            "root of its receipts": header.receipts_root,
            "hashes of its transactions": tuple(one.claimed_hash for one in body.transactions),
            "transactions of its receipts": tuple(one.claimed_hash for one in body.transactions),
        },
        {
            "root of its transactions": transactions_root(body.transactions),
            "root of its receipts": receipts_root(body.receipts),
            "hashes of its transactions": tuple(transaction_hash(one) for one in body.transactions),
            "transactions of its receipts": tuple(one.transaction_hash for one in body.receipts),
        },
    )
    _check_places(header, body.receipts, tally)


def _check_places(header: BlockHeader, receipts: Sequence[ReceiptEvidence], tally: Tally) -> None:
    """What the node says about each log's place. Ganache counts logs per transaction."""
    stated = [log.stated for receipt in receipts for log in receipt.logs]
    by_block = list(_places(header, receipts, whole_block=True))
    by_transaction = list(_places(header, receipts, whole_block=False))
    real = by_transaction if stated == by_transaction else by_block
    for position, (expected, found) in enumerate(zip(real, stated, strict=True)):
        subject = f"block {header.number}, log {position}: stated place"
        tally.same(Check.BLOCKS, subject, vars(expected), vars(found))


def _places(
    header: BlockHeader, receipts: Sequence[ReceiptEvidence], *, whole_block: bool
) -> Iterator[LogPlace]:
    """Where the block's logs stand, counted from the receipts that hold them."""
    before = 0
    for index, receipt in enumerate(receipts):
        for position in range(len(receipt.logs)):
            yield LogPlace(
                header.number,
                header.claimed_hash,
                receipt.transaction_hash,
                index,
                before + position,
                removed=False,
            )
        before += len(receipt.logs) if whole_block else 0
