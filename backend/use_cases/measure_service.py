"""How the service stands, in numbers that say nothing about anyone."""

from dataclasses import dataclass

from backend.domain.errors import Unavailable
from backend.domain.job import JobStatus
from backend.ports import Ports


@dataclass(frozen=True)
class ServiceState:
    """What did not answer is down in `up`, and its numbers are missing."""

    up: dict[str, bool]
    contributions: dict[str, int]
    jobs: dict[str, int]
    relayer_balance_wei: int | None


def measure_service(*, ports: Ports) -> ServiceState:
    """Counts from the database and the relayer's balance from the chain."""
    contributions, jobs, database_up = _counts(ports)
    balance = _relayer_balance(ports)
    up = {"database": database_up, "chain": balance is not None}
    return ServiceState(up, contributions, jobs, balance)


def _counts(ports: Ports) -> tuple[dict[str, int], dict[str, int], bool]:
    try:
        with ports.database.read() as unit:
            contributions = unit.contributions.count_by_status()
            unfinished = unit.jobs.unfinished()
            dead = unit.jobs.dead()
    except Unavailable:
        return {}, {}, False
    waiting = sum(job.status is JobStatus.WAITING for job in unfinished)
    jobs = {"waiting": waiting, "running": len(unfinished) - waiting, "dead": len(dead)}
    return {status.value: count for status, count in contributions.items()}, jobs, True


def _relayer_balance(ports: Ports) -> int | None:
    try:
        return ports.chain.relayer_balance()
    except Unavailable:
        return None
