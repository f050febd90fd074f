"""Connections to SQLite and PostgreSQL, set up so that both keep the same promises.

SQLite: WAL, synchronous=FULL (a commit is on disk when it returns), foreign keys, a busy
timeout, and secure_delete, which overwrites deleted rows with zeros. What a deleted row held
stays in the write-ahead log until the next checkpoint (the last connection to close makes one).
PostgreSQL keeps deleted rows until VACUUM and in its archived log. Both hold only sealed bytes
and hashes of anything personal, so what lingers opens for nobody once the key is destroyed.
"""

import sqlite3
from dataclasses import dataclass

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from backend.domain.errors import MisconfiguredService

BUSY_S = 5
LONGEST_TURN_S = 30
"""How long a unit of work waits for its turn among those of its own process."""
LONGEST_WAIT_S = 60
"""How long a migration waits for another process's."""
_SQLITE = (
    f"PRAGMA busy_timeout = {BUSY_S * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
_POSTGRES = {
    "connect_timeout": BUSY_S,
    "application_name": "vitalmint",
    "tcp_user_timeout": 15_000,
    "options": (
        f"-c lock_timeout={BUSY_S * 1000} -c statement_timeout=60000"
        " -c idle_in_transaction_session_timeout=120000"
        " -c synchronous_commit=on -c timezone=UTC"
    ),
}


@dataclass(frozen=True)
class Engines:
    """One for units that write, one for units that only read."""

    writing: Engine
    reading: Engine

    def close(self) -> None:
        self.writing.dispose()
        self.reading.dispose()


def database_url(text: str) -> URL:
    """The URL with the driver that is used here, or `MisconfiguredService`."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise _fault("is not a URL") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise _fault("names no file")
        return url.set(drivername="sqlite+pysqlite")
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    raise _fault(f"is for {url.drivername}, which is not supported")


def open_engines(url: URL) -> Engines:
    """Engines that connect on first use."""
    if url.get_backend_name() == "sqlite":
        return Engines(_sqlite(url, "BEGIN IMMEDIATE"), _sqlite(url, "BEGIN", read_only=True))
    engine = _postgres(url)
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(engine.execution_options(isolation_level="READ COMMITTED"), snapshot)


def migration_engine(url: URL) -> Engine:
    """One that takes the whole file, and lets tables be rebuilt (no foreign keys meanwhile)."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, "BEGIN IMMEDIATE", migrating=True)
    return _postgres(url)


def _fault(what: str) -> MisconfiguredService:
    examples = "sqlite:///vitalmint.db or postgresql://user@host/name"
    return MisconfiguredService((f"VITALMINT_DATABASE_URL {what}: write {examples}",))


def _sqlite(url: URL, begin: str, *, read_only: bool = False, migrating: bool = False) -> Engine:
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=20, max_overflow=-1, hide_parameters=True
    )
    extra = ["PRAGMA query_only = ON"] if read_only else []
    if migrating:
        extra += ["PRAGMA foreign_keys = OFF", f"PRAGMA busy_timeout = {LONGEST_WAIT_S * 1000}"]

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in (*_SQLITE, *extra):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: URL) -> Engine:
    return create_engine(
        url,
        connect_args=_POSTGRES,
        hide_parameters=True,
        max_overflow=20,
        pool_pre_ping=True,
        pool_size=10,
        pool_timeout=LONGEST_TURN_S,
    )
