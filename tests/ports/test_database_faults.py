"""What happens when the database is away, full, held, or not what it should be."""

import resource
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.domain.errors import DatabaseUnavailable, MisconfiguredService
from tests.ports.database_samples import account


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/vitalmint.db",
        "postgresql://someone:topsecret@/vitalmint?host=/nowhere",
        "postgresql://someone:topsecret@127.0.0.1:1/vitalmint",
    ],
)
def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    database = open_database(url)
    for step in (database.write, database.read):
        with pytest.raises(DatabaseUnavailable, match="cannot be reached") as refused, step():
            pass
        assert "topsecret" not in str(refused.value)
    with pytest.raises(DatabaseUnavailable):
        database.ping()
    database.close()


@pytest.mark.parametrize(
    "url", ["", "vitalmint.db", "sqlite://", "sqlite:///:memory:", "mysql://u:topsecret@h/d"]
)
def test_a_url_of_another_kind_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(MisconfiguredService) as refused:
        open_database(url)
    assert "VITALMINT_DATABASE_URL" in refused.value.faults[0]
    assert "topsecret" not in refused.value.faults[0]


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "vitalmint.db"
    path.write_bytes(b"not a database at all" * 100)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnavailable), database.write() as unit:
        unit.accounts.add(account("ada"))
    assert path.read_bytes() == b"not a database at all" * 100
    database.close()


@pytest.mark.slow
def test_a_lock_held_for_too_long_makes_it_unavailable_and_then_it_works(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="busy"), database.write():
        pass
    with database.read() as unit:
        assert unit.accounts.by_login("ada") is None
    holder.execute("ROLLBACK")
    holder.close()
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    database.close()


@pytest.mark.slow
def test_a_row_held_for_too_long_makes_it_unavailable_on_postgresql(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    refusals: list[DatabaseUnavailable] = []

    def look_up() -> None:
        try:
            with database.write() as unit:
                unit.accounts.by_login("ada")
        except DatabaseUnavailable as refusal:
            refusals.append(refusal)

    with database.write() as unit:
        unit.accounts.by_login("ada")
        other = threading.Thread(target=look_up)
        other.start()
        other.join()
    assert len(refusals) == 1 and "busy" in str(refusals[0])
    database.close()


def test_a_lost_connection_undoes_the_unit_and_the_next_one_works(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with pytest.raises(DatabaseUnavailable), database.write() as unit:
        unit.accounts.add(account("ada"))
        with psycopg.connect(postgres_url, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        unit.accounts.add(account("bob"))
    with database.write() as unit:
        assert unit.accounts.by_login("ada") is None
        unit.accounts.add(account("ada"))
    database.close()


FILL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from backend.adapters.database.unit_of_work import open_database
from backend.domain.errors import DatabaseUnavailable
from tests.ports.database_samples import account

database = open_database(sys.argv[1])
with database.write() as unit:
    unit.accounts.add(account("before"))
size = Path(sys.argv[1].removeprefix("sqlite:///") + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
try:
    with database.write() as unit:
        for number in range(2_000):
            unit.accounts.add(account(f"many {number}", sealed_profile=bytes(1_000)))
except DatabaseUnavailable as refusal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with database.write() as unit:
        unit.accounts.add(account("after"))
    sys.exit(0)
sys.exit("the file could grow")
"""


def test_a_file_that_cannot_grow_undoes_the_unit_and_nothing_else(sqlite_url: str) -> None:
    """The limit on a process's files stands in for a full disk: the write fails the same way."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", FILL, sqlite_url, root], check=False)
    assert done.returncode == 0
    database = open_database(sqlite_url)
    with database.read() as unit:
        assert unit.accounts.by_login("before") is not None
        assert unit.accounts.by_login("after") is not None
        assert unit.accounts.by_login("many 0") is None
    database.close()
