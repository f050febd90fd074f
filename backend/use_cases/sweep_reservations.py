"""Finish what killed uploads left behind, so that each is wholly there or wholly absent."""

from datetime import timedelta

from backend.domain.contribution import Contribution, Status
from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases.abandon_reservation import abandon_reservation

INTERVAL = timedelta(seconds=60)


def sweep_reservations(*, ports: Ports) -> int:
    """Abandon reservations whose lease is over; drop abandoned rows one lease later."""
    now = ports.clock.now()
    with ports.database.read() as unit:
        rows = unit.contributions.with_status([Status.RESERVED, Status.ABANDONED])
    due = [row for row in rows if row.lease_until <= now]
    for row in due:
        if row.status is Status.RESERVED:
            abandon_reservation(row, ports=ports)
        else:
            _drop(row, ports)
    if due:
        ports.content.collect_garbage()
    return len(due)


def run(key: str, *, ports: Ports) -> Again:
    """The periodic job."""
    sweep_reservations(ports=ports)
    return Again(ports.clock.now() + INTERVAL)


def _drop(row: Contribution, ports: Ports) -> None:
    ports.keys.destroy(row.key_id)
    ports.content.unpin(row.cid)
    with ports.database.write() as unit:
        unit.contributions.delete(row.id)
