"""Contributions, their fingerprints, the marks of erasure, and the indexer's cursor."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.consent import Kind
from backend.domain.contribution import OWNERLESS, Status
from backend.domain.errors import Conflict, IllegalTransition, NotFound
from backend.domain.identifiers import DAG_PB, ContentDigest, KeyId, TransactionId
from backend.domain.money import TokenAmount
from backend.domain.transaction import TxPurpose
from backend.ports.repositories import ErasureMark
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

ADA, BOB = account("ada"), account("bob")
LARGEST = TokenAmount(2**63 - 1)


@pytest.fixture
def peopled(database: SqlDatabase) -> SqlDatabase:
    """A database that Ada and Bob have signed up to."""
    with database.write() as unit:
        unit.accounts.add(ADA)
        unit.accounts.add(BOB)
    return database


def test_a_contribution_comes_back_as_it_was_by_id_and_digest(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    with peopled.write() as unit:
        unit.contributions.add(first)
    with peopled.read() as unit:
        assert unit.contributions.by_id(first.id) == first
        assert unit.contributions.by_digest(first.digest) == first
        assert unit.contributions.by_key(first.key_id) == first
        assert unit.contributions.by_key(contribution("other", ADA).key_id) is None
        assert unit.contributions.by_digest(ContentDigest(first.digest.sha256, DAG_PB)) is None
        assert unit.contributions.by_id(contribution("other", ADA).id) is None


def test_an_anchored_contribution_comes_back_whole(peopled: SqlDatabase) -> None:
    with peopled.write() as unit:
        transaction = unit.transactions.allocate(
            TransactionId(digits("t")),
            signer=wallet("relayer"),
            chain_nonce=0,
            purpose=TxPurpose.REGISTER,
            subject="c",
            call=CALL,
            now=NOW,
        )
        anchored = contribution(
            "c",
            ADA,
            kind=Kind.IMAGE,
            status=Status.ANCHORED,
            transaction_id=transaction.id,
            anchored_at=LATER,
            reward=LARGEST,
            reason="anchored again after a reorganisation",
            custodial=False,
        )
        unit.contributions.add(anchored)
    with peopled.read() as unit:
        assert unit.contributions.by_id(anchored.id) == anchored


def test_a_list_of_a_person_is_newest_first_and_holds_nobody_elses(peopled: SqlDatabase) -> None:
    older = contribution("older", ADA)
    newer = contribution("newer", ADA, created_at=LATER)
    with peopled.write() as unit:
        for one in (older, newer, contribution("other", BOB)):
            unit.contributions.add(one)
    with peopled.read() as unit:
        assert unit.contributions.of_account(ADA.id) == [newer, older]
        assert unit.contributions.of_account(account("eve").id) == []


def test_lists_and_counts_by_status(peopled: SqlDatabase) -> None:
    reserved = contribution("reserved", ADA)
    sealed = contribution("sealed", BOB, status=Status.SEALED, created_at=LATER)
    erased = contribution("erased", BOB, status=Status.ERASED)
    with peopled.write() as unit:
        for one in (sealed, erased, reserved):
            unit.contributions.add(one)
    with peopled.read() as unit:
        found = unit.contributions.with_status([Status.SEALED, Status.RESERVED])
        assert found == [reserved, sealed]
        assert unit.contributions.with_status([]) == []
        counts = unit.contributions.count_by_status()
    assert {status: counts.get(status, 0) for status in Status} == {
        status: int(status in (Status.RESERVED, Status.SEALED, Status.ERASED)) for status in Status
    }


def test_a_contribution_moves_only_from_the_status_it_is_in(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    sealed = first.moved(Status.SEALED, lease_until=LATER + timedelta(hours=1))
    with peopled.write() as unit:
        unit.contributions.add(first)
        unit.contributions.update(sealed, expected=Status.RESERVED)
    with pytest.raises(IllegalTransition), peopled.write() as unit:
        unit.contributions.update(first.moved(Status.ABANDONED), expected=Status.RESERVED)
    with pytest.raises(IllegalTransition), peopled.write() as unit:
        gone = contribution("never added", ADA)
        unit.contributions.update(gone.moved(Status.SEALED), expected=Status.RESERVED)
    with peopled.read() as unit:
        assert unit.contributions.by_id(first.id) == sealed


def test_an_update_never_changes_whose_a_contribution_is(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    with peopled.write() as unit:
        unit.contributions.add(first)
        unit.accounts.delete(ADA.id)
        stale = replace(first.moved(Status.ERASING), contributor=BOB.wallet, kind=Kind.IMAGE)
        unit.contributions.update(stale, expected=Status.RESERVED)
    with peopled.read() as unit:
        expected = replace(first, account_id=OWNERLESS, status=Status.ERASING)
        assert unit.contributions.by_id(first.id) == expected


@pytest.mark.parametrize("same", ["id", "key_id", "digest"])
def test_the_same_id_key_or_digest_is_refused(peopled: SqlDatabase, same: str) -> None:
    first, second = contribution("first", ADA), contribution("second", BOB)
    with pytest.raises(Conflict), peopled.write() as unit:
        unit.contributions.add(first)
        unit.contributions.add(replace(second, **{same: getattr(first, same)}))
    with peopled.read() as unit:
        assert unit.contributions.by_id(first.id) is None


def test_a_contribution_of_an_account_that_is_gone_is_refused(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.contributions.add(contribution("c", account("eve")))


def test_a_deleted_contribution_is_gone_and_deleting_again_is_fine(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    with peopled.write() as unit:
        unit.contributions.add(first)
        unit.contributions.delete(first.id)
        unit.contributions.delete(first.id)
        assert unit.contributions.by_id(first.id) is None


def test_claiming_counts_what_was_known(peopled: SqlDatabase) -> None:
    first, second = contribution("first", ADA), contribution("second", BOB)
    known = fingerprints("f", 3_000)
    with peopled.write() as unit:
        unit.contributions.add(first)
        unit.contributions.add(second)
        assert unit.fingerprints.claim(first.id, known) == 0
        assert unit.fingerprints.claim(first.id, []) == 0
    with peopled.write() as unit:
        mixed = known[:1_100] + fingerprints("other", 2_000)
        assert unit.fingerprints.claim(second.id, mixed) == 1_100
        assert unit.fingerprints.claim(second.id, mixed + mixed) == 3_100


def test_what_is_not_there_claims_nothing(peopled: SqlDatabase) -> None:
    with pytest.raises(NotFound), peopled.write() as unit:
        unit.fingerprints.claim(contribution("never added", ADA).id, fingerprints("f", 3))


def test_a_claim_of_a_unit_that_raised_was_never_made(peopled: SqlDatabase) -> None:
    first = contribution("first", ADA)
    with pytest.raises(ZeroDivisionError), peopled.write() as unit:
        unit.contributions.add(first)
        unit.fingerprints.claim(first.id, fingerprints("f", 10))
        raise ZeroDivisionError
    with peopled.write() as unit:
        unit.contributions.add(first)
        assert unit.fingerprints.claim(first.id, fingerprints("f", 10)) == 0


def test_released_fingerprints_are_free_again_and_disowned_ones_stay_spent(
    peopled: SqlDatabase,
) -> None:
    died, erased, third = (contribution(name, ADA) for name in ("died", "erased", "third"))
    with peopled.write() as unit:
        for one in (died, erased, third):
            unit.contributions.add(one)
        unit.fingerprints.claim(died.id, fingerprints("died", 10))
        unit.fingerprints.claim(erased.id, fingerprints("erased", 10))
    with peopled.write() as unit:
        unit.fingerprints.release(died.id)
        unit.fingerprints.disown(erased.id)
        unit.fingerprints.release(erased.id)
    with peopled.write() as unit:
        assert unit.fingerprints.claim(third.id, fingerprints("died", 10)) == 0
        assert unit.fingerprints.claim(third.id, fingerprints("erased", 10)) == 10


def test_fingerprints_outlive_a_deleted_contribution(peopled: SqlDatabase) -> None:
    first, second = contribution("first", ADA), contribution("second", ADA)
    with peopled.write() as unit:
        unit.contributions.add(first)
        unit.fingerprints.claim(first.id, fingerprints("f", 10))
        unit.contributions.delete(first.id)
        unit.contributions.add(second)
        assert unit.fingerprints.claim(second.id, fingerprints("f", 10)) == 10


def test_erasure_marks_stay_as_first_written(database: SqlDatabase) -> None:
    first, second = contribution("first", ADA), contribution("second", BOB)
    mark = ErasureMark(first.id, first.key_id, first.digest, NOW)
    later = ErasureMark(second.id, second.key_id, second.digest, LATER)
    with database.write() as unit:
        unit.erasures.mark(later)
        unit.erasures.mark(mark)
    with database.write() as unit:
        unit.erasures.mark(replace(mark, marked_at=LATER + timedelta(days=1)))
        unit.erasures.mark_account_key(KeyId(ADA.id), NOW)
        unit.erasures.mark_account_key(KeyId(ADA.id), LATER)
    with database.read() as unit:
        assert unit.erasures.all() == [mark, later]
        assert unit.erasures.of_contribution(first.id) == mark
        assert unit.erasures.of_contribution(contribution("third", ADA).id) is None
        assert unit.erasures.account_keys() == [ADA.id]


def test_the_cursor_keeps_the_last_blocks_and_steps_back(database: SqlDatabase) -> None:
    with database.write() as unit:
        assert unit.cursor.recent() == []
        for number in range(1, 8):
            unit.cursor.advance(number, f"0x{number}", keep=4)
        assert unit.cursor.recent() == [(7, "0x7"), (6, "0x6"), (5, "0x5"), (4, "0x4")]
    with database.write() as unit:
        unit.cursor.rewind(5)
        unit.cursor.advance(6, "0x6b", keep=4)
        unit.cursor.advance(6, "0x6c", keep=4)
    with database.read() as unit:
        assert unit.cursor.recent() == [(6, "0x6c"), (5, "0x5"), (4, "0x4")]
