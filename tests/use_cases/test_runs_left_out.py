"""A record that cannot be opened is left out of a run, said so, and refuses no run by itself."""

from collections.abc import Callable

import pytest

from backend.crypto.certificates import read_lineage
from backend.domain.account import Account
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import ContentStoreUnavailable
from backend.domain.generation import LeftOut, Run, RunState
from backend.domain.identifiers import AccountId, KeyId, RunId
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.show_run import MOST_NAMED, RunView, cancel_run, show_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def records_of(studio: Studio, person: Account) -> list[Contribution]:
    with studio.ports.database.read() as unit:
        return unit.contributions.of_account(person.id)


def store_of(studio: Studio) -> InMemoryContentStore:
    assert isinstance(studio.ports.content, InMemoryContentStore)
    return studio.ports.content


def view_of(studio: Studio, run_id: RunId) -> RunView:
    return show_run(studio.operator(), run_id, ports=studio.ports)


def other_bytes(studio: Studio, record: Contribution) -> None:
    store_of(studio).corrupt(record.cid)


def more_bytes(studio: Studio, record: Contribution) -> None:
    store_of(studio).lengthen(record.cid)


def lost(studio: Studio, record: Contribution) -> None:
    store_of(studio).lose(record.cid)


def unreadable(studio: Studio, record: Contribution) -> None:
    studio.generators.refuses = lambda canonical: canonical.endswith(b"person 7 0")


Breaks = Callable[[Studio, Contribution], None]


@pytest.mark.parametrize(
    ("breaks", "reason"),
    [
        (other_bytes, "content_mismatch"),
        (more_bytes, "content_mismatch"),
        (lost, "content_missing"),
        (unreadable, "unreadable_record"),
    ],
)
def test_a_record_that_cannot_be_opened_is_left_out_and_the_rest_is_learnt_from(
    studio: Studio, breaks: Breaks, reason: str
) -> None:
    people = studio.people(51)
    (record,) = records_of(studio, people[7])
    breaks(studio, record)
    run = studio.run()
    assert run.state is RunState.RELEASED, run.message
    view = view_of(studio, run.id)
    assert view.left_out == (LeftOut(record.id, reason),)
    assert (view.people, view.contributions) == (50, 50)
    _is_without(studio, run, people[7], record)


def _is_without(studio: Studio, run: Run, person: Account, record: Contribution) -> None:
    """Cohort, lineage, certificate and ledger name only what was learnt from."""
    (cohort,) = studio.generators.cohorts
    assert len(cohort) == 50
    members = studio.members(run.id)
    assert record.id not in {member.contribution_id for member in members}
    dataset = studio.dataset(run.id)
    assert dataset is not None and dataset.certificate.evidence.people == 50
    content = studio.ports.content.get(dataset.certificate.lineage, limit=2**20)
    lineage = read_lineage(content)
    assert len(lineage.entries) == 50
    assert record.digest not in {entry.digest for entry in lineage.entries}
    with studio.ports.database.read() as unit:
        assert unit.privacy_ledger.of_account(person.id) == []
        (entry,) = unit.access_log.of_account(person.id)
    assert "cohort" in entry.purpose


def test_an_envelope_that_does_not_open_under_its_key_is_left_out(studio: Studio) -> None:
    studio.people(50)
    another = KeyId("ab" * 16)
    studio.ports.keys.store(another, b"k" * 32)
    (person,) = studio.people(1, first=50, key_id=another)
    (record,) = records_of(studio, person)
    run = studio.run()
    assert run.state is RunState.RELEASED
    assert view_of(studio, run.id).left_out == (LeftOut(record.id, "seal_broken"),)


def test_a_person_stays_with_the_records_of_theirs_that_open(studio: Studio) -> None:
    people = studio.people(50, records=2)
    kept, broken = records_of(studio, people[3])
    lost(studio, broken)
    run = studio.run()
    assert run.state is RunState.RELEASED
    view = view_of(studio, run.id)
    assert (view.people, view.contributions) == (50, 99)
    (cohort,) = studio.generators.cohorts
    assert sorted(len(member.canonicals) for member in cohort) == [1] + [2] * 49
    windows = {one.contribution_id: one.windows for one in studio.members(run.id)}
    assert broken.id not in windows and kept.id in windows


def test_too_few_people_left_are_refused_and_which_records_is_said(studio: Studio) -> None:
    people = studio.people(51)
    broken = [record for person in people[:2] for record in records_of(studio, person)]
    for record in broken:
        lost(studio, record)
    run = studio.run()
    assert (run.state, run.reason) == (RunState.REFUSED, "cohort_too_small")
    message = run.message or ""
    assert "2 records" in message and "leaves 49 people" in message and "at least 50" in message
    view = view_of(studio, run.id)
    assert {one.contribution_id for one in view.left_out} == {record.id for record in broken}
    assert studio.generators.cohorts == [] and studio.key_state(run.id) == "destroyed"


