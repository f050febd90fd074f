"""The runner: leases, retries, buries, and never loses a job."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.adapters.database import schema
from backend.adapters.database.unit_of_work import open_database
from backend.domain.errors import ChainRejected, ChainUnavailable
from backend.domain.identifiers import JobId
from backend.domain.job import Again
from backend.domain.policy import Policy
from backend.jobs.runner import Runner

START = datetime(2026, 11, 1, tzinfo=UTC)


class SteppingClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def step(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def ports(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    schema.upgrade(url)
    database = open_database(url)
    yield SimpleNamespace(
        clock=SteppingClock(),
        random_bytes=bytes,
        database=database,
        policy=Policy(job_attempts=3),
    )
    database.close()


def runner(ports: Any, function: Callable[..., Again | None], holder: str = "one") -> Runner:
    return Runner(holder, {"work": function}, ports)


def enqueue(ports: Any, key: str = "k") -> None:
    with ports.database.write() as unit:
        unit.jobs.enqueue(JobId(key.encode().hex().ljust(32, "0")), "work", key, ports.clock.now())


def unfinished(ports: Any) -> list[Any]:
    with ports.database.read() as unit:
        return unit.jobs.unfinished()


def test_a_job_is_run_once_with_its_key_and_is_done(ports: Any) -> None:
    seen: list[str] = []
    enqueue(ports)
    one = runner(ports, lambda key, ports: seen.append(key))
    assert one.run_next() and not one.run_next()
    assert seen == ["k"] and unfinished(ports) == []


def test_a_job_that_comes_back_is_run_again_then_and_not_earlier(ports: Any) -> None:
    answers = [Again(START + timedelta(seconds=30)), None]
    enqueue(ports)
    one = runner(ports, lambda key, ports: answers.pop(0))
    assert one.run_next()
    ports.clock.step(29)
    assert not one.run_next()
    ports.clock.step(1)
    assert one.run_next() and answers == []
    assert unfinished(ports) == []


def test_waiting_for_a_block_never_counts_as_failing(ports: Any) -> None:
    enqueue(ports)
    one = runner(ports, lambda key, ports: Again(ports.clock.now()))
    for _ in range(10):
        assert one.run_next()
    assert [job.attempts for job in unfinished(ports)] == [0]


def test_a_failing_job_waits_longer_each_time_and_is_then_buried_not_lost(ports: Any) -> None:
    def fail(key: str, ports: Any) -> None:
        raise ChainRejected("the contract says no")

    enqueue(ports)
    one = runner(ports, fail)
    for wait in (1, 2):
        assert one.run_next() and not one.run_next()
        ports.clock.step(wait)
    assert one.run_next()
    with ports.database.read() as unit:
        (buried,) = unit.jobs.dead()
    assert buried.last_error == "chain_rejected"
    with ports.database.write() as unit:
        unit.jobs.revive(buried.id, ports.clock.now())
    assert runner(ports, lambda key, ports: None).run_next()
    assert unfinished(ports) == []


def test_no_outage_is_long_enough_to_bury_a_job(ports: Any) -> None:
    def unreachable(key: str, ports: Any) -> None:
        raise ChainUnavailable("the chain is down")

    enqueue(ports)
    one = runner(ports, unreachable)
    for _ in range(50):
        assert one.run_next()
        ports.clock.step(15)
    with ports.database.read() as unit:
        assert unit.jobs.dead() == []
    assert runner(ports, lambda key, ports: None).run_next()
    assert unfinished(ports) == []


def test_a_killed_runners_job_is_taken_over_when_its_lease_is_over(ports: Any) -> None:
    enqueue(ports)
    with ports.database.write() as unit:
        unit.jobs.lease(now=START, holder="killed", until=START + timedelta(seconds=60))
    two = runner(ports, lambda key, ports: None, holder="two")
    assert not two.run_next()
    ports.clock.step(60)
    assert two.run_next() and unfinished(ports) == []


def test_a_job_whose_runner_dies_every_time_is_buried_and_not_run_for_ever(ports: Any) -> None:
    enqueue(ports)
    for _ in range(4):
        now = ports.clock.now()
        with ports.database.write() as unit:
            assert unit.jobs.lease(now=now, holder="dies", until=now + timedelta(seconds=60))
        ports.clock.step(60)
    ran: list[str] = []
    assert runner(ports, lambda key, ports: ran.append(key)).run_next()
    assert ran == []
    with ports.database.read() as unit:
        assert len(unit.jobs.dead()) == 1


def test_one_broken_job_stops_no_other_and_its_message_is_kept_nowhere(
    ports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(key: str, ports: Any) -> None:
        if key == "bad":
            raise ValueError("a reading of 412 mg/dL")

    enqueue(ports, "bad")
    enqueue(ports, "good")
    one = runner(ports, broken)
    assert one.run_next() and one.run_next()
    (left,) = unfinished(ports)
    assert (left.key, left.attempts, left.last_error) == ("bad", 1, "ValueError")
    printed = capsys.readouterr()
    assert "412" not in printed.out + printed.err


def test_a_lane_of_its_own_does_only_its_jobs(ports: Any) -> None:
    """What takes minutes keeps nothing else waiting, although it was queued first."""
    done: list[str] = []

    def slow(key: str, *, ports: Any) -> None:
        done.append(f"slow {key}")

    def quick(key: str, *, ports: Any) -> None:
        done.append(f"quick {key}")

    functions = {"slow": slow, "quick": quick}
    with ports.database.write() as unit:
        unit.jobs.enqueue(JobId("1" * 32), "slow", "a", START)
        unit.jobs.enqueue(JobId("2" * 32), "quick", "b", START)
    others = Runner("others", functions, ports, leaving_out={"slow"})
    assert others.run_next() and not others.run_next()
    assert done == ["quick b"]
    lane = Runner("lane", functions, ports, only={"slow"})
    assert lane.run_next() and not lane.run_next()
    assert done == ["quick b", "slow a"]
