"""A run that is taken up again asks everybody again, before it opens anything."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.crypto.certificates import stream_seed
from backend.domain.account import Account
from backend.domain.consent import Kind
from backend.domain.contribution import Contribution
from backend.domain.generation import RunState
from backend.domain.identifiers import RunId
from backend.domain.job import Again
from backend.ports import Ports
from backend.ports.generators import Generated
from backend.use_cases.generate_dataset import generate_dataset
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import Revoke
from tests.ports.database_samples import contribution
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def begun(studio: Studio) -> RunId:
    """A run whose worker ended in order after its first step."""
    run_id = studio.request()
    ending = replace(studio.ports, stopping=lambda: studio.checkpoint(run_id) is not None)
    assert isinstance(generate_dataset(run_id, ports=ending), Again)
    return run_id


def openings(studio: Studio, person: Account) -> int:
    with studio.ports.database.read() as unit:
        return len(unit.access_log.of_account(person.id))


def test_a_consent_that_ended_on_chain_meanwhile_ends_it_before_anything_is_opened_again(
    studio: Studio,
) -> None:
    people = studio.people(51)
    run_id = begun(studio)
    studio.chain.act(Revoke(), people[9].wallet)
    assert [openings(studio, person) for person in people[8:11]] == [1, 1, 1]
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "consent_ended")
    assert studio.generators.resumed_at == [0]
    assert [openings(studio, person) for person in people[8:11]] == [1, 1, 1]
    assert studio.dataset(run_id) is None and studio.key_state(run_id) == "destroyed"


def test_who_consents_meanwhile_does_not_join_a_cohort_that_has_begun(studio: Studio) -> None:
    studio.people(50)
    run_id = begun(studio)
    cohort = {member.account_id for member in studio.members(run_id)}
    (late,) = studio.people(1, first=50)
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert studio.row(run_id).state is RunState.RELEASED
    assert {member.account_id for member in studio.members(run_id)} == cohort
    assert openings(studio, late) == 0
    assert [len(found) for found in studio.generators.cohorts] == [50, 50]


def test_a_resumed_run_is_given_the_same_people_in_the_same_order(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever order their records came in: of three the last in name came first."""

    def dated(name: str, *args: Any, **named: Any) -> Contribution:
        made = contribution(name, *args, **named)
        return replace(made, created_at=made.created_at - timedelta(minutes=int(name[-1])))

    monkeypatch.setattr("tests.cohorts.contribution", dated)
    studio.people(50, records=3)
    run_id = begun(studio)
    assert generate_dataset(run_id, ports=studio.ports) is None
    first, second = studio.generators.cohorts
    assert [one.pseudonym for one in first] == [one.pseudonym for one in second]
    assert [one.canonicals for one in first] == [one.canonicals for one in second]
    assert studio.generators.resumed_at == [0, 1]


def test_a_run_whose_worker_dies_every_time_has_an_end(studio: Studio) -> None:
    """Killed, so that nothing counts but what was written when it began."""
    people = studio.people(50)
    run_id = studio.request()

    class Killed(BaseException):
        pass

    def die(_: int) -> None:
        raise Killed

    studio.generators.before_step = die
    tries = studio.ports.policy.training_attempts
    for _ in range(tries):
        with pytest.raises(Killed):
            generate_dataset(run_id, ports=studio.ports)
        assert studio.row(run_id).state is RunState.RUNNING
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.FAILED, "interrupted_too_often")
    assert openings(studio, people[0]) == tries and len(studio.generators.cohorts) == tries
    assert studio.key_state(run_id) == "destroyed"


def test_a_run_that_broke_begins_again_without_what_it_had_kept(studio: Studio) -> None:
    """Perhaps it broke by what its checkpoint holds."""
    studio.people(50)
    run_id = studio.request()

    def break_once(step: int) -> None:
        if step == 2 and studio.generators.resumed_at == [0]:
            assert studio.checkpoint(run_id) is not None
            raise ZeroDivisionError

    studio.generators.before_step = break_once
    with pytest.raises(ZeroDivisionError):
        generate_dataset(run_id, ports=studio.ports)
    assert studio.checkpoint(run_id) is None
    assert generate_dataset(run_id, ports=studio.ports) is None
    assert studio.generators.resumed_at == [0, 0]
    assert (studio.row(run_id).state, studio.row(run_id).attempts) == (RunState.RELEASED, 2)


def test_a_run_whose_key_is_gone_says_so_and_opens_nothing(studio: Studio) -> None:
    people = studio.people(50)
    run_id = studio.request()
    studio.ports.keys.destroy(studio.row(run_id).key_id)
    assert generate_dataset(run_id, ports=studio.ports) is None
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "key_destroyed")
    assert openings(studio, people[0]) == 0 and studio.generators.cohorts == []


def test_what_a_run_draws_from_is_not_the_seed_that_was_asked_for(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked knows that seed: with the run's salt it gives another stream in every run."""
    studio.people(50)
    generate, given = studio.generators.generate, []

    def noted(*args: Any, seed: int, **named: Any) -> Generated:
        given.append(seed)
        return generate(*args, seed=seed, **named)

    monkeypatch.setattr(studio.generators, "generate", noted)
    runs = [studio.run() for _ in range(2)]
    assert [run.seed for run in runs] == [42, 42]
    assert 42 not in given and given[0] != given[1]
    assert given == [stream_seed(run.seed, run.salt) for run in runs]


def test_two_runs_over_the_same_people_put_them_in_different_orders(studio: Studio) -> None:
    """Or who is held out, and the order of the lineage, would say who is who across releases."""
    people = studio.people(50)
    orders = []
    for _ in range(2):
        run_id = studio.run().id
        orders.append([member.account_id for member in studio.members(run_id)])
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(person.id for person in people)
    assert orders[0] != orders[1]


def test_a_consent_for_one_kind_is_none_for_another(studio: Studio) -> None:
    """Records of vitals under a consent to glucose alone are nobody's cohort."""
    studio.people(50)
    people = studio.people(50, first=50, kind=Kind.VITALS)
    with studio.ports.database.write() as unit:
        for person in people:
            (row,) = unit.consents.of_account(person.id)
            grant = replace(row.grant, kinds=frozenset({Kind.CGM}))
            unit.consents.update(replace(row, grant=grant))
    run = studio.run(generator="pretending_privately", kind=Kind.VITALS, epsilon=4.0, delta=1e-5)
    assert (run.state, run.reason) == (RunState.REFUSED, "cohort_too_small")
    assert run.message is not None and run.message.startswith("0 people")


def test_records_of_another_kind_are_no_part_of_it_though_their_owner_is(studio: Studio) -> None:
    people = studio.people(50)
    others = [
        studio._record(person, f"vitals of {person.login}", Kind.VITALS, {})
        for person in people[:3]
    ]
    with studio.ports.database.write() as unit:
        for record in others:
            unit.contributions.add(record)
    run = studio.run()
    assert run.state is RunState.RELEASED
    members = studio.members(run.id)
    assert len(members) == 50
    with studio.ports.database.read() as unit:
        rows = [unit.contributions.by_id(member.contribution_id) for member in members]
    assert {row.kind for row in rows if row is not None} == {Kind.CGM}
