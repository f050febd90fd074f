"""The relayer's transactions: nonces without gaps or repeats, every version kept, reorgs undone."""

from dataclasses import replace

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.errors import Conflict, IllegalTransition, NotFound
from backend.domain.identifiers import TransactionId
from backend.domain.transaction import Transaction, TxPurpose, TxStatus
from backend.ports.unit_of_work import UnitOfWork
from tests.ports.database_samples import CALL, LATER, NOW, digits, mined, signed, wallet

RELAYER = wallet("relayer")


def allocate(
    unit: UnitOfWork,
    name: str,
    *,
    chain_nonce: int = 0,
    signer=RELAYER,
    purpose: TxPurpose = TxPurpose.REGISTER,
    subject: str = "c",
    now=NOW,
) -> Transaction:
    return unit.transactions.allocate(
        TransactionId(digits(f"transaction {name}")),
        signer=signer,
        chain_nonce=chain_nonce,
        purpose=purpose,
        subject=subject,
        call=CALL,
        now=now,
    )


def test_an_allocated_transaction_comes_back_as_it_was(database: SqlDatabase) -> None:
    with database.write() as unit:
        made = allocate(unit, "t", chain_nonce=5)
    assert (made.nonce, made.status, made.versions) == (5, TxStatus.PREPARED, ())
    with database.read() as unit:
        assert unit.transactions.by_id(made.id) == made
        assert unit.transactions.by_id(TransactionId(digits("never"))) is None


def test_nonces_follow_each_other_and_are_never_below_the_chains(database: SqlDatabase) -> None:
    nonces = []
    for name, chain_nonce in (("a", 3), ("b", 3), ("c", 2), ("d", 9), ("e", 9)):
        with database.write() as unit:
            nonces.append(allocate(unit, name, chain_nonce=chain_nonce).nonce)
    with database.write() as unit:
        other = allocate(unit, "f", signer=wallet("other"))
    assert nonces == [3, 4, 5, 9, 10]
    assert other.nonce == 0


