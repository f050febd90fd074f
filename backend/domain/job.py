"""Work to be done later, exactly once in effect: leased, retried, never forgotten."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.identifiers import JobId


class JobStatus(StrEnum):
    """Done is no status: finished work is forgotten, and with it whose it was."""

    WAITING = "waiting"
    RUNNING = "running"
    DEAD = "dead"


@dataclass(frozen=True)
class Job:
    """One piece of work. The same `(name, key)` is never queued twice while it is unfinished."""

    id: JobId
    name: str
    key: str
    status: JobStatus
    run_at: datetime
    attempts: int
    lease_until: datetime | None
    holder: str | None
    last_error: str | None


@dataclass(frozen=True)
class Again:
    """A job's answer when it is not finished: come back at `run_at`.

    `failed` counts an attempt towards the limit; waiting for a block does not.
    """

    run_at: datetime
    reason: str | None = None
    failed: bool = False
