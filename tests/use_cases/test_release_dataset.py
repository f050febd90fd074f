"""Between the last step of a run and its release: who is asked again, what is counted, and in which
order things are written down."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.crypto.certificates import read_lineage
from backend.domain.errors import ContentMismatch
from backend.domain.generation import RunState
from backend.domain.identifiers import Cid, RunId
from backend.domain.release import CURRENT_POLICY
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from backend.use_cases.show_run import show_run
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.stand_in_ports import SettableClock


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    return Studio(ports, clock, chain)


def nothing_was_released(studio: Studio, run_id: RunId) -> None:
    assert studio.dataset(run_id) is None
    with studio.ports.database.read() as unit:
        named = unit.runs.own_contents(run_id)
        assert unit.privacy_ledger.of_run(run_id) == []
    assert not set(named) & studio.ports.content.pinned()
    assert studio.key_state(run_id) == "destroyed"


@pytest.mark.parametrize("stored", [0, 2])
def test_a_consent_that_is_being_taken_back_while_contents_are_stored_keeps_it_in(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, stored: int
) -> None:
    """Only its first word is written: the run's row does not know of it."""
    people = studio.people()
    run_id = studio.request()
    add = studio.ports.content.add
    begun: list[bytes] = []

    def take_back_after(content: bytes) -> Cid:
        begun.append(content)
        if len(begun) == stored + 1:
            studio.mark_revoking(people[7])
        return add(content)

    monkeypatch.setattr(studio.ports.content, "add", take_back_after)
    generate_dataset(run_id, ports=studio.ports)
    assert len(begun) > stored
    run = studio.row(run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "consent_ended")
    nothing_was_released(studio, run_id)


def test_a_consent_that_ends_between_the_judgement_and_the_first_content_stores_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = studio.people()
    run_id = studio.request()
    before = studio.ports.content.pinned()
    sign = studio.ports.evaluator.sign

    def take_back_and_sign(typed_data: dict[str, object]) -> bytes:
        studio.mark_revoking(people[7])
        return sign(typed_data)

    monkeypatch.setattr(studio.ports.evaluator, "sign", take_back_and_sign)
    monkeypatch.setattr(studio.ports.content, "add", refuse)
    generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).reason == "consent_ended"
    assert studio.ports.content.pinned() == before
    nothing_was_released(studio, run_id)


def refuse(content: bytes) -> Cid:
    raise AssertionError("something was stored")