def test_a_nonce_of_a_unit_that_raised_is_given_again(database: SqlDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as unit:
        allocate(unit, "a")
        raise ZeroDivisionError
    with database.write() as unit:
        assert allocate(unit, "b").nonce == 0


def test_the_same_transaction_is_not_allocated_twice(database: SqlDatabase) -> None:
    with database.write() as unit:
        allocate(unit, "a")
    with pytest.raises(Conflict), database.write() as unit:
        allocate(unit, "a")
    with database.write() as unit:
        assert allocate(unit, "b").nonce == 1


def test_every_version_is_kept_in_order_and_once(database: SqlDatabase) -> None:
    versions = [signed("first", 1_000), signed("second", 2_000), signed("third", 2**62)]
    with database.write() as unit:
        made = allocate(unit, "a")
        for version in versions:
            unit.transactions.add_version(made.id, version)
        unit.transactions.add_version(made.id, versions[0])
    with database.read() as unit:
        found = unit.transactions.by_id(made.id)
    assert found == replace(made, versions=tuple(versions))


def test_a_version_belongs_to_one_transaction(database: SqlDatabase) -> None:
    with database.write() as unit:
        first, second = allocate(unit, "a"), allocate(unit, "b")
        unit.transactions.add_version(first.id, signed("v"))
        with pytest.raises(Conflict):
            unit.transactions.add_version(second.id, signed("v"))
    with pytest.raises(NotFound), database.write() as unit:
        unit.transactions.add_version(TransactionId(digits("never")), signed("w"))


def test_any_version_may_confirm(database: SqlDatabase) -> None:
    low, high = signed("low", 1_000), signed("high", 2_000)
    with database.write() as unit:
        made = allocate(unit, "a")
        for version in (low, high):
            unit.transactions.add_version(made.id, version)
        unit.transactions.settle(made.id, TxStatus.SENT, None)
        unit.transactions.settle(made.id, TxStatus.CONFIRMED, mined(low, 12))
    with database.read() as unit:
        found = unit.transactions.by_id(made.id)
    assert found == replace(
        made,
        status=TxStatus.CONFIRMED,
        versions=(low, high),
        confirmed_hash=low.hash,
        block_number=12,
        block_hash=mined(low, 12).block_hash,
    )


def test_a_reorganisation_takes_the_block_back(database: SqlDatabase) -> None:
    with database.write() as unit:
        made = allocate(unit, "a")
        unit.transactions.add_version(made.id, signed("v"))
        unit.transactions.settle(made.id, TxStatus.CONFIRMED, mined(signed("v"), 12))
        unit.transactions.settle(made.id, TxStatus.SENT, None)
        found = unit.transactions.by_id(made.id)
        assert found == replace(made, status=TxStatus.SENT, versions=(signed("v"),))
        assert unit.transactions.unfinished(RELAYER) == [found]
        assert unit.transactions.settled_since(0) == []


@pytest.mark.parametrize("status", [TxStatus.CONFIRMED, TxStatus.REVERTED])
def test_nothing_is_settled_without_its_block(database: SqlDatabase, status: TxStatus) -> None:
    with database.write() as unit:
        made = allocate(unit, "a")
        with pytest.raises(IllegalTransition):
            unit.transactions.settle(made.id, status, None)
        assert unit.transactions.by_id(made.id) == made


def test_what_was_never_allocated_cannot_be_settled(database: SqlDatabase) -> None:
    with pytest.raises(NotFound), database.write() as unit:
        unit.transactions.settle(TransactionId(digits("never")), TxStatus.SENT, None)


def test_a_displaced_transaction_is_finished_and_its_nonce_stays_spent(
    database: SqlDatabase,
) -> None:
    with database.write() as unit:
        made = allocate(unit, "a", chain_nonce=4)
        unit.transactions.settle(made.id, TxStatus.DISPLACED, None)
        assert unit.transactions.unfinished(RELAYER) == []
        assert unit.transactions.settled_since(0) == []
        assert allocate(unit, "b", chain_nonce=4).nonce == 5


def test_the_latest_transaction_of_a_subject(database: SqlDatabase) -> None:
    with database.write() as unit:
        allocate(unit, "first")
        second = allocate(unit, "second")
        third = allocate(unit, "third", subject="other", now=LATER)
        allocate(unit, "fourth", purpose=TxPurpose.MARK_ERASED, now=LATER)
    with database.read() as unit:
        assert unit.transactions.latest(TxPurpose.REGISTER, "c") == second
        assert unit.transactions.latest(TxPurpose.REGISTER, "other") == third
        assert unit.transactions.latest(TxPurpose.GRANT_CONSENT, "c") is None


def test_lists_of_what_is_under_way_and_of_what_a_reorganisation_undoes(
    database: SqlDatabase,
) -> None:
    with database.write() as unit:
        made = [allocate(unit, name) for name in "abcd"]
        allocate(unit, "foreign", signer=wallet("other"))
        for transaction, version in zip(made, map(signed, "abcd"), strict=True):
            unit.transactions.add_version(transaction.id, version)
        unit.transactions.settle(made[1].id, TxStatus.SENT, None)
        unit.transactions.settle(made[2].id, TxStatus.CONFIRMED, mined(signed("c"), 10))
        reverted = mined(signed("d"), 11, succeeded=False)
        unit.transactions.settle(made[3].id, TxStatus.REVERTED, reverted)
    with database.read() as unit:
        under_way = unit.transactions.unfinished(RELAYER)
        assert [one.nonce for one in under_way] == [0, 1]
        assert [one.versions for one in under_way] == [(signed("a"),), (signed("b"),)]
        assert [one.nonce for one in unit.transactions.settled_since(10)] == [2, 3]
        assert [one.nonce for one in unit.transactions.settled_since(11)] == [3]
        assert unit.transactions.settled_since(12) == []
