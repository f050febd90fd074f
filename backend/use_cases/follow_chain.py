"""The indexer: follows the chain block by block, and takes back what a reorganisation undid.

It follows as far as blocks are deep enough to count (`confirmation_depth`), so what it does about
an event is as final as a settled transaction. Events are applied one by one: one that cannot be
read or applied becomes a job of its own, `follow_event`, which is retried, buried and revived like
any other, and never holds up the rest.
"""

from datetime import timedelta

import structlog

from backend.domain.chain_events import Block, ChainEvent, UnreadableEvent
from backend.domain.errors import ChainRejected, Unavailable, VitalMintError
from backend.domain.identifiers import JobId, random_id_text
from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases.apply_chain_event import apply_chain_event
from backend.use_cases.relay_transactions import send_again, settle_all
from backend.use_cases.relayer_state import relayer_state
from backend.use_cases.undo_blocks import undo_blocks

POLL = timedelta(seconds=1)
PATIENCE = timedelta(seconds=60)
"""How long a node may be behind the one asked before, until its chain counts as shortened."""
KEPT = 64
"""Block hashes kept: a deeper reorganisation is followed anew from the first block."""
STRIDE = 2_000
"""Blocks taken at once while catching up."""
WARN_EVERY = 60
"""Blocks between two warnings about a low balance."""
FOLLOW_EVENT = "follow_event"


def run(key: str, *, ports: Ports) -> Again:
    """The periodic job `follow_chain`: one step, and again at once while there is more."""
    more = follow_chain(ports=ports)
    settle_all(ports=ports)
    now = ports.clock.now()
    return Again(now if more else now + POLL)


def follow_chain(*, ports: Ports) -> bool:
    """Take one step along the chain; True when the next is due at once."""
    with ports.database.read() as unit:
        followed = unit.cursor.recent()
    head = ports.history.head()
    if _is_behind(head, followed, ports):
        return False
    standing = _standing(followed, ports)
    if followed and followed[0][0] != standing:
        _reorganised(followed[0][0], standing, ports)
        return True
    deep_enough = head.number - ports.policy.confirmation_depth + 1
    if standing >= deep_enough:
        return False
    return _advance(standing + 1, deep_enough, ports)


def run_event(key: str, *, ports: Ports) -> None:
    """The job `follow_event`: apply one event, named "block:index in block", that failed before."""
    number, index = (int(part) for part in key.split(":"))
    for event in ports.history.events(number, number):
        if event.place.log_index == index:
            _apply(event, ports)


def _is_behind(head: Block, followed: list[tuple[int, str]], ports: Ports) -> bool:
    """Whether the node merely lags: it has not got as far, and agrees up to where it has."""
    agrees = (head.number, head.hash) in followed[1:]
    return agrees and ports.clock.now() - head.time < PATIENCE


def _standing(followed: list[tuple[int, str]], ports: Ports) -> int:
    """The newest followed block that still stands; the one before the first when none does."""
    for number, block_hash in followed:
        block = ports.history.block(number)
        if block is not None and block.hash == block_hash:
            return number
    return ports.history.first_block - 1


def _reorganised(newest: int, standing: int, ports: Ports) -> None:
    """Step back to the block that still stands, and put what was settled since on its way again."""
    log = structlog.get_logger("indexer")
    depth = newest - standing
    (log.error if depth >= KEPT else log.warning)(
        "chain_reorganised", blocks=depth, standing=standing
    )
    undo_blocks(standing, ports=ports)
    send_again(ports=ports)


def _advance(first: int, deep_enough: int, ports: Ports) -> bool:
    """Follow the next blocks: in strides while far behind, one by one among the last KEPT."""
    last = min(first + STRIDE - 1, max(deep_enough - KEPT, first))
    block = ports.history.block(last)
    if block is None:
        return True
    events = list(ports.history.events(first, last))
    if not _unchanged(block, ports):
        return True  # reorganised while it was being read
    for event in events:
        _apply_or_queue(event, ports)
    with ports.database.write() as unit:
        unit.cursor.advance(block.number, block.hash, keep=KEPT)
    if last // WARN_EVERY != (first - 1) // WARN_EVERY:
        _warn_when_low(ports)
    return last < deep_enough


def _unchanged(block: Block, ports: Ports) -> bool:
    """A block's hash names all before it: unchanged, everything read in between belongs to it."""
    again = ports.history.block(block.number)
    return again is not None and again.hash == block.hash


def _apply_or_queue(event: ChainEvent, ports: Ports) -> None:
    try:
        _apply(event, ports)
    except Unavailable:
        raise  # nothing is wrong with the event: the whole step is taken again
    except VitalMintError as error:
        _queue(event, error, ports)


def _apply(event: ChainEvent, ports: Ports) -> None:
    if isinstance(event, UnreadableEvent):
        raise ChainRejected(f"a log of {event.contract} cannot be read: {event.reason}")
    apply_chain_event(event, ports=ports)


def _queue(event: ChainEvent, error: VitalMintError, ports: Ports) -> None:
    """Leave the event to a job of its own."""
    place = event.place
    structlog.get_logger("indexer").error(
        "event_set_aside",
        block=place.block_number,
        transaction=place.transaction,
        log_index=place.log_index,
        reason=error.message,
    )
    with ports.database.write() as unit:
        unit.jobs.enqueue(
            JobId(random_id_text(ports.random_bytes(16))),
            FOLLOW_EVENT,
            f"{place.block_number}:{place.log_index}",
            ports.clock.now(),
        )


def _warn_when_low(ports: Ports) -> None:
    state = relayer_state(ports=ports)
    if state.low:
        structlog.get_logger("relayer").warning(
            "relayer_balance_low",
            relayer=state.relayer,
            balance_wei=state.balance_wei,
            wanted_wei=ports.policy.low_balance_wei,
        )
