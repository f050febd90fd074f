"""Finish what killed uploads left behind, so that each is wholly there or wholly absent."""

from datetime import timedelta

from backend.domain.contribution import Contribution, Status
from backend.domain.errors import VitalMintError
from backend.domain.identifiers import JobId, random_id_text
from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases.abandon_reservation import abandon_reservation

INTERVAL = timedelta(seconds=60)


def sweep_reservations(*, ports: Ports) -> int:
    """Abandon reservations whose lease is over; drop abandoned rows one lease later.

    One that cannot be settled now does not hold up the others; its error is raised at the end.
    """
    now = ports.clock.now()
    with ports.database.read() as unit:
        rows = unit.contributions.with_status([Status.RESERVED, Status.ABANDONED])
    due = [row for row in rows if row.lease_until <= now]
    faults: list[VitalMintError] = []
    for row in due:
        try:
            _settle(row, ports)
        except VitalMintError as error:
            faults.append(error)
    if faults:
        raise faults[0]
    if due:
        ports.content.collect_garbage()
    return len(due)


def run(key: str, *, ports: Ports) -> Again:
    """The periodic job."""
    sweep_reservations(ports=ports)
    return Again(ports.clock.now() + INTERVAL)


def _settle(row: Contribution, ports: Ports) -> None:
    if row.status is Status.ABANDONED:
        _drop(row, ports)
    elif ports.chain.registration_of(row.digest) is not None:
        _keep(row, ports)
    else:
        abandon_reservation(row, ports=ports)


def _keep(row: Contribution, ports: Ports) -> None:
    """A restored database may be older than the end of this upload: the chain knows it already."""
    with ports.database.write() as unit:
        unit.contributions.update(row.moved(Status.SEALED), expected=row.status)
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, "anchor_contribution", row.id, ports.clock.now())


def _drop(row: Contribution, ports: Ports) -> None:
    ports.keys.destroy(row.key_id)
    ports.content.unpin(row.cid)
    with ports.database.write() as unit:
        unit.contributions.delete(row.id)