def test_of_many_left_out_the_first_are_named_and_all_are_counted(studio: Studio) -> None:
    people = studio.people(MOST_NAMED + 3)
    broken = sorted(record.id for person in people for record in records_of(studio, person))
    kept = studio.people(50, first=len(people))
    for person in people:
        for record in records_of(studio, person):
            lost(studio, record)
    view = view_of(studio, studio.run().id)
    assert [one.contribution_id for one in view.left_out] == broken[:MOST_NAMED]
    assert view.records_left_out == len(broken) and view.people == len(kept)


def test_an_outage_leaves_nobody_out(studio: Studio) -> None:
    studio.people()
    run_id = studio.request()
    store_of(studio).down = True
    with pytest.raises(ContentStoreUnavailable):
        generate_dataset(run_id, ports=studio.ports)
    view = view_of(studio, run_id)
    assert (view.run.state, view.run.attempts) == (RunState.RUNNING, 0)
    assert view.left_out == () and view.people == 50
    store_of(studio).down = False
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state is RunState.RELEASED


def test_what_was_learnt_with_another_cohort_is_not_gone_on_with(studio: Studio) -> None:
    """The record is lost after the first attempt, which left a checkpoint."""
    people = studio.people(51)
    run_id = studio.request()

    def dies(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    studio.generators.before_step = dies
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(run_id, ports=studio.ports)
    assert studio.checkpoint(run_id) is not None
    lost(studio, records_of(studio, people[20])[0])
    studio.generators.before_step = lambda step: None
    generate_dataset(run_id, ports=studio.ports)
    assert studio.generators.resumed_at == [0, 0]
    assert [len(cohort) for cohort in studio.generators.cohorts] == [51, 50]
    assert studio.row(run_id).state is RunState.RELEASED


def test_a_run_that_died_with_too_few_left_learns_nothing_when_it_goes_on(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a worker comes between what is written of the cohort and the run's own end."""
    people = studio.people(50)
    lost(studio, records_of(studio, people[1])[0])
    run_id = studio.request()

    def died(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("backend.use_cases.generate_dataset._refuse", died)
        generate_dataset(run_id, ports=studio.ports)
    assert len(studio.members(run_id)) == 49
    generate_dataset(run_id, ports=studio.ports)
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.REFUSED, "cohort_too_small")
    assert studio.generators.cohorts == []
    with studio.ports.database.read() as unit:
        opened = unit.access_log.of_account(people[0].id)
    assert len(opened) == 1, "records were opened again, though nothing could come of it"


def while_it_is_read(studio: Studio, acting: Callable[[], None]) -> None:
    """The seventh person's record turns out to be unreadable, and something else happens."""

    def refuses(canonical: bytes) -> bool:
        if not canonical.endswith(b"person 7 0"):
            return False
        acting()
        return True

    studio.generators.refuses = refuses


def test_nobody_who_takes_back_is_left_out_instead_of_stopping_the_run(studio: Studio) -> None:
    people = studio.people(51)
    while_it_is_read(studio, lambda: studio.mark_revoking(people[7]))
    run = studio.run()
    assert (run.state, run.reason) == (RunState.CANCELLED, "consent_ended")
    view = view_of(studio, run.id)
    assert view.left_out == () and view.people == 51


def test_the_cohort_of_a_run_that_has_ended_stays_as_it_was(studio: Studio) -> None:
    studio.people(51)
    run_id, operator = studio.request(), studio.operator()
    while_it_is_read(studio, lambda: _cancelled(studio, operator, run_id))
    generate_dataset(run_id, ports=studio.ports)
    view = view_of(studio, run_id)
    assert view.run.reason == "cancelled_by_operator"
    assert view.left_out == () and view.people == 51


def _cancelled(studio: Studio, operator: AccountId, run_id: RunId) -> None:
    cancel_run(operator, run_id, ports=studio.ports)


def test_erasing_a_record_that_was_left_out_stops_nothing(studio: Studio) -> None:
    """It is learnt from by nobody, and a run says no more of it than its id."""
    people = studio.people(51)
    (record,) = records_of(studio, people[7])
    lost(studio, record)
    run = studio.run()
    with studio.ports.database.write() as unit:
        unit.contributions.update(record.moved(Status.ERASING), expected=Status.ANCHORED)
        assert unit.runs.learning_from(record.id) == []
        assert unit.runs.not_covered(run.id, studio.clock.now()) == 0
