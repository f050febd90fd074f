"""A run that is called off, handed on, held up or broken ends once, and as it should."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.errors import (
    ChainUnavailable,
)
from backend.domain.generation import RunState
from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.resume_work import resume_work
from backend.use_cases.show_run import cancel_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def test_a_cancelled_run_stops_at_its_next_step_and_leaves_nothing(studio: Studio) -> None:
    studio.people()
    studio.tick_at_every_step()
    run_id = studio.request()
    before = studio.ports.content.pinned()
    steps = []

    def cancel_at_the_second(step: int) -> None:
        steps.append(step)
        if step == 1:
            cancel_run(studio.operator(), run_id, ports=studio.ports)

    studio.generators.before_step = cancel_at_the_second
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert steps == [0, 1]
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "cancelled_by_operator")
    assert studio.checkpoint(run_id) is None and studio.dataset(run_id) is None
    assert studio.key_state(run_id) == "destroyed"
    assert studio.ports.content.pinned() == before
    assert cancel_run(studio.operator(), run_id, ports=studio.ports).run == run


def test_a_run_tells_how_far_it_is(studio: Studio) -> None:
    studio.people()
    studio.tick_at_every_step()
    run_id = studio.request()
    seen = []
    studio.generators.before_step = lambda step: seen.append(
        (studio.row(run_id).stage, studio.row(run_id).progress)
    )
    generate_dataset(run_id, ports=studio.ports)
    assert seen == [
        ("opening the cohort's records", 0),
        ("pretending to learn", 0),
        ("pretending to learn", 250),
        ("pretending to learn", 500),
    ]


def test_a_worker_that_ends_hands_the_run_on(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    ending = replace(studio.ports, stopping=lambda: studio.checkpoint(run_id) is not None)
    assert isinstance(generate_dataset(run_id, ports=ending), Again)
    members = studio.members(run_id)
    studio.people(1, first=50)
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert studio.generators.resumed_at == [0, 1]
    run = studio.row(run_id)
    assert (run.state, run.attempts) == (RunState.RELEASED, 1)
    assert [(one.contribution_id, one.person) for one in studio.members(run_id)] == [
        (one.contribution_id, one.person) for one in members
    ]


def test_the_same_run_gives_the_same_sealed_package_after_an_interruption(studio: Studio) -> None:
    """Its content id is written down before it is stored, so that nothing is left behind."""
    studio.people()
    run_id = studio.request()
    generate_dataset(run_id, ports=studio.ports)
    dataset = studio.dataset(run_id)
    with studio.ports.database.read() as unit:
        named = unit.runs.own_contents(run_id)
    assert dataset is not None and dataset.certificate.sealed_package in named
    assert set(named) <= studio.ports.content.pinned()


def test_a_chain_that_is_down_keeps_the_run_waiting(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    studio.generators.before_step = lambda step: setattr(studio.chain, "down", step == 3)
    with pytest.raises(ChainUnavailable):
        generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.RUNNING and studio.dataset(run_id) is None
    studio.chain.down = False
    studio.generators.before_step = lambda step: None
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert (studio.row(run_id).state, studio.row(run_id).attempts) == (RunState.RELEASED, 1)


def test_a_run_that_broke_too_often_has_failed(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()

    def broken(_: int) -> None:
        raise ZeroDivisionError

    studio.generators.before_step = broken
    for _ in range(studio.ports.policy.training_attempts):
        with pytest.raises(ZeroDivisionError):
            generate_dataset(run_id, ports=studio.ports)
        assert studio.checkpoint(run_id) is None
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "failed_inside")
    assert studio.key_state(run_id) == "destroyed"


def test_a_run_that_breaks_before_it_begins_has_an_end_as_well(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people()
    run_id = studio.request()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("backend.use_cases.generate_dataset.choose_cohort", broken)
    for _ in range(studio.ports.policy.training_attempts):
        with pytest.raises(ZeroDivisionError):
            generate_dataset(run_id, ports=studio.ports)
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "failed_inside")


def test_repeating_the_job_changes_nothing(studio: Studio) -> None:
    studio.people()
    run = studio.run()
    dataset = studio.dataset(run.id)
    assert generate_dataset(run.id, ports=studio.ports) is None
    assert studio.dataset(run.id) == dataset and studio.generators.made == 1


def test_an_unfinished_run_whose_job_was_lost_goes_on_after_a_start(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    now = studio.clock.now()
    with studio.ports.database.write() as unit:
        while job := unit.jobs.lease(now=now, holder="x", until=now + timedelta(minutes=1)):
            unit.jobs.finish(job.id, holder="x")
    resume_work(ports=studio.ports)
    studio.settle()
    assert studio.row(run_id).state is RunState.RELEASED
