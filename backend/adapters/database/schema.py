"""The schema's history: bring a database to the newest revision, or say where it stands."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, inspect, text

from backend.adapters.database.engines import LONGEST_WAIT_S, database_url, migration_engine
from backend.adapters.database.faults import domain_errors
from backend.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0004"
"""What this version of the service works with; the tests compare it with the migrations."""

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x566D4D67
"""Every process that migrates a PostgreSQL database asks for the advisory lock of this number."""


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database to `revision`: wholly, or not at all. One process at a time does it."""
    target = database_url(url)
    _own_file(target)
    engine = migration_engine(target)
    try:
        with domain_errors():
            _upgrade(engine, revision)
    finally:
        engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at; None when it was never migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings, without a file: our migrations, over this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _own_file(url: URL) -> None:
    """A new SQLite file can be read by its owner only."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            f"the database file {path} cannot be made ({error.strerror}): check its folder"
        ) from error


def _upgrade(engine: Engine, revision: str) -> None:
    # Alembic is needed here alone: the API process answers without ever importing it.
    from alembic import command

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(alembic_config(connection), revision)
        if engine.dialect.name == "sqlite":
            _check_references(connection)


def _check_references(connection: Connection) -> None:
    """SQLite checks no reference while tables are rebuilt; this does, before the commit."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise DatabaseUnavailable(
            f"the migration was undone, because {len(broken)} rows of {broken[0][0]} would refer "
            "to nothing: restore the database from its backup"
        )
