"""The database port over SQLite or PostgreSQL: all of a unit is written, or none of it.

A writing unit holds SQLite's one write lock from its first moment. On PostgreSQL it runs at
READ COMMITTED and every row that it looks up one by one is locked until it ends, so that what
it read is still so when it writes. A reading unit sees one snapshot and cannot write.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Engine, text
from sqlmodel import Session

from backend.adapters.database.engines import (
    LONGEST_TURN_S,
    Engines,
    database_url,
    open_engines,
)
from backend.adapters.database.faults import domain_errors
from backend.adapters.database.repositories.access_log import SqlAccessLog
from backend.adapters.database.repositories.accounts import SqlAccounts
from backend.adapters.database.repositories.challenges import SqlChallenges
from backend.adapters.database.repositories.consents import SqlConsents
from backend.adapters.database.repositories.contributions import SqlContributions
from backend.adapters.database.repositories.cursor import SqlChainCursor
from backend.adapters.database.repositories.datasets import SqlDatasets
from backend.adapters.database.repositories.erasures import SqlErasures
from backend.adapters.database.repositories.fingerprints import SqlFingerprints
from backend.adapters.database.repositories.glucose_models import SqlGlucoseModels
from backend.adapters.database.repositories.invitations import SqlInvitations
from backend.adapters.database.repositories.jobs import SqlJobs
from backend.adapters.database.repositories.journal import SqlJournal
from backend.adapters.database.repositories.privacy_ledger import SqlPrivacyLedger
from backend.adapters.database.repositories.run_checkpoints import SqlRunCheckpoints
from backend.adapters.database.repositories.runs import SqlRuns
from backend.adapters.database.repositories.sessions import SqlSessions
from backend.adapters.database.repositories.training_checkpoints import SqlTrainingCheckpoints
from backend.adapters.database.repositories.trainings import SqlTrainings
from backend.adapters.database.repositories.transactions import SqlTransactions
from backend.adapters.database.rows import Rows
from backend.adapters.database.schema import NEWEST, revision_of
from backend.domain.errors import DatabaseUnavailable
from backend.ports.unit_of_work import UnitOfWork


class SqlUnitOfWork:
    """One transaction's repositories; of no use after it."""

    def __init__(self, rows: Rows) -> None:
        self.accounts = SqlAccounts(rows)
        self.sessions = SqlSessions(rows)
        self.invitations = SqlInvitations(rows)
        self.challenges = SqlChallenges(rows)
        self.consents = SqlConsents(rows)
        self.contributions = SqlContributions(rows)
        self.fingerprints = SqlFingerprints(rows)
        self.jobs = SqlJobs(rows)
        self.transactions = SqlTransactions(rows)
        self.access_log = SqlAccessLog(rows)
        self.erasures = SqlErasures(rows)
        self.trainings = SqlTrainings(rows)
        self.training_checkpoints = SqlTrainingCheckpoints(rows)
        self.glucose_models = SqlGlucoseModels(rows)
        self.runs = SqlRuns(rows)
        self.run_checkpoints = SqlRunCheckpoints(rows)
        self.datasets = SqlDatasets(rows)
        self.privacy_ledger = SqlPrivacyLedger(rows)
        self.journal = SqlJournal(rows)
        self.cursor = SqlChainCursor(rows)


class Turns:
    """SQLite has one writer: the threads of this process queue instead of polling its file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for the turn; a second one inside the first would wait for itself for ever."""
        if self._holder == threading.get_ident():
            raise RuntimeError("this thread writes in a unit of work already: end that one first")
        if not self._lock.acquire(timeout=LONGEST_TURN_S):
            raise DatabaseUnavailable("the database is busy with other units of work: try again")
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()


class SqlDatabase:
    """Implements `backend.ports.unit_of_work.Database`; close it when done."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._turns = Turns() if engines.writing.dialect.name == "sqlite" else None

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        turn: AbstractContextManager[None] = self._turns.one() if self._turns else nullcontext()
        with turn, self._unit(self._engines.writing, writing=True) as unit:
            yield unit

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with self._unit(self._engines.reading, writing=False) as unit:
            yield unit

    @contextmanager
    def _unit(self, engine: Engine, *, writing: bool) -> Iterator[UnitOfWork]:
        """One transaction, begun at once; its session cannot be used again afterwards."""
        with domain_errors(), Session(engine, close_resets_only=False) as session, session.begin():
            session.connection()
            yield SqlUnitOfWork(Rows(session, writing=writing))

    def ping(self) -> None:
        with domain_errors(), self._engines.reading.connect() as connection:
            connection.execute(text("SELECT 1"))
            found = revision_of(connection)
        if found != NEWEST:
            raise DatabaseUnavailable(
                f"the database's schema is {found or 'missing'} and this version needs {NEWEST}: "
                "run `vitalmint migrate`"
            )

    def close(self) -> None:
        """Let go of every connection; the last one of a SQLite file empties its log."""
        self._engines.close()


def open_database(url: str) -> SqlDatabase:
    """The database at `url`, which `schema.upgrade` has brought up to date; connects on use."""
    return SqlDatabase(open_engines(database_url(url)))
