"""Whose records a run learns from, and that this is written down before any is opened."""

import pytest

from backend.domain.consent import Kind, Purpose
from backend.domain.contribution import Status
from backend.domain.generation import RunState
from backend.domain.identifiers import Cid
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.open_cohort import TOGETHER
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import Revoke
from tests.stand_in_ports import SettableClock
from tests.withdrawing import PRIVATE


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def test_too_few_people_are_refused_with_how_many_there_are(studio: Studio) -> None:
    studio.people(49)
    run = studio.run()
    assert (run.state, run.reason) == (RunState.REFUSED, "cohort_too_small")
    assert run.message is not None and "49 people" in run.message and "at least 50" in run.message
    assert "1 more people" in run.message
    assert studio.members(run.id) == [] and studio.dataset(run.id) is None


def test_only_who_consents_to_training_and_sale_of_the_kind_is_learnt_from(studio: Studio) -> None:
    consenting = studio.people(50)
    studio.people(1, first=50, purposes=Purpose.CARE | Purpose.TRAINING)
    studio.people(1, first=51, purposes=Purpose.SALE)
    studio.people(1, first=52, kind=Kind.VITALS)
    studio.people(1, first=53, status=Status.SUBMITTED)
    studio.people(1, first=54, status=Status.REJECTED)
    (gone,) = studio.people(1, first=55)
    with studio.ports.database.read() as unit:
        (row,) = unit.contributions.of_account(gone.id)
    studio.ports.keys.destroy(row.key_id)
    (revoking,) = studio.people(1, first=56)
    studio.mark_revoking(revoking)
    run = studio.run()
    found = {member.account_id for member in studio.members(run.id)}
    assert found == {person.id for person in consenting}


def test_a_consent_that_the_chain_no_longer_holds_does_not_count(studio: Studio) -> None:
    person, *_ = studio.people(50)
    studio.chain.act(Revoke(), person.wallet)
    assert studio.run().reason == "cohort_too_small"


def test_the_cohort_has_names_made_for_the_run(studio: Studio) -> None:
    people = studio.people()
    studio.run()
    studio.run()
    first, second = (
        {member.pseudonym for member in cohort} for cohort in studio.generators.cohorts
    )
    assert len(first) == len(second) == 50 and not first & second
    assert not first & {person.id for person in people}


def test_everybody_is_written_down_and_each_opening_logged_before_it_happens(
    studio: Studio,
) -> None:
    people = studio.people()
    run_id = studio.request()

    def died(cid: Cid, *, limit: int) -> bytes:
        raise KeyboardInterrupt

    studio.ports.content.get = died  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(run_id, ports=studio.ports)
    assert len(studio.members(run_id)) == 50
    with studio.ports.database.read() as unit:
        logs = [unit.access_log.of_account(person.id) for person in people]
    (entry,) = next(log for log in logs if log)
    assert entry.actor == "service" and "cohort" in entry.purpose
    assert sum(map(len, logs)) == TOGETHER


def test_too_little_in_the_records_is_refused_with_what_would_be_enough(studio: Studio) -> None:
    studio.people()
    studio.generators.enough = False
    run = studio.run()
    assert (run.state, run.reason) == (RunState.REFUSED, "too_few_people")
    assert run.message is not None and "10 more people with whole days" in run.message
    assert studio.key_state(run.id) == "destroyed"


def test_vitals_and_glucose_are_cohorts_of_their_own(studio: Studio) -> None:
    studio.people(50)
    studio.people(50, first=50, kind=Kind.VITALS)
    run = studio.run(kind=Kind.VITALS, **PRIVATE)
    assert run.state is RunState.RELEASED and len(studio.members(run.id)) == 50
