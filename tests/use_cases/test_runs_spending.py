"""What releases cost each contributor is kept count of, shown, and kept within a budget."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.domain.contribution import OWNERLESS
from backend.domain.generation import Member, PrivacyBudget, RunState, Spending
from backend.ports import Ports
from backend.use_cases.cohort import choose_cohort, require_budget
from backend.use_cases.export_own_data import export_own_data
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.show_privacy_ledger import show_privacy_ledger
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.withdrawing import PRIVATE, forget, nothing_is_left, real_person


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    made = Studio(ports, clock, chain)
    made.tick_at_every_step()
    return made


def test_a_person_reads_what_releases_cost_them_and_takes_it_away(studio: Studio) -> None:
    people = studio.people(50, records=2)
    person = real_person(studio)
    plain, private = studio.run().id, studio.run(**PRIVATE).id
    ledger = show_privacy_ledger(people[0].id, ports=studio.ports)
    assert {line.run_id for line in ledger.lines} == {plain, private}
    assert ledger.spent == Spending(4.0, 1e-5, 1)
    assert all(len(line.shares) == 2 and line.certificate_cid for line in ledger.lines)
    assert {line.entry.membership_high for line in ledger.lines} == {0.54}
    parts = {part.name: part.content for part in export_own_data(person, ports=studio.ports)}
    assert plain.encode() in parts["privacy_ledger.json"]


def test_who_has_spent_their_privacy_is_left_out(studio: Studio) -> None:
    budget = PrivacyBudget(epsilon=6.0, delta=1e-4, plain=1)
    studio.ports = replace(studio.ports, policy=replace(studio.ports.policy, privacy_budget=budget))
    studio.people(50)
    assert studio.run(**PRIVATE).state is RunState.RELEASED
    studio.people(1, first=50)
    refused = studio.run(**PRIVATE)
    assert refused.reason == "cohort_too_small" and "1 people" in (refused.message or "")
    assert studio.run(**{**PRIVATE, "epsilon": 2.0}).state is RunState.RELEASED
    assert studio.run().state is RunState.RELEASED
    assert studio.run().state is RunState.REFUSED


def test_a_budget_that_another_release_spent_meanwhile_cancels_the_run(studio: Studio) -> None:
    studio.people(50)
    run_id = studio.request(**{**PRIVATE, "epsilon": 6.0})

    def release_another(step: int) -> None:
        if step == 2:
            studio.generators.before_step = lambda step: None
            assert studio.run(**{**PRIVATE, "epsilon": 6.0}).state is RunState.RELEASED

    studio.generators.before_step = release_another
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "privacy_budget_spent"
    nothing_is_left(studio, run_id)


def test_releases_that_end_together_do_not_overspend_together(
    studio: Studio, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where units of two workers run side by side: the other has chosen its cohort,
    by a budget that nobody has spent yet, before the first is stored."""
    database = open_database(postgres_url)
    studio.ports = replace(studio.ports, database=database)
    studio.people(50)
    one, two = (studio.request(**{**PRIVATE, "epsilon": 6.0}) for _ in range(2))
    other = threading.Thread(target=generate_dataset, args=(two,), kwargs={"ports": studio.ports})

    chosen = threading.Event()

    def choose(*args: Any, **named: Any) -> list[Member]:
        found = choose_cohort(*args, **named)
        if threading.current_thread() is other:
            chosen.set()
        return found

    def while_it_is_stored(*args: Any, **named: Any) -> None:
        require_budget(*args, **named)
        if threading.current_thread() is not other:
            other.start()
            assert chosen.wait(60)
            other.join(timeout=3)

    monkeypatch.setattr("backend.use_cases.generate_dataset.choose_cohort", choose)
    monkeypatch.setattr("backend.use_cases.release_dataset.require_budget", while_it_is_stored)
    generate_dataset(one, ports=studio.ports)
    other.join()
    assert studio.row(one).state is RunState.RELEASED
    assert studio.row(two).reason == "privacy_budget_spent"
    database.close()


def test_a_withheld_dataset_costs_nobody_anything(studio: Studio) -> None:
    people = studio.people(50)
    studio.generators.worse["exact_matches"] = (1.0, 1.0, 1.0)
    studio.run()
    assert show_privacy_ledger(people[0].id, ports=studio.ports).lines == ()


def test_the_ledger_outlives_an_account_without_its_name(studio: Studio) -> None:
    people = studio.people(51)
    run_id = studio.run(**PRIVATE).id
    forget(studio, people[0])
    with studio.ports.database.read() as unit:
        entries = unit.privacy_ledger.of_run(run_id)
        assert unit.privacy_ledger.of_account(people[0].id) == []
    assert len(entries) == 51
    assert [entry.account_id for entry in entries].count(OWNERLESS) == 1
    assert sum(entry.epsilon or 0 for entry in entries) == 51 * 4.0
    members = studio.members(run_id)
    assert len({member.person for member in members}) == 51
    assert people[0].id not in {member.account_id for member in members}


def test_budgets_add_up_and_forgive_only_rounding() -> None:
    budget = PrivacyBudget(1.0, 1e-5, 1)
    assert budget.covers(Spending(sum([0.1] * 10), 1e-5, 1))
    for over in (Spending(1.001, 0, 0), Spending(0, 2e-5, 0), Spending(0, 0, 2)):
        assert not budget.covers(over)
