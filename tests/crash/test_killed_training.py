"""Kill the process before and after every outside moment of a training, then start again.

Afterwards there is one finished training with one model that opens, whose key is the only new one,
and no checkpoint: wherever it was killed. Then the same for a training whose record is erased while
it learns, and once with a worker process that really learns and is really killed.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.identifiers import KeyId
from backend.domain.training import TrainingState
from backend.ports import Ports
from backend.use_cases.contribute_record import contribute_record
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.forecast_glucose import forecast_glucose
from backend.use_cases.request_training import RequestTraining, request_training
from tests.chain_fixture import DeployedChain
from tests.crash.killing import Moments, WatchedPort, in_a_process, watched
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.fakes.models import FakeGlucoseModels
from tests.journeys.processes import Processes, processes_over
from tests.world import Person, World, export_of, patient, run_jobs, upload_of, world_on

KILLED = -9
PATIENCE_S = 240.0


class PretendingWorld(World):
    """The same service, but for models that learn nothing, in an instant, with checkpoints."""

    @contextmanager
    def ports(self, ahead_s: float = 0) -> Iterator[Ports]:
        with super().ports(ahead_s) as connected:
            yield replace(connected, models=FakeGlucoseModels())


@pytest.fixture
def world(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[World]:
    home = tmp_path / "home"
    with world_on(deployed_chain, ipfs_node.api_url, home, training_tick_s=1e-6) as built:
        yield PretendingWorld(built.home, built.settings, built.control)


@pytest.fixture
def person(world: World) -> Person:
    """A patient with one anchored contribution."""
    with world.ports() as ports:
        made = patient(ports, "haneul")
        contribute_record(upload_of(made, export_of(seed=3)), ports=ports)
        run_jobs(ports)
    return made


def train(world: World, person: Person, log: Path, fatal: int | None) -> int:
    """A process that asks for a training and does it, every port and every step watched."""

    def work() -> None:
        with world.ports() as ports:
            moments = Moments(log, fatal)
            under_watch = watched(ports, moments)
            models: Any = WatchedPort(ports.models, "models", moments)
            fake = ports.models
            assert isinstance(fake, FakeGlucoseModels)
            fake.before_step = lambda step: moments.pass_by(f"before step {step}")
            request_training(RequestTraining(person.id), ports=under_watch)
            run_jobs(replace(under_watch, models=models))

    return in_a_process(work, log)


def test_a_training_killed_at_any_moment_ends_in_one_model(
    world: World, person: Person, tmp_path: Path
) -> None:
    saved = world.save("before")
    before = world.census(person.wallet)
    whole = tmp_path / "moments"
    assert train(world, person, whole, fatal=None) == 0, whole.read_text()
    moments = whole.read_text().splitlines()
    assert len(moments) > 30
    for fatal, name in enumerate(moments):
        world.restore(saved)
        log = tmp_path / f"killed-{fatal}"
        assert train(world, person, log, fatal) == KILLED, f"{name}: {log}"
        world.recover()
        with world.ports() as ports:
            with ports.database.read() as unit:
                asked_for = unit.trainings.of_account(person.id)
            if not asked_for:
                request_training(RequestTraining(person.id), ports=ports)
                run_jobs(ports)
        assert_one_model(world, person, before.keys, f"{fatal} {name}")


def assert_one_model(
    world: World, person: Person, keys_before: frozenset[KeyId], moment: str
) -> None:
    with world.ports() as ports:
        with ports.database.read() as unit:
            (training,) = unit.trainings.of_account(person.id)
            (model,) = unit.glucose_models.of_account(person.id)
            checkpoint = unit.training_checkpoints.of_training(training.id)
        assert training.state is TrainingState.FINISHED, moment
        assert training.key_id == model.key_id and checkpoint is None, moment
        assert forecast_glucose(person.id, ports=ports).model == model, moment
    census = world.census(person.wallet)
    assert census.keys == keys_before | {model.key_id}, moment
    assert census.unfinished_jobs == 0 and census.dead_jobs == 0, moment


def erase_while_training(world: World, person: Person, log: Path, fatal: int | None) -> int:
    """The record is erased, by a process that may be killed, when half of it is learnt."""

    def work() -> None:
        with world.ports() as ports:
            under_watch = watched(ports, Moments(log, fatal))
            fake = ports.models
            assert isinstance(fake, FakeGlucoseModels)

            def erase(step: int) -> None:
                if step == 2:
                    with ports.database.read() as unit:
                        (row,) = unit.contributions.of_account(person.id)
                    command = EraseContribution(person.id, row.id)
                    erase_contribution(command, ports=under_watch)

            fake.before_step = erase
            request_training(RequestTraining(person.id), ports=ports)
            run_jobs(replace(under_watch, models=fake))

    return in_a_process(work, log)


def test_an_erasure_killed_while_the_record_is_learnt_from_leaves_all_or_nothing(
    world: World, person: Person, tmp_path: Path
) -> None:
    """Killed before its mark is written, the erasure was never asked for, and the model comes."""
    saved = world.save("before")
    whole = tmp_path / "moments"
    assert erase_while_training(world, person, whole, fatal=None) == 0, whole.read_text()
    names = whole.read_text().splitlines()
    first = names.index("before commit", names.index("after content.get"))
    outcomes = set()
    for fatal in range(first, len(names), 3):
        world.restore(saved)
        assert erase_while_training(world, person, tmp_path / f"k{fatal}", fatal) == KILLED
        world.recover()
        with world.ports() as ports, ports.database.read() as unit:
            (training,) = unit.trainings.of_account(person.id)
            models = unit.glucose_models.of_account(person.id)
            assert unit.training_checkpoints.of_training(training.id) is None
            state = ports.keys.state(training.key_id)
        outcomes.add((training.state.value, len(models), state))
    assert outcomes == {("finished", 1, "live"), ("cancelled", 0, "destroyed")}


@pytest.fixture
def processes(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[tuple[World, Processes]]:
    """A world whose workers are processes that learn for real, quickly."""
    quick = {"training_setting": "quick", "training_tick_s": 0.05, "job_lease_s": 2}
    with world_on(deployed_chain, ipfs_node.api_url, tmp_path / "home", **quick) as built:
        running = processes_over(built.settings, tmp_path / "run")
        try:
            yield built, running
        finally:
            running.kill()


def test_a_worker_killed_while_it_learns_goes_on_where_it_was(
    processes: tuple[World, Processes],
) -> None:
    world, running = processes
    with world.ports() as ports:
        person = patient(ports, "haneul")
        contribute_record(upload_of(person, export_of(seed=4, days=12)), ports=ports)
        run_jobs(ports)
    with world.ports() as ports:  # whose clock no test has moved: the worker's is the machine's
        training_id = request_training(RequestTraining(person.id), ports=ports).id

        def row() -> tuple[str, int, int]:
            with ports.database.read() as unit:
                found = unit.trainings.by_id(training_id)
            assert found is not None
            return found.state.value, found.progress, found.attempts

        running.start("worker")
        wait_until(lambda: checkpoint_size(world) > 0 and row()[1] > 100, running)
        running.kill("worker")
        killed_at = row()
        assert killed_at[0] == "running"
        running.start("worker")
        wait_until(lambda: row()[0] != "running", running)
        state, progress, attempts = row()
        assert (state, progress) == ("finished", 1000), running.log("worker")
        assert attempts == killed_at[2] + 1
        assert checkpoint_size(world) == 0
        with ports.database.read() as unit:
            assert len(unit.glucose_models.of_account(person.id)) == 1
        assert len(forecast_glucose(person.id, ports=ports).forecast.short_term.steps) == 24


def wait_until(enough: Any, running: Processes) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not enough():
        assert time.monotonic() < deadline, running.log("worker")
        time.sleep(0.02)


def checkpoint_size(world: World) -> int:
    file = world.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        (size,) = connection.execute(
            "SELECT coalesce(sum(length(sealed)), 0) FROM training_checkpoints"
        ).fetchone()
    return int(size)
