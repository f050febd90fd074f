"""Taking a consent back or erasing a record stops a run at once; what it costs is kept count of."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.crypto.training_keys import RANDOM_BYTES, training_key_id
from backend.domain.account import Account
from backend.domain.consent import ALL_PURPOSES, Kind, Purpose
from backend.domain.contribution import OWNERLESS
from backend.domain.generation import PrivacyBudget, RunState, Spending
from backend.domain.identifiers import AccountId, Cid, RunId
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.cohort import require_budget
from backend.use_cases.erase_account import forget_account
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.export_own_data import export_own_data
from backend.use_cases.follow_chain import follow_chain
from backend.use_cases.forget_runs import LET_GO_OF_RUN
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.list_datasets import show_dataset
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.retire_dataset import retire_dataset
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.show_privacy_ledger import show_privacy_ledger
from backend.use_cases.show_run import cancel_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import Revoke
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic

PRIVATE = {"generator": "pretending_privately", "epsilon": 4.0, "delta": 1e-5}


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    made = Studio(ports, clock, chain)
    made.tick_at_every_step()
    return made


def real_person(studio: Studio, login: str = "haneul") -> AccountId:
    """Signed up as people do, with a wallet that the service keeps."""
    clinic = Clinic(studio.ports, studio.clock, studio.chain)
    account_id = clinic.person(login, purposes=ALL_PURPOSES)
    clinic.contribute(account_id)
    return account_id


def erase(studio: Studio, person: Account) -> None:
    command = EraseContribution(person.id, studio.record_of(person))
    erase_contribution(command, ports=studio.ports)


def forget(studio: Studio, person: Account) -> None:
    with studio.ports.database.write() as unit:
        forget_account(unit, person.id, studio.clock.now(), studio.ports)


def nothing_is_left(studio: Studio, run_id: RunId) -> None:
    assert studio.dataset(run_id) is None and studio.checkpoint(run_id) is None
    studio.settle()
    assert studio.key_state(run_id) == "destroyed"
    with studio.ports.database.read() as unit:
        named = unit.runs.own_contents(run_id)
        assert unit.privacy_ledger.of_run(run_id) == []
    assert not set(named) & studio.ports.content.pinned()


def test_a_consent_taken_back_stops_the_run_and_the_next_counts_who_is_left(
    studio: Studio,
) -> None:
    studio.people(49)
    person = real_person(studio)
    run_id = studio.request()

    def take_back(step: int) -> None:
        if step == 1:
            revoke_consent(RevokeConsent(person), ports=studio.ports)

    studio.generators.before_step = take_back
    generate_dataset(run_id, ports=studio.ports)
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "consent_ended")
    assert run.message is not None and "Request it again" in run.message
    nothing_is_left(studio, run_id)
    studio.generators.before_step = lambda step: None
    again = studio.run()
    assert again.state is RunState.REFUSED and "49 people" in (again.message or "")


def test_a_consent_taken_back_before_it_begins_leaves_the_person_out(studio: Studio) -> None:
    studio.people(50)
    person = real_person(studio)
    run_id = studio.request()
    revoke_consent(RevokeConsent(person), ports=studio.ports)
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.RELEASED
    assert person not in {member.account_id for member in studio.members(run_id)}


def test_a_record_erased_stops_the_run_at_its_next_step(studio: Studio) -> None:
    people = studio.people(51)
    run_id = studio.request()
    studio.generators.before_step = lambda step: erase(studio, people[3]) if step == 2 else None
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "record_erased"
    nothing_is_left(studio, run_id)
    studio.generators.before_step = lambda step: None
    assert len({member.person for member in studio.members(studio.run().id)}) == 50


def test_somebody_who_leaves_while_records_are_opened_stops_the_run(studio: Studio) -> None:
    people = studio.people(51)
    run_id = studio.request()
    get, left = studio.ports.content.get, []

    def leave_first(cid: Cid, *, limit: int) -> bytes:
        if not left:
            left.append(True)
            forget(studio, people[20])
            forget(studio, people[40])
        return get(cid, limit=limit)

    studio.ports.content.get = leave_first  # type: ignore[method-assign]
    assert generate_dataset(run_id, ports=studio.ports) is None
    studio.ports.content.get = get  # type: ignore[method-assign]
    assert studio.row(run_id).reason == "record_erased"
    nothing_is_left(studio, run_id)


def test_a_narrower_consent_stops_the_run_though_nobody_told_it(studio: Studio) -> None:
    studio.people(49)
    person = real_person(studio)
    run_id = studio.request()
    clinic = Clinic(studio.ports, studio.clock, studio.chain)

    def narrow(step: int) -> None:
        if step == 1:
            clinic.consent(person, Purpose.CARE | Purpose.TRAINING)

    studio.generators.before_step = narrow
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "consent_ended"
    nothing_is_left(studio, run_id)


def test_a_revocation_whose_process_died_after_its_first_word_still_stops_it(
    studio: Studio,
) -> None:
    people = studio.people(50)
    run_id = studio.request()
    studio.generators.before_step = lambda s: studio.mark_revoking(people[9]) if s == 2 else None
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "consent_ended"
    nothing_is_left(studio, run_id)


@pytest.mark.parametrize("killed", [False, True])
def test_a_run_called_off_while_its_contents_are_stored_leaves_none_of_them(
    studio: Studio, killed: bool
) -> None:
    """Others let go of the first ones, as the cancelled run asks, while it stores the last."""
    studio.people(50)
    run_id = studio.request()
    other = Runner("other", job_functions(), studio.ports, only=[LET_GO_OF_RUN])
    add, stored = studio.ports.content.add, []

    def call_off_first(content: bytes) -> Cid:
        if not stored:
            cancel_run(studio.operator(), run_id, ports=studio.ports)
            assert other.run_next()
        stored.append(add(content))
        if killed and len(stored) == 3:
            raise KeyboardInterrupt
        return stored[-1]

    studio.ports.content.add = call_off_first  # type: ignore[method-assign]
    if killed:
        with pytest.raises(KeyboardInterrupt):
            generate_dataset(run_id, ports=studio.ports)
    studio.ports.content.add = add if killed else call_off_first  # type: ignore[method-assign]
    generate_dataset(run_id, ports=studio.ports)
    assert len(stored) >= 3 and studio.row(run_id).state is RunState.CANCELLED
    assert not set(stored) & studio.ports.content.pinned()


def test_a_consent_that_ends_on_chain_alone_keeps_the_dataset_from_being_certified(
    studio: Studio,
) -> None:
    """A wallet's own revoke(), of which this service has not heard yet."""
    people = studio.people(50)
    run_id = studio.request()

    def revoke(step: int) -> None:
        if step == 3:
            studio.chain.act(Revoke(), people[9].wallet)

    studio.generators.before_step = revoke
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "consent_ended"
    nothing_is_left(studio, run_id)


