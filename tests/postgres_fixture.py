"""A PostgreSQL server for the tests, in a temporary folder; every test finds it empty.

Needs initdb and pg_ctl (Debian's package `postgresql`), on the PATH or where Debian puts them.
PostgreSQL refuses to run as root, so root starts it as the user `postgres`.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from backend.adapters.database.schema import NEWEST, upgrade
from backend.adapters.database.tables import Table

_MIGRATED = "vitalmint"
_SETTINGS = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB "
    "-c max_connections=150 -c listen_addresses= "
)
_END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class PostgresServer:
    """A running server that listens on a socket in its own folder and nowhere else."""

    folder: Path
    binaries: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def control(self, *arguments: str) -> None:
        command = [self.binaries / "pg_ctl", "-D", self.folder / "data", "-w", *arguments]
        _run(command, cwd=self.folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The session's server, with one migrated database; skipped where none can run."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: `apt-get install postgresql`")
    folder = Path(tempfile.mkdtemp(prefix="vitalmint-pg-"))
    server = PostgresServer(folder, binaries)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        owner = ["-U", "postgres", "-A", "trust"]
        text = ["--locale=C", "--encoding=UTF8"]
        _run([binaries / "initdb", "-D", data, "-N", *owner, *text], cwd=folder)
        server.control("-l", str(folder / "log"), "-o", f"{_SETTINGS} -k {folder}", "start")
        try:
            server.execute(f"CREATE DATABASE {_MIGRATED}")
            upgrade(server.url(_MIGRATED))
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated, empty database; emptied again afterwards, which is far quicker than a new one."""
    url = postgres_server.url(_MIGRATED)
    yield url
    with psycopg.connect(url) as connection:
        connection.execute(_END_THE_OTHERS)
        for table in reversed(Table.metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}")
        connection.execute("UPDATE alembic_version SET version_num = %s", [NEWEST])


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database in which nothing was ever migrated."""
    name = f"test_{uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _binaries() -> Path | None:
    """The folder of initdb and pg_ctl, the newest version first where several are installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    found = shutil.which("initdb")
    on_path = [Path(found).resolve().parent] if found else []
    for folder in (*on_path, *debian):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _run(command: Sequence[str | Path], *, cwd: Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(words)} failed:\n{done.stdout}{done.stderr}")
