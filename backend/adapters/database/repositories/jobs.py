"""The queue of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, and_, delete, or_, update
from sqlmodel import col, select

from backend.adapters.database.mapping import job_columns, job_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import JobRow
from backend.domain.errors import NotFound
from backend.domain.identifiers import JobId
from backend.domain.job import Job, JobStatus

_QUEUED = (JobStatus.WAITING, JobStatus.RUNNING)
_FREE = {"holder": None, "lease_until": None}


class SqlJobs:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def enqueue(self, job_id: JobId, name: str, key: str, run_at: datetime) -> None:
        job = Job(job_id, name, key, JobStatus.WAITING, run_at, 0, None, None, None)
        self._rows.insert_new(JobRow, job_columns(job))

    def lease(
        self,
        *,
        now: datetime,
        holder: str,
        until: datetime,
        only: Collection[str] | None = None,
        leaving_out: Collection[str] = (),
    ) -> Job | None:
        wanted = select(JobRow).where(_due(now)).where(col(JobRow.name).not_in(leaving_out))
        if only is not None:
            wanted = wanted.where(col(JobRow.name).in_(only))
        row = self._rows.free(wanted.order_by(col(JobRow.run_at), col(JobRow.id)).limit(1))
        if row is None:
            return None
        job = job_of(row)
        if job.status is JobStatus.RUNNING:
            lost = f"{job.holder} let its lease run out"
            job = replace(job, attempts=job.attempts + 1, last_error=lost)
        job = replace(job, status=JobStatus.RUNNING, holder=holder, lease_until=until)
        self._rows.change(update(JobRow).where(col(JobRow.id) == job.id).values(**job_columns(job)))
        return job

    def heartbeat(self, job_id: JobId, *, holder: str, until: datetime) -> bool:
        return self._changed(job_id, holder, {"lease_until": until})

    def finish(self, job_id: JobId, *, holder: str) -> None:
        self._held(delete(JobRow), job_id, holder)

    def retry(self, job_id: JobId, *, holder: str, run_at: datetime, error: str | None) -> None:
        attempts = 0 if error is None else col(JobRow.attempts) + 1
        again = {"status": JobStatus.WAITING.value, "run_at": run_at, **_FREE}
        self._changed(job_id, holder, {**again, "attempts": attempts, "last_error": error})

    def bury(self, job_id: JobId, *, holder: str, error: str) -> None:
        attempts = col(JobRow.attempts) + 1
        dead = {"status": JobStatus.DEAD.value, **_FREE}
        self._changed(job_id, holder, {**dead, "attempts": attempts, "last_error": error})

    def revive(self, job_id: JobId, run_at: datetime) -> None:
        row = self._rows.one(select(JobRow).where(col(JobRow.id) == job_id))
        if row is None or row.status != JobStatus.DEAD:
            raise NotFound(f"no dead job has the id {job_id}: list the dead ones first")
        twins = [job for job in self.unfinished() if (job.name, job.key) == (row.name, row.key)]
        wanted = col(JobRow.id) == job_id
        if twins:
            self._rows.change(delete(JobRow).where(wanted))
            return
        changes = {"status": JobStatus.WAITING.value, "run_at": run_at, "attempts": 0}
        self._rows.change(update(JobRow).where(wanted).values(**changes))

    def dead(self) -> list[Job]:
        return self._with_status([JobStatus.DEAD])

    def unfinished(self) -> list[Job]:
        return self._with_status(_QUEUED)

    def _changed(self, job_id: JobId, holder: str, changes: Mapping[str, Any]) -> bool:
        return self._held(update(JobRow).values(**changes), job_id, holder)

    def _held(self, statement: Update | Delete, job_id: JobId, holder: str) -> bool:
        """Do it to the job while the holder has it; False when it has not any more."""
        held = (
            statement.where(col(JobRow.id) == job_id)
            .where(col(JobRow.holder) == holder)
            .where(col(JobRow.status) == JobStatus.RUNNING.value)
        )
        return self._rows.change(held) == 1

    def _with_status(self, statuses: Sequence[JobStatus]) -> list[Job]:
        rows = self._rows.all(
            select(JobRow)
            .where(col(JobRow.status).in_([status.value for status in statuses]))
            .order_by(col(JobRow.run_at), col(JobRow.id))
        )
        return [job_of(row) for row in rows]


def _due(now: datetime) -> ColumnElement[bool]:
    """Waiting and its time has come, or running under a lease that is over."""
    return or_(
        and_(col(JobRow.status) == JobStatus.WAITING.value, col(JobRow.run_at) <= now),
        and_(col(JobRow.status) == JobStatus.RUNNING.value, col(JobRow.lease_until) <= now),
    )
