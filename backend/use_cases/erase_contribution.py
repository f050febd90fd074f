"""A patient erases a contribution: marked first, key destroyed at once, the rest by a job.

The mark outlives every kill and restore: whatever brings the key back, the next start
destroys it again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.contribution import Contribution, Status
from backend.domain.errors import IllegalTransition, NotFound
from backend.domain.identifiers import (
    AccountId,
    ContributionId,
    JobId,
    KeyId,
    random_id_text,
)
from backend.domain.job import Again
from backend.domain.transaction import TxPurpose
from backend.ports import Ports
from backend.ports.repositories import ErasureMark
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_runs import withdraw_record
from backend.use_cases.forget_trainings import forget_learnt_from
from backend.use_cases.relay_transactions import UNDER_WAY, latest_under_way, settle, submit

_GONE = (Status.ERASING, Status.ERASED)
RETRY = timedelta(seconds=2)
FINISH_ERASURE = "finish_erasure"


@dataclass(frozen=True)
class EraseContribution:
    account_id: AccountId
    contribution_id: ContributionId


@dataclass(frozen=True)
class ErasureReceipt:
    """What the person is told: from `final_from` on, no backup of the keyring is left either."""

    contribution_id: ContributionId
    erased_at: datetime
    final_from: datetime


@dataclass(frozen=True)
class Begun:
    """When the record was first marked, and the keys to destroy: its own, of models and of runs."""

    marked_at: datetime
    key_ids: tuple[KeyId, ...]


def erase_contribution(command: EraseContribution, *, ports: Ports) -> ErasureReceipt:
    """Make the record unreadable now and for good; safe to repeat."""
    now = ports.clock.now()
    with ports.database.write() as unit:
        row = unit.contributions.by_id(command.contribution_id)
        if row is None or row.account_id != command.account_id:
            raise NotFound("you have no contribution of this id: list yours at /api/contributions")
        if row.status is Status.RESERVED:
            raise IllegalTransition("this contribution is still being stored: erase it in a minute")
        begun = begin_erasure(unit, row, now, ports)
    for key_id in begun.key_ids:
        ports.keys.destroy(key_id)
    marked_at = begun.marked_at
    days = timedelta(days=ports.policy.keyring_backup_days)
    return ErasureReceipt(row.id, marked_at, marked_at + days)


def begin_erasure(unit: UnitOfWork, row: Contribution, now: datetime, ports: Ports) -> Begun:
    """Write mark, status and jobs in the caller's unit; what was learnt from the record ends."""
    earlier = unit.erasures.of_contribution(row.id)
    if earlier is None:
        unit.erasures.mark(ErasureMark(row.id, row.key_id, row.digest, now))
    if row.status not in _GONE:
        unit.contributions.update(row.moved(Status.ERASING), expected=row.status)
        unit.fingerprints.disown(row.id)
    if row.status is not Status.ERASED:
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, FINISH_ERASURE, row.id, now)
    derived = forget_learnt_from(unit, row.id, now, ports)
    derived += withdraw_record(unit, row.id, now, ports)
    return Begun(now if earlier is None else earlier.marked_at, (row.key_id, *derived))


def finish_erasure(key: str, *, ports: Ports) -> Again | None:
    """The job: key, content, mark on chain, row; every step may be repeated."""
    with ports.database.read() as unit:
        row = unit.contributions.by_id(ContributionId(key))
    if row is None or row.status is Status.ERASED:
        return None
    ports.keys.destroy(row.key_id)
    ports.content.unpin(row.cid)
    ports.content.collect_garbage()
    waiting = _mark_on_chain(row, ports)
    if waiting is not None:
        return waiting
    erased = replace(row.moved(Status.ERASED), sealed_summary=b"", lease_until=ports.clock.now())
    with ports.database.write() as unit:
        unit.contributions.update(erased, expected=Status.ERASING)
    return None


def _mark_on_chain(row: Contribution, ports: Ports) -> Again | None:
    """None when the chain needs nothing more: marked, or never registered and never will be."""
    registering = latest_under_way(TxPurpose.REGISTER, row.id, ports=ports)
    if registering is not None and settle(registering, ports=ports).status in UNDER_WAY:
        return Again(ports.clock.now() + RETRY, "its registration is still under way")
    registration = ports.chain.registration_of(row.digest)
    if registration is None or registration.erased:
        return None
    submit(
        TxPurpose.MARK_ERASED,
        row.id,
        lambda: ports.chain.mark_erased_call(row.digest),
        ports=ports,
    )
    return Again(ports.clock.now() + RETRY, "its erasure mark is on the way to the chain")
