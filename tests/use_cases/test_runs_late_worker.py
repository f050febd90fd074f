"""A worker that was held up while another went on with its run releases nothing of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from backend.domain.account import Account
from backend.domain.generation import RunPlan, RunState
from backend.domain.identifiers import RunId
from backend.domain.job import Again
from backend.domain.release import Evidence
from backend.ports import Ports
from backend.ports.generators import CohortMember
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.watch_run import AnotherCohort, RunWatch
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.fakes.generators import FakeCohortGenerators
from tests.stand_in_ports import SettableClock


class HeldUp(FakeCohortGenerators):
    """Once, while it measures, something else happens."""

    meanwhile: Callable[[], None] | None = None

    def evidence(self, members: Sequence[CohortMember], plan: RunPlan) -> Evidence:
        acting, self.meanwhile = self.meanwhile, None
        if acting is not None:
            acting()
        return super().evidence(members, plan)


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(replace(ports, generators=HeldUp()), clock, chain)


def other_worker(studio: Studio, run_id: RunId, person: Account) -> None:
    """It leases the run, finds a record lost, goes on without it, and dies at its third step."""
    content, generators = studio.ports.content, studio.generators
    assert isinstance(content, InMemoryContentStore)
    with studio.ports.database.read() as unit:
        (record,) = unit.contributions.of_account(person.id)
    content.lose(record.cid)

    def dies(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    generators.before_step = dies
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(run_id, ports=studio.ports)
    generators.before_step = lambda step: None
    assert len(studio.members(run_id)) == 50


def while_it_learns(studio: Studio, acting: Callable[[], None]) -> None:
    studio.generators.before_step = lambda step: acting() if step == 3 else None


def while_it_measures(studio: Studio, acting: Callable[[], None]) -> None:
    assert isinstance(studio.generators, HeldUp)
    studio.generators.meanwhile = acting


@pytest.mark.parametrize("when", [while_it_learns, while_it_measures])
def test_what_was_learnt_over_another_cohort_is_neither_kept_nor_released(
    studio: Studio, when: Callable[[Studio, Callable[[], None]], None]
) -> None:
    people = studio.people(51)
    run_id = studio.request()
    before = studio.ports.content.pinned()
    when(studio, lambda: other_worker(studio, run_id, people[7]))
    assert isinstance(generate_dataset(run_id, ports=studio.ports), Again)
    run = studio.row(run_id)
    assert run.state is RunState.RUNNING and studio.dataset(run_id) is None
    assert studio.ports.content.pinned() <= before
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.RELEASED
    assert [len(cohort) for cohort in studio.generators.cohorts] == [51, 50, 50]
    assert studio.generators.resumed_at == [0, 0, 2]
    with studio.ports.database.read() as unit:
        assert unit.privacy_ledger.of_account(people[7].id) == []
    dataset = studio.dataset(run_id)
    assert dataset is not None and dataset.certificate.evidence.people == 50


def test_it_stops_learning_at_its_next_look(studio: Studio) -> None:
    """For whoever is of the cohort no more cannot stop the run by taking back their consent."""
    studio.people(51)
    run_id = studio.run().id
    members = [member.contribution_id for member in studio.members(run_id)]
    running = replace(studio.row(run_id), state=RunState.RUNNING)
    with studio.ports.database.write() as unit:
        unit.runs.update(running, expected=RunState.RELEASED)
    RunWatch(running, studio.ports, learnt_from=members).tick("learning", 5)
    with pytest.raises(AnotherCohort):
        RunWatch(running, studio.ports, learnt_from=members[1:]).tick("learning", 5)
