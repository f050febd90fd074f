"""End a run's process at its outside moments, then start again: one dataset, or nothing at all.

The process ends as by a kill, in the way of `tests.interrupted`: nothing in the product catches it.
Opening fifty people's records is most of the moments and repeats itself: of those one is taken, and
most of the others where the dataset is published and stored.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.domain.generation import PrivacyBudget, RunState
from backend.domain.identifiers import RunId
from backend.ports import Ports
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.open_dataset import OpenDataset, open_dataset
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.resume_work import resume_work
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.interrupted import Moments, interrupted, survives
from tests.stand_in_ports import SettableClock

UNLIMITED = PrivacyBudget(1e9, 1.0, 10**9)


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    policy = replace(ports.policy, privacy_budget=UNLIMITED, training_tick_s=0)
    made = Studio(replace(ports, policy=policy), clock, chain)
    made.people(50)
    return made


class Counting(Moments):
    """Counts, and ends nothing."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.count = 0

    def pass_by(self) -> None:
        self.count += 1


def moments_of(studio: Studio, run_id: RunId, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many moments a run has, and how many of them when its first step is taken."""
    counting = Counting()
    monkeypatch.setattr("tests.interrupted.Moments", lambda fatal: counting)
    opened = []
    studio.generators.before_step = lambda step: opened.append(counting.count)
    generate_dataset(run_id, ports=interrupted(studio.ports, 0))
    monkeypatch.undo()
    studio.generators.before_step = lambda step: None
    return counting.count, opened[0]


def chosen(whole: int, opened: int) -> Iterator[int]:
    """At the beginning, while records are opened, while it learns, and most of where it ends."""
    yield from (1, opened // 2, opened + 2)
    yield from range(whole - 20, whole, 3)


def test_a_run_killed_at_any_moment_ends_in_one_dataset_that_opens(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, opened = moments_of(studio, studio.request(), monkeypatch)
    studio.settle()
    assert whole - opened > 20
    reader = studio.operator()
    for fatal in chosen(whole, opened):
        before = studio.ports.content.pinned()
        run_id = studio.request()
        assert not survives(lambda p, r=run_id: generate_dataset(r, ports=p), studio.ports, fatal)  # type: ignore[misc]
        replay_erasures(ports=studio.ports)
        resume_work(ports=studio.ports)
        studio.settle()
        run = studio.row(run_id)
        assert run.state is RunState.RELEASED, (fatal, run)
        assert studio.checkpoint(run_id) is None, fatal
        open_dataset(OpenDataset(reader, run_id), ports=studio.ports)
        dataset = studio.dataset(run_id)
        assert dataset is not None and len(studio.members(run_id)) == 50
        with studio.ports.database.read() as unit:
            assert len(unit.privacy_ledger.of_run(run_id)) == 50, fatal
        certificate = dataset.certificate
        published = {dataset.certificate_cid, certificate.sealed_package, certificate.lineage}
        assert studio.ports.content.pinned() - before <= published, fatal


def test_an_erasure_while_it_publishes_leaves_the_dataset_or_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is erased by another process just when this one is killed."""
    whole, opened = moments_of(studio, studio.request(), monkeypatch)
    studio.settle()
    people = studio.people(60, first=50)
    outcomes = set()
    for number, fatal in enumerate((opened, whole - 5, whole - 1)):
        before = studio.ports.content.pinned()
        run_id = studio.request()
        survives(lambda p, r=run_id: generate_dataset(r, ports=p), studio.ports, fatal)  # type: ignore[misc]
        person = people[number]
        erase_contribution(
            EraseContribution(person.id, studio.record_of(person)), ports=studio.ports
        )
        resume_work(ports=studio.ports)
        studio.settle()
        run, dataset = studio.row(run_id), studio.dataset(run_id)
        outcomes.add(run.state)
        if run.state is RunState.CANCELLED:
            assert dataset is None and studio.key_state(run_id) == "destroyed"
            assert studio.ports.content.pinned() <= before
        else:
            assert run.state is RunState.RELEASED and dataset is not None
            open_dataset(OpenDataset(studio.operator(), run_id), ports=studio.ports)
    assert RunState.CANCELLED in outcomes
