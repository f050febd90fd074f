"""The migrations make exactly what the tables say, once, wholly or not at all."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, insert, text

from backend.adapters.database import schema
from backend.adapters.database.engines import database_url as read_url
from backend.adapters.database.engines import migration_engine, open_engines
from backend.adapters.database.run_mapping import member_columns
from backend.adapters.database.run_tables import RunMemberRow
from backend.adapters.database.schema import NEWEST, alembic_config, revision_of, upgrade
from backend.adapters.database.tables import Table
from backend.adapters.database.unit_of_work import open_database
from backend.domain.contribution import Status
from backend.domain.errors import DatabaseUnavailable
from backend.domain.generation import LeftOut, Member
from tests.ports.database_samples import NOW, account, contribution
from tests.ports.test_database_runs import run

PROCESS = Path(__file__).with_name("database_process.py")


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path}/empty.db"


@pytest.fixture(params=["empty_sqlite_url", "empty_postgres_url"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A place where nothing was ever migrated, on each engine."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    """A plain engine on a migrated database."""
    engine = create_engine(read_url(database_url))
    yield engine
    engine.dispose()


def described(connection: Connection) -> set[tuple[str, ...]]:
    """Every table, index and constraint of a database, as the engine itself puts it."""
    if connection.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%'"
    else:
        query = """
            SELECT table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
            WHERE schemaname = 'public'
            UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        """
    rows = connection.execute(text(query)).all()
    return {
        tuple(canonical(str(cell)) for cell in row)
        for row in rows
        if not any("alembic" in str(cell) for cell in row)
    }


def canonical(sql: str) -> str:
    """One line of single spaces; of CREATE TABLE the parts in the order of the alphabet."""
    words = " ".join(sql.replace('"', "").split())
    head, opened, body = words.partition(" (")
    if not head.startswith("CREATE TABLE"):
        return words
    return head + opened + " | ".join(sorted(part.strip() for part in body.split(", ")))


def test_the_migrations_and_the_tables_do_not_differ(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


@pytest.mark.parametrize(
    ("migrated_url", "fresh_url"),
    [("sqlite_url", "empty_sqlite_url"), ("postgres_url", "empty_postgres_url")],
)
def test_down_to_every_index_and_reference_they_do_not_differ(
    migrated_url: str, fresh_url: str, request: pytest.FixtureRequest
) -> None:
    """What Alembic's comparison overlooks: partial indexes, deferred references, row ids."""
    migrated = create_engine(read_url(request.getfixturevalue(migrated_url)))
    with migrated.connect() as connection:
        made = described(connection)
    migrated.dispose()
    fresh = create_engine(read_url(request.getfixturevalue(fresh_url)))
    with fresh.begin() as connection:
        Table.metadata.create_all(connection)
        meant = described(connection)
    fresh.dispose()
    assert made == meant
    assert len(meant) > len(Table.metadata.tables)


def test_the_newest_revision_is_the_one_the_service_expects(tmp_path: Path) -> None:
    engine = migration_engine(read_url(f"sqlite:///{tmp_path}/any.db"))
    with engine.begin() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
    engine.dispose()
    assert script.get_heads() == [NEWEST]


def test_a_database_is_ready_only_when_it_is_migrated(empty_url: str) -> None:
    database = open_database(empty_url)
    with pytest.raises(DatabaseUnavailable, match=f"missing.*{NEWEST}"):
        database.ping()
    upgrade(empty_url)
    database.ping()
    database.close()


