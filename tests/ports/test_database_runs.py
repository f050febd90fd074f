"""Runs, their cohorts, checkpoints and contents, datasets, and the privacy ledger."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.account import Account
from backend.domain.consent import Kind, Purpose
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.contribution import OWNERLESS, Status
from backend.domain.errors import Conflict, IllegalTransition, NotFound
from backend.domain.generation import (
    CohortSize,
    Dataset,
    LedgerEntry,
    LeftOut,
    Member,
    Run,
    RunPlan,
    RunState,
    Spending,
)
from backend.domain.identifiers import Cid, KeyId, RunId
from backend.domain.release import Evidence
from tests.ports.database_samples import LATER, NOW, account, consent, contribution, digits
from tests.releases import certificate, evidence, failing
from tests.releases import dataset as released

ADA, BOB, OPERATOR = account("ada"), account("bob"), account("operator")
FIRST, SECOND = (contribution(name, ADA, status=Status.ANCHORED) for name in ("first", "second"))
THIRD = contribution("third", BOB, status=Status.ANCHORED)
PLAN = RunPlan(Kind.CGM, "singan", "quick", 500, "Days", "Two lines.\nOf text.", 1.5, 1e-5)


@pytest.fixture
def peopled(database: SqlDatabase) -> SqlDatabase:
    """Ada with two records and Bob with one, both consenting to everything that sells."""
    with database.write() as unit:
        for person in (ADA, BOB, OPERATOR):
            unit.accounts.add(person)
        for row in (FIRST, SECOND, THIRD):
            unit.contributions.add(row)
        for person in (ADA, BOB):
            unit.consents.add(consenting(person))
    return database


def consenting(person: Account, **changes: Any) -> ConsentRecord:
    made = consent(f"consent of {person.login}", person, status=ConsentStatus.IN_FORCE)
    return replace(
        made,
        grant=replace(made.grant, purposes=Purpose.TRAINING | Purpose.SALE, **changes),
    )


def run(name: str, **changes: Any) -> Run:
    made = Run(
        id=RunId(digits(f"run {name}")),
        requested_by=OPERATOR.id,
        plan=PLAN,
        seed=2**53 - 1,
        salt=b"s" * 32,
        key_id=KeyId(digits(f"run key {name}")),
        state=RunState.QUEUED,
        requested_at=NOW,
    )
    return replace(made, **changes)


def dataset(of: Run, found: Evidence | None = None, **changes: Any) -> Dataset:
    made = released(certificate(run_id=of.id, evidence=found or evidence()))
    return replace(made, package_key_id=of.key_id, **{"created_at": NOW, **changes})


def members(*, withdrawn: bool = False) -> list[Member]:
    at = LATER if withdrawn else None
    return [
        Member(FIRST.id, ADA.id, 0, 5, at),
        Member(SECOND.id, ADA.id, 0, 6, at),
        Member(THIRD.id, BOB.id, 1, 7),
    ]


def test_a_run_comes_back_as_it_was_by_id_and_key(peopled: SqlDatabase) -> None:
    ended = run(
        "r",
        state=RunState.REFUSED,
        stage="looking",
        progress=1000,
        attempts=3,
        started_at=NOW,
        ended_at=LATER,
        reason="cohort_too_small",
        message="49 people.",
    )
    plain = run("plain", plan=replace(PLAN, epsilon=None, delta=None))
    with peopled.write() as unit:
        unit.runs.add(ended)
        unit.runs.add(plain)
    with peopled.read() as unit:
        assert unit.runs.by_id(ended.id) == ended and unit.runs.by_id(plain.id) == plain
        assert unit.runs.by_key(ended.key_id) == ended
        assert unit.runs.by_id(run("other").id) is None


def test_pages_of_runs_go_on_where_the_last_ended(peopled: SqlDatabase) -> None:
    made = [run(f"{n}", requested_at=NOW + timedelta(minutes=n // 2)) for n in range(5)]
    with peopled.write() as unit:
        for one in made:
            unit.runs.add(one)
    wanted = sorted(made, key=lambda one: (-one.requested_at.timestamp(), one.id))
    with peopled.read() as unit:
        seen = unit.runs.page(2)
        while len(seen) < 5:
            seen += unit.runs.page(2, after=(seen[-1].requested_at, seen[-1].id))
        assert seen == wanted
        assert unit.runs.page(2, after=(seen[-1].requested_at, seen[-1].id)) == []


def test_a_run_moves_only_from_the_state_it_is_in_and_keeps_its_plan(
    peopled: SqlDatabase,
) -> None:
    queued = run("r")
    other_plan = replace(PLAN, generator="ctgan")
    running = replace(queued, state=RunState.RUNNING, plan=other_plan, seed=1, salt=b"", attempts=1)
    with peopled.write() as unit:
        unit.runs.add(queued)
        unit.runs.update(running, expected=RunState.QUEUED)
    with pytest.raises(IllegalTransition), peopled.write() as unit:
        unit.runs.update(queued.ended(RunState.CANCELLED, LATER), expected=RunState.QUEUED)
    with peopled.read() as unit:
        assert unit.runs.by_id(queued.id) == replace(queued, state=RunState.RUNNING, attempts=1)
        assert [one.id for one in unit.runs.unfinished()] == [queued.id]


def test_a_cohort_is_found_from_every_side(peopled: SqlDatabase) -> None:
    one, two = run("one"), run("two", requested_at=LATER, state=RunState.RELEASED)
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.add(two)
        unit.runs.set_members(one.id, [])
        unit.runs.set_members(one.id, members())
        unit.runs.set_members(two.id, members()[2:])
        unit.runs.set_windows(one.id, {FIRST.id: 50, contribution("none", ADA).id: 9})
    with peopled.read() as unit:
        found = unit.runs.members(one.id)
        assert {member.contribution_id: member.windows for member in found} == {
            FIRST.id: 50,
            SECOND.id: 6,
            THIRD.id: 7,
        }
        assert [member.person for member in found] == [0, 0, 1]
        assert unit.runs.learning_from(FIRST.id) == [one]
        assert unit.runs.of_account(BOB.id) == [one, two]
        assert unit.runs.of_account(OPERATOR.id) == []


def test_a_cohort_is_counted_and_goes_on_without_what_is_left_out(peopled: SqlDatabase) -> None:
    one, two = run("one"), run("two")
    broken = [LeftOut(THIRD.id, "content_missing"), LeftOut(FIRST.id, "seal_broken")]
    with peopled.write() as unit:
        for each in (one, two):
            unit.runs.add(each)
            assert unit.runs.size(each.id) == CohortSize(0, 0)
            unit.runs.set_members(each.id, members())
        unit.runs.leave_out(one.id, broken)
        unit.runs.leave_out(one.id, broken)
    with peopled.read() as unit:
        assert unit.runs.left_out(one.id, most=9) == sorted(
            broken, key=lambda out: out.contribution_id
        )
        assert unit.runs.how_many_left_out(one.id) == len(broken)
        assert [member.contribution_id for member in unit.runs.members(one.id)] == [SECOND.id]
        assert unit.runs.size(one.id) == CohortSize(1, 1)
        assert (
            unit.runs.size(two.id) == CohortSize(2, 3) and unit.runs.left_out(two.id, most=9) == []
        )
    with peopled.write() as unit:
        unit.runs.set_members(one.id, members())
        assert unit.runs.left_out(one.id, most=9) == []


def test_who_withdrew_is_counted_once_with_the_first_moment(peopled: SqlDatabase) -> None:
    one = run("one", state=RunState.RELEASED)
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.set_members(one.id, members())
        assert unit.runs.withdrawn(one.id) == 0
        unit.runs.withdraw_contribution(FIRST.id, NOW)
        unit.runs.withdraw_account(ADA.id, LATER)
        assert unit.runs.withdrawn(one.id) == 1
        unit.runs.withdraw_account(BOB.id, LATER)
    with peopled.read() as unit:
        assert unit.runs.withdrawn(one.id) == 2
        moments = {one.contribution_id: one.withdrawn_at for one in unit.runs.members(one.id)}
    assert moments == {FIRST.id: NOW, SECOND.id: LATER, THIRD.id: LATER}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, ConsentStatus.REVOKING),
        ({}, ConsentStatus.REVOKED),
        ({"purposes": Purpose.TRAINING}, ConsentStatus.IN_FORCE),
        ({"purposes": Purpose.SALE | Purpose.CARE}, ConsentStatus.IN_FORCE),
        ({"kinds": frozenset({Kind.VITALS, Kind.IMAGE})}, ConsentStatus.IN_FORCE),
        ({"expires_at": LATER}, ConsentStatus.IN_FORCE),
    ],
)
def test_a_consent_that_does_not_cover_the_run_is_noticed(
    peopled: SqlDatabase, changes: dict[str, Any], status: ConsentStatus
) -> None:
    one = run("one")
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.set_members(one.id, members())
        assert unit.runs.not_covered(one.id, NOW) == 0
        held = unit.consents.by_id(consenting(ADA).id)
        assert held is not None
        unit.consents.update(replace(held, status=status, grant=replace(held.grant, **changes)))
    with peopled.read() as unit:
        assert unit.runs.not_covered(one.id, LATER) == 1


def test_a_second_consent_in_force_covers_beside_one_that_was_replaced(
    peopled: SqlDatabase,
) -> None:
    one = run("one")
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.set_members(one.id, members())
        unit.consents.update(replace(consenting(ADA), status=ConsentStatus.REPLACED))
        assert unit.runs.not_covered(one.id, NOW) == 1
        unit.consents.add(replace(consenting(ADA), id=digits("newer")))
        assert unit.runs.not_covered(one.id, NOW) == 0


def test_a_record_or_an_account_that_is_gone_is_noticed(peopled: SqlDatabase) -> None:
    one = run("one")
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.set_members(one.id, members())
        unit.contributions.update(FIRST.moved(Status.SUBMITTED), expected=Status.ANCHORED)
        assert unit.runs.not_covered(one.id, NOW) == 0
        unit.contributions.update(THIRD.moved(Status.ERASING), expected=Status.ANCHORED)
        assert unit.runs.not_covered(one.id, NOW) == 1
        unit.accounts.delete(ADA.id)
        assert unit.runs.not_covered(one.id, NOW) == 2


def test_what_a_run_publishes_alone_is_told_from_what_it_shares(peopled: SqlDatabase) -> None:
    one, two = run("one"), run("two")
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.add(two)
        unit.runs.name_contents(one.id, [Cid("bafkown"), Cid("bafkshared")])
        unit.runs.name_contents(one.id, [Cid("bafkown"), Cid("bafklater")])
        unit.runs.name_contents(two.id, [Cid("bafkshared")])
    with peopled.read() as unit:
        assert unit.runs.own_contents(one.id) == ["bafklater", "bafkown"]
        assert unit.runs.own_contents(two.id) == []


@pytest.mark.parametrize("end", [RunState.CANCELLED, RunState.RELEASED])
def test_what_two_runs_share_goes_with_the_last_one_that_keeps_it(
    peopled: SqlDatabase, end: RunState
) -> None:
    one, two = run("one"), run("two")
    with peopled.write() as unit:
        for each in (one, two):
            unit.runs.add(each)
            unit.runs.name_contents(each.id, [Cid("bafkshared")])
            unit.runs.update(each.ended(end, NOW), expected=each.state)
    with peopled.read() as unit:
        kept = [] if end is RunState.RELEASED else ["bafkshared"]
        assert unit.runs.own_contents(one.id) == unit.runs.own_contents(two.id) == kept


def test_a_runs_checkpoint_is_replaced_as_a_whole(peopled: SqlDatabase) -> None:
    one = run("one")
    with peopled.write() as unit:
        unit.runs.add(one)
        assert unit.run_checkpoints.of_run(one.id) is None
        unit.run_checkpoints.save(one.id, b"first", NOW)
        unit.run_checkpoints.save(one.id, b"second" * 300_000, LATER)
        assert unit.run_checkpoints.of_run(one.id) == b"second" * 300_000
        unit.run_checkpoints.delete(one.id)
        assert unit.run_checkpoints.of_run(one.id) is None


def test_a_dataset_comes_back_as_it_was_signed(peopled: SqlDatabase) -> None:
    one = run("one", state=RunState.RELEASED)
    stored = dataset(one)
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.datasets.add(stored)
    with peopled.read() as unit:
        assert unit.datasets.by_run(one.id) == stored
        assert unit.datasets.by_run(run("other").id) is None
    with pytest.raises(Conflict), peopled.write() as unit:
        unit.datasets.add(stored)


def test_only_what_passed_and_is_not_retired_is_listed(peopled: SqlDatabase) -> None:
    runs = [run(f"{n}", state=RunState.RELEASED) for n in range(4)]
    passing = [dataset(one, created_at=NOW + timedelta(hours=n)) for n, one in enumerate(runs[:3])]
    with peopled.write() as unit:
        for one in runs:
            unit.runs.add(one)
        for two in passing:
            unit.datasets.add(two)
        unit.datasets.add(dataset(runs[3], failing(), created_at=LATER))
        unit.datasets.retire(runs[1].id, NOW)
        unit.datasets.retire(runs[1].id, LATER)
    with peopled.read() as unit:
        first = unit.datasets.listed(1)
        rest = unit.datasets.listed(5, after=(first[0].created_at, first[0].run_id))
        assert [one.run_id for one in (*first, *rest)] == [runs[2].id, runs[0].id]
        retired = unit.datasets.by_run(runs[1].id)
        assert retired is not None and retired.retired_at == NOW
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.datasets.retire(run("none").id, NOW)


def test_the_ledger_adds_up_and_outlives_an_account(peopled: SqlDatabase) -> None:
    one, two = run("one"), run("two")
    entries = [
        LedgerEntry(ADA.id, one.id, 1.5, 1e-5, 0.54, NOW),
        LedgerEntry(ADA.id, two.id, None, None, 0.52, LATER),
        LedgerEntry(BOB.id, one.id, 1.5, 1e-5, 0.54, NOW),
    ]
    with peopled.write() as unit:
        unit.runs.add(one)
        unit.runs.add(two)
        for entry in entries:
            unit.privacy_ledger.add(entry)
        assert unit.privacy_ledger.of_account(ADA.id) == [entries[1], entries[0]]
        assert unit.privacy_ledger.totals([ADA.id, BOB.id, OPERATOR.id]) == {
            ADA.id: Spending(1.5, 1e-5, 1),
            BOB.id: Spending(1.5, 1e-5, 0),
        }
        assert unit.privacy_ledger.totals([]) == {}
    with peopled.write() as unit:
        unit.runs.set_members(one.id, members())
        unit.accounts.delete(BOB.id)
        unit.accounts.delete(OPERATOR.id)
        assert unit.privacy_ledger.of_run(one.id) == [
            entries[0],
            replace(entries[2], account_id=OWNERLESS),
        ]
        assert unit.privacy_ledger.of_account(BOB.id) == []
        assert [one.account_id for one in unit.runs.members(one.id)] == [ADA.id, ADA.id, OWNERLESS]
        kept = unit.runs.by_id(one.id)
        assert kept is not None and kept.requested_by == OWNERLESS
