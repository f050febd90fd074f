"""The unit of work on both engines: all of it or nothing, whatever happens in between."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import InvalidRequestError

from backend.adapters.database.unit_of_work import SqlDatabase, open_database
from backend.domain.contribution import Status
from backend.domain.errors import AccountExists, DatabaseUnavailable, NotFound
from backend.domain.identifiers import TransactionId
from backend.domain.transaction import TxPurpose
from tests.ports.database_samples import (
    CALL,
    NOW,
    account,
    contribution,
    digits,
    fingerprints,
    session,
)

PROCESS = Path(__file__).with_name("database_process.py")


def known(database: SqlDatabase, name: str) -> bool:
    with database.read() as unit:
        return unit.accounts.by_id(account(name).id) is not None


def test_what_a_unit_wrote_is_there_for_the_next(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    assert known(database, "ada")


def test_what_a_unit_wrote_is_there_after_reopening(database_url: str) -> None:
    first = open_database(database_url)
    with first.write() as unit:
        unit.accounts.add(account("ada"))
    first.close()
    second = open_database(database_url)
    assert known(second, "ada")
    second.close()


def test_a_unit_that_raises_leaves_nothing_and_the_error_goes_on(database: SqlDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as unit:
        unit.accounts.add(account("ada"))
        unit.erasures.mark_account_key(contribution("c", account("ada")).key_id, NOW)
        raise ZeroDivisionError
    with database.read() as unit:
        assert unit.accounts.by_login("ada") is None
        assert unit.erasures.account_keys() == []


def test_a_unit_that_is_interrupted_leaves_nothing(database: SqlDatabase) -> None:
    with pytest.raises(KeyboardInterrupt), database.write() as unit:
        unit.accounts.add(account("ada"))
        raise KeyboardInterrupt
    assert not known(database, "ada")


def test_a_refusal_inside_a_unit_does_not_spoil_the_rest_of_it(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.accounts.add(account("ada"))
        with pytest.raises(AccountExists):
            unit.accounts.add(account("eve", login="ada"))
        unit.accounts.add(account("bob"))
    assert known(database, "ada") and known(database, "bob") and not known(database, "eve")


def test_a_unit_that_only_reads_cannot_write(database: SqlDatabase) -> None:
    with pytest.raises(DatabaseUnavailable, match="only be read"), database.read() as unit:
        unit.accounts.add(account("ada"))
    assert not known(database, "ada")


def test_a_reading_unit_sees_one_snapshot(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    with database.read() as reading:
        assert reading.accounts.by_login("ada") is not None
        with database.write() as writing:
            writing.accounts.add(account("bob"))
        assert reading.accounts.by_login("bob") is None
    assert known(database, "bob")


def test_a_unit_sees_its_own_writes(database: SqlDatabase) -> None:
    ada = account("ada")
    with database.write() as unit:
        unit.accounts.add(ada)
        unit.contributions.add(contribution("c", ada))
        sealed = contribution("c", ada).moved(Status.SEALED)
        unit.contributions.update(sealed, expected=Status.RESERVED)
        assert unit.contributions.by_id(sealed.id) == sealed


def test_a_finished_unit_cannot_be_used_again(database: SqlDatabase) -> None:
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    with pytest.raises(InvalidRequestError):
        unit.accounts.add(account("bob"))
    with database.write() as fresh:
        fresh.accounts.add(account("eve"))
    assert not known(database, "bob")


def test_what_belongs_to_nobody_is_refused_without_repeating_it(database: SqlDatabase) -> None:
    with pytest.raises(NotFound) as refused, database.write() as unit:
        unit.sessions.add(session("s", account("never added")))
    assert session("s", account("never added")).token_hash not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_reference_to_nothing_is_refused_when_the_unit_ends(database: SqlDatabase) -> None:
    ada, later = account("ada"), TransactionId(digits("allocated later"))
    with database.write() as unit:
        unit.accounts.add(ada)
    with pytest.raises(NotFound), database.write() as unit:
        unit.contributions.add(contribution("c", ada, transaction_id=later))
    with database.write() as unit:
        unit.contributions.add(contribution("c", ada, transaction_id=later))
        unit.transactions.allocate(
            later,
            signer=ada.wallet,
            chain_nonce=0,
            purpose=TxPurpose.REGISTER,
            subject="c",
            call=CALL,
            now=NOW,
        )
    with database.read() as unit:
        assert unit.contributions.by_id(contribution("c", ada).id) is not None


def test_a_second_unit_waits_for_the_first(database: SqlDatabase) -> None:
    """Both read the account and write what they read, changed; neither change is lost."""
    with database.write() as unit:
        unit.accounts.add(account("ada", recovery_hash=""))

    def add_letter() -> None:
        with database.write() as unit:
            found = unit.accounts.by_login("ada")
            assert found is not None
            longer = (found.recovery_hash or "") + "x"
            unit.accounts.update(account("ada", recovery_hash=longer))

    threads = [threading.Thread(target=add_letter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as unit:
        found = unit.accounts.by_login("ada")
        assert found is not None and found.recovery_hash == "x" * 20


def test_writing_inside_writing_is_refused_at_once_on_sqlite(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    again = pytest.raises(RuntimeError, match="end that one first")
    with database.write(), again, database.write():
        pass
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    database.close()


@contextmanager
def process(what: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process at the database, which has reached its point; killed at the end."""
    started = subprocess.Popen(
        [sys.executable, str(PROCESS), what, url], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    try:
        assert started.stdout.readline().strip(), "the process ended before its point"
        yield started
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()
        started.stdout.close()


def test_a_process_killed_inside_a_unit_leaves_nothing_and_holds_nothing(
    database: SqlDatabase, database_url: str
) -> None:
    with process("write-and-hang", database_url):
        assert not known(database, "killed")
    with database.write() as unit:
        owner = account("killed")
        assert unit.accounts.by_id(owner.id) is None
        assert unit.contributions.with_status(list(Status)) == []
        assert unit.erasures.account_keys() == []
        unit.accounts.add(owner)
        unit.contributions.add(contribution("again", owner))
        claimed = fingerprints("killed", 3_000)
        assert unit.fingerprints.claim(contribution("again", owner).id, claimed) == 0


def test_a_process_killed_after_its_unit_leaves_all_of_it(
    database: SqlDatabase, database_url: str
) -> None:
    with process("commit-and-hang", database_url):
        pass
    assert known(database, "committed")
