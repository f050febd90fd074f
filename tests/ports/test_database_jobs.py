"""The queue: work is leased to one holder, retried, buried, revived, and never forgotten."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.errors import NotFound
from backend.domain.identifiers import JobId
from backend.domain.job import Job, JobStatus
from tests.ports.database_samples import LATER, NOW, digits

MINUTE = timedelta(minutes=1)


def job_id(name: str) -> JobId:
    return JobId(digits(f"job {name}"))


def enqueue(database: SqlDatabase, key: str, *, name: str = "anchor", run_at=NOW) -> JobId:
    with database.write() as unit:
        unit.jobs.enqueue(job_id(key), name, key, run_at)
    return job_id(key)


def lease(database: SqlDatabase, holder: str = "one", *, now=NOW) -> Job | None:
    with database.write() as unit:
        return unit.jobs.lease(now=now, holder=holder, until=now + MINUTE)


def test_a_due_job_is_leased_once(database: SqlDatabase) -> None:
    enqueue(database, "c")
    leased = Job(job_id("c"), "anchor", "c", JobStatus.RUNNING, NOW, 0, NOW + MINUTE, "one", None)
    assert lease(database) == leased
    assert lease(database, "two") is None
    with database.read() as unit:
        assert unit.jobs.unfinished() == [leased]


def test_a_job_is_not_leased_before_its_time_and_the_longest_due_goes_first(
    database: SqlDatabase,
) -> None:
    enqueue(database, "later", run_at=LATER)
    enqueue(database, "second", run_at=NOW)
    enqueue(database, "first", run_at=NOW - MINUTE)
    keys = [job.key for job in (lease(database), lease(database), lease(database)) if job]
    assert keys == ["first", "second"]


def test_the_same_work_is_queued_once_while_it_is_unfinished(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.jobs.enqueue(job_id("a"), "anchor", "c", LATER)
        unit.jobs.enqueue(job_id("b"), "anchor", "c", NOW)
        unit.jobs.enqueue(job_id("other"), "finish_erasure", "c", LATER)
    with database.read() as unit:
        assert [job.id for job in unit.jobs.unfinished()] == sorted([job_id("a"), job_id("other")])
    running = lease(database, now=LATER)
    assert running is not None
    with database.write() as unit:
        unit.jobs.enqueue(job_id("b"), running.name, "c", NOW)
        assert len(unit.jobs.unfinished()) == 2
        unit.jobs.finish(running.id, holder="one")
        unit.jobs.enqueue(job_id("b"), running.name, "c", NOW)
        assert job_id("b") in [job.id for job in unit.jobs.unfinished()]


def test_a_job_of_a_unit_that_raised_was_never_queued(database: SqlDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as unit:
        unit.jobs.enqueue(job_id("c"), "anchor", "c", NOW)
        raise ZeroDivisionError
    assert lease(database) is None


def test_a_lease_that_ran_out_goes_to_the_next_and_counts_as_an_attempt(
    database: SqlDatabase,
) -> None:
    enqueue(database, "c")
    lease(database, "killed")
    assert lease(database, "two", now=NOW + MINUTE - timedelta(microseconds=1)) is None
    taken = lease(database, "two", now=NOW + MINUTE)
    assert taken is not None
    assert (taken.holder, taken.attempts, taken.lease_until) == ("two", 1, NOW + 2 * MINUTE)
    assert "killed" in (taken.last_error or "")


def test_a_heartbeat_keeps_the_lease(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    lease(database, "one")
    with database.write() as unit:
        assert unit.jobs.heartbeat(job, holder="one", until=NOW + 3 * MINUTE)
    assert lease(database, "two", now=NOW + 2 * MINUTE) is None
    assert lease(database, "two", now=NOW + 3 * MINUTE) is not None


def test_who_lost_the_lease_changes_nothing(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    lease(database, "slow")
    held = lease(database, "two", now=NOW + MINUTE)
    with database.write() as unit:
        assert not unit.jobs.heartbeat(job, holder="slow", until=LATER)
        unit.jobs.finish(job, holder="slow")
        unit.jobs.retry(job, holder="slow", run_at=LATER, error="x")
        unit.jobs.bury(job, holder="slow", error="x")
    with database.read() as unit:
        assert unit.jobs.unfinished() == [held]
        assert unit.jobs.dead() == []


def test_a_finished_job_is_not_leased_again(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    lease(database)
    with database.write() as unit:
        unit.jobs.finish(job, holder="one")
        assert not unit.jobs.heartbeat(job, holder="one", until=LATER)
    assert lease(database, now=NOW + timedelta(days=365)) is None
    with database.read() as unit:
        assert unit.jobs.unfinished() == []
        assert unit.jobs.dead() == []


def test_finished_work_leaves_no_row_that_says_whose_it_was(database: SqlDatabase) -> None:
    """So its own id may be queued anew; of a dead job that work overtook nothing is left either."""
    for _ in range(2):
        job = enqueue(database, "c")
        assert lease(database) is not None
        with database.write() as unit:
            unit.jobs.finish(job, holder="one")
    enqueue(database, "c")
    lease(database)
    with database.write() as unit:
        unit.jobs.bury(job, holder="one", error="x")
        unit.jobs.enqueue(job_id("fresh"), "anchor", "c", NOW)
        unit.jobs.revive(job, NOW)
        unit.jobs.enqueue(job, "another", "c", NOW)
        assert {one.id for one in unit.jobs.unfinished()} == {job, job_id("fresh")}


def test_a_failed_job_waits_and_counts_and_a_clean_return_ends_the_count(
    database: SqlDatabase,
) -> None:
    job = enqueue(database, "c")
    for failures in (1, 2):
        lease(database)
        with database.write() as unit:
            unit.jobs.retry(job, holder="one", run_at=NOW, error="chain_unavailable")
        with database.read() as unit:
            (waiting,) = unit.jobs.unfinished()
        expected = (JobStatus.WAITING, failures, "chain_unavailable", None, None)
        assert expected == (
            waiting.status,
            waiting.attempts,
            waiting.last_error,
            waiting.holder,
            waiting.lease_until,
        )
    lease(database)
    with database.write() as unit:
        unit.jobs.retry(job, holder="one", run_at=LATER, error=None)
    assert lease(database) is None
    again = lease(database, now=LATER)
    assert again is not None and (again.attempts, again.last_error) == (0, None)


def test_a_buried_job_is_kept_and_runs_again_only_by_hand(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    lease(database)
    with database.write() as unit:
        unit.jobs.bury(job, holder="one", error="recorder_refused")
    assert lease(database, now=NOW + timedelta(days=365)) is None
    with database.read() as unit:
        (dead,) = unit.jobs.dead()
        assert unit.jobs.unfinished() == []
    assert (dead.status, dead.attempts, dead.last_error) == (
        JobStatus.DEAD,
        1,
        "recorder_refused",
    )
    with database.write() as unit:
        unit.jobs.revive(job, LATER)
        assert unit.jobs.dead() == []
    revived = lease(database, now=LATER)
    assert revived is not None and (revived.id, revived.attempts) == (job, 0)


def test_reviving_does_not_queue_the_same_work_twice(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    lease(database)
    with database.write() as unit:
        unit.jobs.bury(job, holder="one", error="x")
        unit.jobs.enqueue(job_id("fresh"), "anchor", "c", NOW)
        unit.jobs.revive(job, NOW)
        assert [one.id for one in unit.jobs.unfinished()] == [job_id("fresh")]
        assert unit.jobs.dead() == []


def test_only_a_dead_job_is_revived(database: SqlDatabase) -> None:
    job = enqueue(database, "c")
    for unknown in (job, job_id("never queued")):
        with pytest.raises(NotFound), database.write() as unit:
            unit.jobs.revive(unknown, NOW)


def test_a_lane_leases_only_its_own_jobs(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.jobs.enqueue(job_id("slow"), "train", "t", NOW - MINUTE)
        unit.jobs.enqueue(job_id("quick"), "anchor", "c", NOW)

    def lease_of(**lane: Collection[str]) -> str | None:
        with database.write() as unit:
            job = unit.jobs.lease(now=NOW, holder="one", until=NOW + MINUTE, **lane)
        return None if job is None else job.key

    assert lease_of(leaving_out=["train"]) == "c"
    assert lease_of(leaving_out=["train"]) is None
    assert lease_of(only=["anchor"]) is None
    assert lease_of(only=[]) is None
    assert lease_of(only=["train"]) == "t"
