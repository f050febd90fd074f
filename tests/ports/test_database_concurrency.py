"""Many at once: whoever comes second waits or is told so, and nobody gets what another has."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase, open_database
from backend.crypto.hash_chain import first_broken_link
from backend.domain.account import Invitation, SignInChallenge
from backend.domain.contribution import Status
from backend.domain.errors import (
    AccountExists,
    DuplicateContribution,
    IllegalTransition,
    NotFound,
    VitalMintError,
)
from backend.domain.identifiers import JobId, TransactionId
from backend.domain.transaction import TxPurpose
from tests.ports.database_samples import (
    CALL,
    LATER,
    NOW,
    account,
    contribution,
    digits,
    fingerprints,
    wallet,
)

PROCESS = Path(__file__).with_name("database_process.py")
ADA = account("ada")


def at_once(count: int, work: Callable[[int], None]) -> list[VitalMintError]:
    """Run `work(0)` … `work(count - 1)` on as many threads; the refusals that they ended in."""
    refusals: list[VitalMintError] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except VitalMintError as refusal:
            refusals.append(refusal)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


@pytest.fixture
def peopled(database: SqlDatabase) -> SqlDatabase:
    """A database that Ada has signed up to."""
    with database.write() as unit:
        unit.accounts.add(ADA)
    return database


def test_of_100_uploads_of_the_same_readings_one_wins(peopled: SqlDatabase) -> None:
    """In a different order each, so that each would block another if they were not sorted."""
    known = fingerprints("same", 60)

    def upload(number: int) -> None:
        mine = contribution(f"upload {number}", ADA)
        turned = known[number % 60 :] + known[: number % 60]
        with peopled.write() as unit:
            unit.contributions.add(mine)
            if unit.fingerprints.claim(mine.id, turned):
                raise DuplicateContribution("known")

    refusals = at_once(100, upload)
    assert Counter(type(one) for one in refusals) == {DuplicateContribution: 99}
    with peopled.read() as unit:
        assert len(unit.contributions.of_account(ADA.id)) == 1


def test_a_claim_takes_its_fingerprints_in_order_so_that_none_blocks_another(
    postgres_url: str,
) -> None:
    """The second waits for the first's one before it takes any; otherwise each has the other's."""
    database = open_database(postgres_url)
    low, high = bytes(16), bytes([127]) + bytes(15)
    known: list[int] = []
    with database.write() as unit:
        unit.accounts.add(ADA)
        for name in ("first", "second"):
            unit.contributions.add(contribution(name, ADA))

    def claim_both() -> None:
        with database.write() as unit:
            known.append(unit.fingerprints.claim(contribution("second", ADA).id, [high, low]))

    second = threading.Thread(target=claim_both)
    with database.write() as unit:
        assert unit.fingerprints.claim(contribution("first", ADA).id, [low]) == 0
        second.start()
        second.join(timeout=0.3)
        assert unit.fingerprints.claim(contribution("first", ADA).id, [high]) == 0
    second.join()
    assert known == [2]
    database.close()


def test_overlapping_uploads_never_share_a_fingerprint(peopled: SqlDatabase) -> None:
    pool = fingerprints("pool", 40)
    kept: list[int] = []

    def upload(number: int) -> None:
        mine = contribution(f"upload {number}", ADA)
        with peopled.write() as unit:
            unit.contributions.add(mine)
            if unit.fingerprints.claim(mine.id, pool[number : number + 11][::-1]):
                raise DuplicateContribution("known")
        kept.append(number)

    refusals = at_once(30, upload)
    assert all(isinstance(one, DuplicateContribution) for one in refusals)
    kept.sort()
    assert len(kept) + len(refusals) == 30 and kept
    assert all(after - before >= 11 for before, after in pairwise(kept))


def test_an_id_is_given_to_one_of_many(database: SqlDatabase) -> None:
    def sign_up(number: int) -> None:
        with database.write() as unit:
            unit.accounts.add(account(f"person {number}", login="wanted"))

    refusals = at_once(20, sign_up)
    assert Counter(type(one) for one in refusals) == {AccountExists: 19}


def test_a_challenge_and_an_invitation_are_taken_by_one_of_many(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        unit.challenges.add(SignInChallenge("nonce", LATER))
        unit.invitations.add(Invitation("code", ADA.id, LATER, None))
    taken: list[bool] = []

    def take(_number: int) -> None:
        with peopled.write() as unit:
            taken.append(unit.challenges.take("nonce", NOW))
            unit.invitations.accept("code", ADA.id)

    refusals = at_once(20, take)
    assert Counter(type(one) for one in refusals) == {NotFound: 19}
    assert sum(taken) == 1


def test_a_contribution_is_moved_on_by_one_of_many(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    with peopled.write() as unit:
        unit.contributions.add(first)

    def seal(_number: int) -> None:
        with peopled.write() as unit:
            unit.contributions.update(first.moved(Status.SEALED), expected=Status.RESERVED)

    assert Counter(type(one) for one in at_once(20, seal)) == {IllegalTransition: 19}


def test_no_contribution_slips_in_while_its_account_is_erased(peopled: SqlDatabase) -> None:
    """The eraser has listed what there is; what comes then must fail, not stay without owner."""
    listed, refusals = threading.Event(), []

    def upload() -> None:
        listed.wait()
        try:
            with peopled.write() as unit:
                unit.contributions.add(contribution("late", ADA))
        except NotFound as refusal:
            refusals.append(refusal)

    uploader = threading.Thread(target=upload)
    uploader.start()
    with peopled.write() as unit:
        assert unit.contributions.of_account(ADA.id) == []
        listed.set()
        uploader.join(timeout=0.3)
        unit.accounts.delete(ADA.id)
    uploader.join()
    assert len(refusals) == 1
    with peopled.read() as unit:
        assert unit.contributions.with_status(list(Status)) == []


def test_the_same_work_asked_for_by_many_is_queued_once(database: SqlDatabase) -> None:
    def ask(number: int) -> None:
        with database.write() as unit:
            unit.jobs.enqueue(JobId(digits(f"job {number}")), "anchor", "c", NOW)

    assert at_once(20, ask) == []
    with database.read() as unit:
        assert len(unit.jobs.unfinished()) == 1


def test_no_job_is_leased_to_two_processes(database: SqlDatabase, database_url: str) -> None:
    with database.write() as unit:
        for number in range(60):
            unit.jobs.enqueue(JobId(digits(f"job {number}")), "anchor", f"c{number}", NOW)
    command = [sys.executable, str(PROCESS), "lease-all", database_url]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    leased = [worker.communicate()[0].split() for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)
    assert Counter(key for keys in leased for key in keys) == {f"c{n}": 1 for n in range(60)}


def test_no_job_is_leased_to_two_threads(database: SqlDatabase) -> None:
    with database.write() as unit:
        for number in range(30):
            unit.jobs.enqueue(JobId(digits(f"job {number}")), "anchor", f"c{number}", NOW)
    leased: list[str] = []

    def work(number: int) -> None:
        while True:
            with database.write() as unit:
                job = unit.jobs.lease(now=NOW, holder=f"thread {number}", until=LATER)
            if job is None:
                return
            leased.append(job.key)

    assert at_once(10, work) == []
    assert Counter(leased) == {f"c{number}": 1 for number in range(30)}


def test_a_leased_job_keeps_nobody_from_the_others_on_postgresql(postgres_url: str) -> None:
    """Two units lease before either has ended: each has a job of its own, and neither waits."""
    database = open_database(postgres_url)
    with database.write() as unit:
        for key in ("a", "b"):
            unit.jobs.enqueue(JobId(digits(f"job {key}")), "anchor", key, NOW)
    with database.write() as one, database.write() as two:
        first = one.jobs.lease(now=NOW, holder="one", until=LATER)
        second = two.jobs.lease(now=NOW, holder="two", until=LATER)
        assert first is not None and second is not None
        assert {first.key, second.key} == {"a", "b"}
        assert two.jobs.lease(now=NOW, holder="two", until=LATER) is None
    database.close()


def test_nonces_allocated_at_once_are_all_different_and_without_gaps(
    database: SqlDatabase,
) -> None:
    nonces: list[int] = []

    def allocate(number: int) -> None:
        with database.write() as unit:
            made = unit.transactions.allocate(
                TransactionId(digits(f"t {number}")),
                signer=wallet("relayer"),
                chain_nonce=7,
                purpose=TxPurpose.REGISTER,
                subject=f"c{number}",
                call=CALL,
                now=NOW,
            )
        nonces.append(made.nonce)

    assert at_once(40, allocate) == []
    assert sorted(nonces) == list(range(7, 47))


def test_links_added_at_once_make_one_chain(peopled: SqlDatabase) -> None:
    def append(number: int) -> None:
        with peopled.write() as unit:
            unit.access_log.append(
                ADA.id, at=NOW, actor=f"actor {number}", subject="c", purpose="read"
            )

    assert at_once(30, append) == []
    with peopled.read() as unit:
        entries = unit.access_log.of_account(ADA.id)
    assert len({entry.actor for entry in entries}) == 30
    assert first_broken_link(entries) is None
