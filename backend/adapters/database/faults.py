"""What the database refuses, in the domain's own errors; no value of a row is repeated."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.domain.errors import (
    AccountExists,
    Conflict,
    DatabaseUnavailable,
    InvalidField,
    NotFound,
    VitalMintError,
)

_BUSY = "the database was busy for too long with another unit of work: try again"
_FULL = "the database has no room left on its disk: free some, then try again; nothing was written"
_GONE = "the database cannot be reached: start it or check VITALMINT_DATABASE_URL, then try again"
_READ_ONLY = "the database can only be read: check the rights on its file, or on its server"

_SQLITE_SAYS = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CANTOPEN: _GONE,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
}
_POSTGRES_SAYS: dict[type[psycopg.Error], str] = {
    psycopg.errors.LockNotAvailable: _BUSY,
    psycopg.errors.DeadlockDetected: _BUSY,
    psycopg.errors.SerializationFailure: _BUSY,
    psycopg.errors.QueryCanceled: _BUSY,
    psycopg.errors.TooManyConnections: _BUSY,
    psycopg.errors.DiskFull: _FULL,
    psycopg.errors.ReadOnlySqlTransaction: _READ_ONLY,
}
_UNIQUE = "UNIQUE constraint failed"
_PRIMARY_CODE = 0xFF


@contextmanager
def domain_errors() -> Iterator[None]:
    """Turn the engine's errors into the domain's; whatever else is raised passes untouched."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        translated = _translate(error)
        if translated is None:
            raise
        # What PostgreSQL says of a broken rule quotes the row, so it goes no further.
        raise translated from (None if isinstance(error, IntegrityError) else error)


def _translate(error: DBAPIError | PoolTimeout) -> VitalMintError | None:
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable(_BUSY)
    cause = error.orig
    if isinstance(error, IntegrityError):
        return _broken_rule(cause)
    if isinstance(error, DataError):
        return InvalidField("text", "the database cannot hold this value: use shorter, plain text")
    if isinstance(cause, psycopg.Error) and type(cause) in _POSTGRES_SAYS:
        return DatabaseUnavailable(_POSTGRES_SAYS[type(cause)])
    if isinstance(cause, sqlite3.Error):
        return _sqlite_fault(cause)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return DatabaseUnavailable(_GONE)
    return None


def _sqlite_fault(cause: sqlite3.Error) -> VitalMintError | None:
    if not isinstance(cause, sqlite3.OperationalError | sqlite3.DatabaseError):
        return None
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    return DatabaseUnavailable(_SQLITE_SAYS.get(code, f"the database failed: {cause}"))


def _broken_rule(cause: BaseException | None) -> VitalMintError | None:
    """A row that is there already, or one whose owner is gone."""
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return _taken(cause.diag.table_name or "")
    if isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return _orphan()
    text = str(cause)
    if text.startswith(_UNIQUE):
        return _taken(text.removeprefix(_UNIQUE).strip(": ").partition(".")[0])
    return _orphan() if text.startswith("FOREIGN KEY") else None


def _taken(table: str) -> Conflict:
    if table == "accounts":
        return AccountExists("this id or wallet has an account already: log in, or take another")
    return Conflict(f"an entry of {table or 'the database'} with this name is there already")


def _orphan() -> NotFound:
    return NotFound("what this belongs to is not there any more: it was erased, or never was")