def test_what_will_be_stored_is_written_down_before_any_of_it_is(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people()
    run_id = studio.request()
    add, stored = studio.ports.content.add, []

    def look_first(content: bytes) -> Cid:
        with studio.ports.database.read() as unit:
            named = set(unit.runs.own_contents(run_id))
        cid = add(content)
        assert cid in named
        assert studio.dataset(run_id) is None and studio.row(run_id).state is RunState.RUNNING
        stored.append(cid)
        return cid

    monkeypatch.setattr(studio.ports.content, "add", look_first)
    generate_dataset(run_id, ports=studio.ports)
    dataset = studio.dataset(run_id)
    assert studio.row(run_id).state is RunState.RELEASED and dataset is not None
    assert {dataset.certificate_cid, dataset.certificate.sealed_package} < set(stored)


def test_the_share_of_who_gave_most_is_counted_in_what_was_learnt_from(studio: Studio) -> None:
    """Four of a person's records, of seven windows each, beside one of everybody else's."""
    studio.people(49)
    studio.people(1, first=49, records=4)
    studio.generators.holds_out = lambda place, member: (
        len(member.canonicals) == 1 and place % 4 == 3
    )
    run = studio.run()
    assert (run.state, run.reason) == (RunState.WITHHELD, "not_let_out")
    view = show_run(studio.operator(), run.id, ports=studio.ports)
    assert [one.rule.measure for one in view.findings if not one.holds] == ["largest_share"]
    assert view.dataset is not None
    lineage = read_lineage_of(studio, run.id)
    learnt = 7 * 4 / lineage
    assert view.dataset.certificate.evidence.largest_share == pytest.approx(learnt)
    assert learnt > 0.05


def read_lineage_of(studio: Studio, run_id: RunId) -> int:
    """How many windows were learnt from, by the members' rows."""
    return sum(member.windows for member in studio.members(run_id))


def test_the_share_as_it_was_measured_counts_where_it_is_the_larger(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of somebody held out, of whom none is learnt from."""
    studio.people()
    measured = studio.generators.evidence
    monkeypatch.setattr(
        studio.generators,
        "evidence",
        lambda people, plan: replace(measured(people, plan), largest_share=0.06),
    )
    run = studio.run()
    assert run.state is RunState.WITHHELD and "largest_share" in (run.message or "")
    dataset = studio.dataset(run.id)
    assert dataset is not None and dataset.certificate.evidence.largest_share == 0.06


def test_each_record_has_its_own_windows_in_lineage_and_members(studio: Studio) -> None:
    """Of a person's two records the first gave nothing: it must not lend the second its count."""
    studio.people(records=2)
    fake = studio.generators
    generate = fake.generate

    def only_the_second(members, plan, **named):  # type: ignore[no-untyped-def]
        made = generate(members, plan, **named)
        windows = {name: (0, 7) if any(found) else (0, 0) for name, found in made.windows.items()}
        return replace(made, windows=windows)

    fake.generate = only_the_second  # type: ignore[method-assign]
    run = studio.run()
    dataset = studio.dataset(run.id)
    assert dataset is not None
    content = studio.ports.content.get(dataset.certificate.lineage, limit=2**20)
    told = {entry.digest.sha256: entry.windows for entry in read_lineage(content).entries}
    seen: set[int] = set()
    with studio.ports.database.read() as unit:
        for member in studio.members(run.id):
            row = unit.contributions.by_id(member.contribution_id)
            assert row is not None
            assert told[row.digest.sha256] == member.windows
            assert member.windows == 0 or member.person in seen
            seen.add(member.person)
    assert sorted(set(told.values())) == [0, 7]


def test_a_certificate_says_when_everybody_was_asked_and_not_when_it_was_written(
    studio: Studio,
) -> None:
    studio.people()
    run_id = studio.request()
    asked_first = studio.clock.now() + timedelta(minutes=5)
    studio.clock.advance(timedelta(minutes=5))
    studio.generators.before_step = lambda step: studio.clock.advance(timedelta(minutes=10))
    studio.clock.step = timedelta(0)
    generate_dataset(run_id, ports=studio.ports)
    dataset = studio.dataset(run_id)
    assert dataset is not None
    assert dataset.certificate.cohort_at == asked_first
    assert dataset.certificate.issued_at == asked_first + timedelta(minutes=40)


def test_a_certificate_counts_from_when_the_first_was_asked_though_asking_takes_time(
    studio: Studio,
) -> None:
    """Every look at the clock takes a second, and two are taken for each of fifty people."""
    studio.people()
    run_id = studio.request()

    def go_on_from_the_last_step(step: int) -> None:
        if step == 3:
            studio.clock.step = timedelta(seconds=1)

    studio.generators.before_step = go_on_from_the_last_step
    last = studio.clock.now()
    generate_dataset(run_id, ports=studio.ports)
    dataset = studio.dataset(run_id)
    assert dataset is not None
    issued = dataset.certificate.issued_at
    assert last < issued < last + timedelta(seconds=50)
    assert dataset.created_at - issued > timedelta(seconds=50)


def test_what_an_earlier_attempt_stored_is_let_go_of_though_the_release_is_killed_at_its_end(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate says another second, so that it lies under another content id."""
    studio.people()
    run_id = studio.request()
    add, stored = studio.ports.content.add, []

    def killed_after_all(content: bytes) -> Cid:
        stored.append(add(content))
        if len(stored) == 4:
            raise KeyboardInterrupt
        return stored[-1]

    monkeypatch.setattr(studio.ports.content, "add", killed_after_all)
    with pytest.raises(KeyboardInterrupt):
        generate_dataset(run_id, ports=studio.ports)
    studio.clock.advance(timedelta(minutes=5))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("backend.use_cases.generate_dataset.let_go_of_run", killed)
        generate_dataset(run_id, ports=studio.ports)
    studio.settle()
    dataset = studio.dataset(run_id)
    assert dataset is not None and dataset.certificate_cid is not None
    certificate = dataset.certificate
    kept = {dataset.certificate_cid, certificate.sealed_package, certificate.lineage}
    pinned = studio.ports.content.pinned()
    assert kept <= pinned
    earlier = set(stored[:4]) - set(stored[4:])
    assert earlier and not earlier & pinned


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("asked", [True, False])
def test_a_package_without_the_privacy_that_was_promised_is_not_certified(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    studio.people()
    measured = studio.generators.evidence

    def spent(people, plan):  # type: ignore[no-untyped-def]
        found = measured(people, plan)
        privacy = found.privacy
        if asked:
            assert privacy is not None
            return replace(found, privacy=replace(privacy, epsilon=privacy.epsilon * 1.01))
        return replace(found, privacy=None)

    monkeypatch.setattr(studio.generators, "evidence", spent)
    run = studio.run(generator="pretending_privately", epsilon=4.0, delta=1e-5)
    assert run.state is RunState.REFUSED and "did not stay within" in (run.message or "")
    nothing_was_released(studio, run.id)


def test_another_delta_than_the_promised_one_is_not_certified(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.people()
    measured = studio.generators.evidence

    def spent(people, plan):  # type: ignore[no-untyped-def]
        found = measured(people, plan)
        assert found.privacy is not None
        return replace(found, privacy=replace(found.privacy, delta=5e-5))

    monkeypatch.setattr(studio.generators, "evidence", spent)
    run = studio.run(generator="pretending_privately", epsilon=4.0, delta=1e-5)
    assert run.state is RunState.REFUSED and "did not stay within" in (run.message or "")


@pytest.mark.parametrize("lie", ["name", "bytes"])
def test_a_content_store_that_keeps_something_else_ends_the_run_unreleased(
    studio: Studio, content: InMemoryContentStore, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    studio.people()
    run_id = studio.request()
    add, get = content.add, content.get
    stored: set[Cid] = set()

    def add_noted(data: bytes) -> Cid:
        cid = add(data + b"x") if lie == "name" else add(data)
        stored.add(cid)
        return cid

    def get_changed(cid: Cid, *, limit: int) -> bytes:
        found = get(cid, limit=limit)
        return bytes([found[0] ^ 1]) + found[1:] if cid in stored else found

    monkeypatch.setattr(content, "add", add_noted)
    monkeypatch.setattr(content, "get", get_changed if lie == "bytes" else get)
    for _ in range(studio.ports.policy.training_attempts + 1):
        with suppress(ContentMismatch):
            generate_dataset(run_id, ports=studio.ports)
    assert studio.row(run_id).state in (RunState.REFUSED, RunState.FAILED)
    nothing_was_released(studio, run_id)
    assert not stored & content.pinned()


def test_what_a_release_costs_is_the_bound_and_not_the_estimate(studio: Studio) -> None:
    studio.people()
    studio.generators.worse["membership_auc"] = (0.5, 0.5, 0.549)
    run = studio.run(generator="pretending_privately", epsilon=4.0, delta=1e-5)
    assert run.state is RunState.RELEASED
    with studio.ports.database.read() as unit:
        entries = unit.privacy_ledger.of_run(run.id)
    assert {(one.membership_high, one.epsilon, one.delta) for one in entries} == {
        (0.549, 4.0, 1e-5)
    }
    assert len(entries) == 50


def test_the_judging_policy_is_the_current_one(studio: Studio) -> None:
    studio.people()
    dataset = studio.dataset(studio.run().id)
    assert dataset is not None
    assert dataset.certificate.policy_digest == CURRENT_POLICY.digest
