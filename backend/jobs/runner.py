"""Lease one job, run it, say how it ended. A killed runner's job is leased again by the next."""

import threading
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePath

import structlog

from backend.domain.errors import DatabaseUnavailable, Unavailable, VitalMintError
from backend.domain.identifiers import JobId, random_id_text
from backend.domain.job import Again, Job
from backend.jobs import PERIODIC, JobFunction
from backend.ports import Ports

LONGEST_WAIT_S = 600
OUTAGE = timedelta(seconds=15)


@dataclass(frozen=True)
class Runner:
    """One holder of leases; several may run against the same database.

    `only` and `leaving_out` are names of jobs: a lane of its own for slow work.
    """

    holder: str
    functions: Mapping[str, JobFunction]
    ports: Ports
    only: Collection[str] | None = None
    leaving_out: Collection[str] = ()

    def start(self) -> None:
        """Queue the periodic jobs; harmless when they are queued already."""
        now = self.ports.clock.now()
        with self.ports.database.write() as unit:
            for name in PERIODIC:
                unit.jobs.enqueue(self._fresh_id(), name, "-", now)

    def run_next(self) -> bool:
        """Run one due job to its next rest; False when none is due."""
        job = self._lease()
        if job is None:
            return False
        log = structlog.get_logger("jobs").bind(job=job.name, attempt=job.attempts + 1)
        if self._is_hopeless(job):
            self._bury(job, job.last_error or "its runner died every time")
            return True
        try:
            with self._beating(job):
                answer = self.functions[job.name](job.key, ports=self.ports)
        except Unavailable as error:
            log.warning("job_waits", code=error.code)
            self._wait_out(job)
            return True
        except VitalMintError as error:
            log.warning("job_failed", code=error.code)
            self._failed(job, error.code)
            return True
        except Exception as fault:  # noqa: BLE001 - the boundary: one broken job stops no other
            log.error("job_broken", error=type(fault).__name__, where=_where(fault))
            self._failed(job, type(fault).__name__)
            return True
        self._ended(job, answer)
        note = log.debug if job.name in PERIODIC else log.info
        note("job_ran", done=answer is None)
        return True

    def _lease(self) -> Job | None:
        now = self.ports.clock.now()
        until = now + timedelta(seconds=self.ports.policy.job_lease_s)
        with self.ports.database.write() as unit:
            return unit.jobs.lease(
                now=now,
                holder=self.holder,
                until=until,
                only=self.only,
                leaving_out=self.leaving_out,
            )

    def _ended(self, job: Job, answer: Again | None) -> None:
        if answer is None:
            with self.ports.database.write() as unit:
                unit.jobs.finish(job.id, holder=self.holder)
        elif answer.failed:
            self._failed(job, answer.reason or "asked to be run again")
        else:
            with self.ports.database.write() as unit:
                unit.jobs.retry(job.id, holder=self.holder, run_at=answer.run_at, error=None)

    def _failed(self, job: Job, error: str) -> None:
        """Try later, twice as long each time; a job that never stops failing is buried."""
        if self._is_hopeless(replace(job, attempts=job.attempts + 1)):
            self._bury(job, error)
            return
        wait = timedelta(seconds=min(2 ** min(job.attempts, 20), LONGEST_WAIT_S))
        with self.ports.database.write() as unit:
            run_at = self.ports.clock.now() + wait
            unit.jobs.retry(job.id, holder=self.holder, run_at=run_at, error=error)

    def _wait_out(self, job: Job) -> None:
        """An outage is nobody's failure, however long: it counts towards nothing."""
        run_at = self.ports.clock.now() + OUTAGE
        with self.ports.database.write() as unit:
            unit.jobs.retry(job.id, holder=self.holder, run_at=run_at, error=None)

    def _is_hopeless(self, job: Job) -> bool:
        return job.attempts >= self.ports.policy.job_attempts and job.name not in PERIODIC

    def _bury(self, job: Job, error: str) -> None:
        with self.ports.database.write() as unit:
            unit.jobs.bury(job.id, holder=self.holder, error=error)

    @contextmanager
    def _beating(self, job: Job) -> Iterator[None]:
        """Keep the lease while the job runs, from a thread of its own."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(job, ended), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _beat(self, job: Job, ended: threading.Event) -> None:
        """A beat that the database does not take is tried again: there are three to a lease."""
        lease_s = self.ports.policy.job_lease_s
        while not ended.wait(lease_s / 3):
            until = self.ports.clock.now() + timedelta(seconds=lease_s)
            try:
                with self.ports.database.write() as unit:
                    if not unit.jobs.heartbeat(job.id, holder=self.holder, until=until):
                        return
            except DatabaseUnavailable:
                structlog.get_logger("jobs").warning("heartbeat_missed", job=job.name)

    def _fresh_id(self) -> JobId:
        return JobId(random_id_text(self.ports.random_bytes(16)))


def _where(fault: Exception) -> list[str]:
    """Files and lines; the message of an unforeseen error may hold data and stays out."""
    frames = traceback.extract_tb(fault.__traceback__)[-5:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
