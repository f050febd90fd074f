"""Walks the chain from the deployment to its head and opens every block with something of ours.

Each header must have the hash that the next one names as its parent, so everything hangs on the
hash of the newest block. A header's bloom cannot hide an address that logged, and the roots cover
every transaction, receipt and log: nothing in between can be changed, added or left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from backend.crypto.block_hashes import (
    block_hash,
    bloom_bits,
    may_hold,
    receipts_root,
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
from backend.use_cases.audit.ahead import fetched_ahead
from backend.use_cases.audit.tally import Tally

HEADERS_AT_ONCE = 200
BODIES_AT_ONCE = 25


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
    walked = range(stretch.first, stretch.head.number + 1)
    for numbers, headers in fetched_ahead(walked, HEADERS_AT_ONCE, evidence.headers):
        portion: list[BlockHeader] = []
        holds = True
        for number, header in zip(numbers, headers, strict=True):
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
    newest_first = reversed(headers)
    for portion, bodies in fetched_ahead(newest_first, BODIES_AT_ONCE, evidence.bodies):
        for header, body in zip(portion, bodies, strict=True):
            _check_body(header, body, tally)
            yield OpenedBlock(header, body)


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
    root, hashes = transactions_root(body.transactions)
    tally.same(
        Check.BLOCKS,
        subject,
        {
            "header, asked for by its hash": header,
            "root of its transactions": header.transactions_root,
            "root of its receipts": header.receipts_root,
            "hashes of its transactions": hashes,
            "transactions of its receipts": hashes,
        },
        {
            "header, asked for by its hash": body.header,
            "root of its transactions": root,
            "root of its receipts": receipts_root(body.receipts),
            "hashes of its transactions": tuple(one.claimed_hash for one in body.transactions),
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