def test_a_revocation_on_chain_that_is_heard_of_stops_the_run(studio: Studio) -> None:
    people = studio.people(50)
    run_id = studio.request()

    def hear(step: int) -> None:
        if step == 1:
            studio.chain.act(Revoke(), people[9].wallet)
            studio.chain.mine(3)
            while follow_chain(ports=studio.ports):
                pass

    studio.generators.before_step = hear
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.CANCELLED
    nothing_is_left(studio, run_id)


def test_what_was_released_says_how_many_withdrew_since(studio: Studio) -> None:
    people = studio.people(52)
    person = real_person(studio)
    run_id = studio.run().id
    assert show_dataset(run_id, ports=studio.ports).contributors_withdrawn == 0
    erase(studio, people[0])
    forget(studio, people[1])
    revoke_consent(RevokeConsent(person), ports=studio.ports)
    revoke_consent(RevokeConsent(person), ports=studio.ports)
    view = show_dataset(run_id, ports=studio.ports)
    assert view.contributors_withdrawn == 3 and view.dataset.listed
    later = studio.run()
    assert later.state is RunState.RELEASED
    assert len({member.person for member in studio.members(later.id)}) == 50
    assert show_dataset(later.id, ports=studio.ports).contributors_withdrawn == 0


def test_a_revocation_whose_process_died_after_its_first_word_is_counted_all_the_same(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people(49)
    person = real_person(studio)
    run_id = studio.run().id

    def died(account_id: AccountId, *, ports: Ports) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("backend.use_cases.revoke_consent.take_back", died)
        revoke_consent(RevokeConsent(person), ports=studio.ports)
    studio.settle()
    assert show_dataset(run_id, ports=studio.ports).contributors_withdrawn == 1


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
    """On PostgreSQL, where units of two workers run side by side."""
    database = open_database(postgres_url)
    studio.ports = replace(studio.ports, database=database)
    studio.people(50)
    one, two = (studio.request(**{**PRIVATE, "epsilon": 6.0}) for _ in range(2))
    other = threading.Thread(target=generate_dataset, args=(two,), kwargs={"ports": studio.ports})

    def while_it_is_stored(*args: Any, **named: Any) -> None:
        require_budget(*args, **named)
        if threading.current_thread() is not other:
            other.start()
            other.join(timeout=3)

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


def test_a_restored_database_does_not_list_again_what_was_retired(
    studio: Studio, tmp_path: Path, sqlite_url: str
) -> None:
    studio.people(50)
    run_id = studio.run().id
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with studio.ports.database.write():
        shutil.copy(file, tmp_path / "backup.db")
        wal = file.with_name(file.name + "-wal")
        if wal.exists():
            shutil.copy(wal, tmp_path / "backup.db-wal")
    retire_dataset(studio.operator(), run_id, ports=studio.ports)
    restored = _over(studio, tmp_path / "backup.db")
    dataset = restored.dataset(run_id)
    assert dataset is not None and dataset.listed
    replay_erasures(ports=restored.ports)
    dataset = restored.dataset(run_id)
    assert dataset is not None and not dataset.listed
    restored.ports.database.close()  # type: ignore[attr-defined]


def test_a_key_of_a_run_that_the_database_does_not_know_is_destroyed(studio: Studio) -> None:
    studio.people(50)
    known = studio.run().id
    assert replay_erasures(ports=studio.ports) == 0
    assert studio.key_state(known) == "live"
    unknown = training_key_id(b"x" * RANDOM_BYTES)
    studio.ports.keys.store(unknown, b"k" * 32)
    assert replay_erasures(ports=studio.ports) == 1
    assert studio.ports.keys.state(unknown) == "destroyed"


def test_a_run_whose_key_was_destroyed_after_the_backup_is_over(studio: Studio) -> None:
    studio.people(50)
    run_id = studio.request()
    studio.ports.keys.destroy(studio.row(run_id).key_id)
    replay_erasures(ports=studio.ports)
    assert (studio.row(run_id).state, studio.row(run_id).reason) == (
        RunState.CANCELLED,
        "key_destroyed",
    )


def test_budgets_add_up_and_forgive_only_rounding() -> None:
    budget = PrivacyBudget(1.0, 1e-5, 1)
    assert budget.covers(Spending(sum([0.1] * 10), 1e-5, 1))
    for over in (Spending(1.001, 0, 0), Spending(0, 2e-5, 0), Spending(0, 0, 2)):
        assert not budget.covers(over)


def test_vitals_and_glucose_are_cohorts_of_their_own(studio: Studio) -> None:
    studio.people(50)
    studio.people(50, first=50, kind=Kind.VITALS)
    run = studio.run(**PRIVATE, kind=Kind.VITALS)
    assert run.state is RunState.RELEASED and len(studio.members(run.id)) == 50


def _over(studio: Studio, file: Path) -> Studio:
    ports = replace(studio.ports, database=open_database(f"sqlite:///{file}"))
    return Studio(ports, studio.clock, studio.chain)
