"""Taking a consent back or erasing a record stops a run at once, and what was released says so."""

import pytest

from backend.domain.consent import Purpose
from backend.domain.generation import RunState
from backend.domain.identifiers import AccountId, Cid
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.follow_chain import follow_chain
from backend.use_cases.forget_runs import LET_GO_OF_RUN
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.list_datasets import show_dataset
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.show_run import cancel_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import Revoke
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic
from tests.withdrawing import erase, forget, nothing_is_left, real_person


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    made = Studio(ports, clock, chain)
    made.tick_at_every_step()
    return made


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