def test_a_database_of_another_version_is_not_ready(database_url: str) -> None:
    engine = create_engine(read_url(database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    database = open_database(database_url)
    with pytest.raises(DatabaseUnavailable, match="9999"):
        database.ping()
    database.close()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    database = open_database(empty_url)
    with database.write() as unit:
        unit.accounts.add(account("ada"))
    upgrade(empty_url)
    with database.read() as unit:
        assert unit.accounts.by_login("ada") == account("ada")
    database.close()


def test_a_run_that_was_under_way_comes_through_the_migration_and_may_lose_a_record(
    empty_url: str,
) -> None:
    """From the revision that knew no records left out of runs."""
    upgrade(empty_url, "0003")
    database = open_database(empty_url)
    ada, record = account("ada"), contribution("hers", account("ada"), status=Status.ANCHORED)
    begun, members = run("r", requested_by=ada.id), [Member(record.id, ada.id, 0)]
    with database.write() as unit:
        unit.accounts.add(ada)
        unit.contributions.add(record)
        unit.runs.add(begun)
    engine = create_engine(read_url(empty_url))
    with engine.begin() as connection:
        connection.execute(insert(RunMemberRow), [member_columns(begun.id, *members)])
    engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="0003"):
        database.ping()
    upgrade(empty_url)
    database.ping()
    with database.write() as unit:
        assert unit.runs.unfinished() == [begun]
        assert unit.runs.members(begun.id) == members and unit.runs.left_out(begun.id, most=9) == []
        unit.runs.leave_out(begun.id, [LeftOut(record.id, "content_missing")])
        assert unit.runs.members(begun.id) == []
        unit.contributions.delete(record.id)
        assert unit.runs.left_out(begun.id, most=9) == []
    database.close()


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    command = [sys.executable, str(PROCESS), "migrate", empty_url]
    together = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in together] == [0] * 3
    database = open_database(empty_url)
    database.ping()
    database.close()


def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A last revision that makes one table and then breaks: none of them is there."""
    folder = tmp_path / "migrations"
    versions = folder / "versions"
    versions.mkdir(parents=True)
    ours = Path(schema.__file__).with_name("migrations")
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((ours / name).read_text())
    for revision in (ours / "versions").glob("0*.py"):
        (versions / revision.name).write_text(revision.read_text())
    (versions / "9999_breaks.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9999', '{NEWEST}'\n"
        "def upgrade():\n"
        "    op.create_table('extra', sa.Column('id', sa.String()))\n"
        "    op.execute('SELECT one FROM nowhere')\n"
    )
    monkeypatch.setattr(schema, "_FOLDER", folder)
    with pytest.raises(Exception, match="nowhere"):
        upgrade(empty_url)
    engine = create_engine(read_url(empty_url))
    with engine.connect() as connection:
        assert revision_of(connection) is None
        assert described(connection) == set()
    engine.dispose()


def test_the_file_of_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "vitalmint.db"
    upgrade(f"sqlite:///{path}")
    database = open_database(f"sqlite:///{path}")
    with database.write() as unit:
        unit.accounts.add(account("ada"))
        files = list(path.parent.iterdir())
        assert path.with_name("vitalmint.db-wal") in files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    database.close()


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match="cannot be made"):
        upgrade(f"sqlite:///{tmp_path}/file/vitalmint.db")


def test_sqlite_keeps_a_commit_through_a_power_cut(sqlite_url: str) -> None:
    """WAL with synchronous=FULL, foreign keys, and nothing of a deleted row in free pages."""
    engines = open_engines(read_url(sqlite_url))
    for engine in (engines.writing, engines.reading):
        with engine.connect() as connection:
            found = {
                name: connection.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            }
            busy = connection.execute(text("PRAGMA busy_timeout")).scalar()
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "secure_delete": 1,
        }
        assert busy == 5_000
    engines.close()


def test_nothing_of_an_erased_account_stays_in_the_file(sqlite_url: str) -> None:
    secret = b"sealed bytes that are to vanish"
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    database = open_database(sqlite_url)
    with database.write() as unit:
        unit.accounts.add(account("ada", sealed_profile=secret * 300, login="ada of the tests"))
        unit.access_log.append(
            account("ada").id, at=NOW, actor="an actor", subject="a subject", purpose="read"
        )
    database.close()
    assert secret in path.read_bytes()
    again = open_database(sqlite_url)
    with again.write() as unit:
        unit.accounts.delete(account("ada").id)
    again.close()
    left = path.read_bytes()
    assert secret not in left and b"ada of the tests" not in left and b"an actor" not in left
    assert not path.with_name(path.name + "-wal").exists()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
