"""The database as units of work: all of one is written, or none of it."""

from contextlib import AbstractContextManager
from typing import Protocol

from backend.ports.repositories import (
    AccessLog,
    Accounts,
    ChainCursor,
    Challenges,
    Consents,
    Contributions,
    Erasures,
    Fingerprints,
    Invitations,
    Jobs,
    Journal,
    Sessions,
    StoredGlucoseModels,
    TrainingCheckpoints,
    Trainings,
    Transactions,
)
from backend.ports.run_repositories import Datasets, PrivacyLedger, RunCheckpoints, Runs


class UnitOfWork(Protocol):
    """One transaction's repositories."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def challenges(self) -> Challenges: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def contributions(self) -> Contributions: ...
    @property
    def fingerprints(self) -> Fingerprints: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def transactions(self) -> Transactions: ...
    @property
    def access_log(self) -> AccessLog: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def trainings(self) -> Trainings: ...
    @property
    def training_checkpoints(self) -> TrainingCheckpoints: ...
    @property
    def glucose_models(self) -> StoredGlucoseModels: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def run_checkpoints(self) -> RunCheckpoints: ...
    @property
    def datasets(self) -> Datasets: ...
    @property
    def privacy_ledger(self) -> PrivacyLedger: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def cursor(self) -> ChainCursor: ...


class Database(Protocol):
    """Commits when the block ends, rolls back when it raises, then the error goes on."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """A unit that may write; on SQLite the write lock is taken at once."""
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A unit that only reads, from one consistent snapshot."""
        ...

    def ping(self) -> None:
        """Return when the database answers and its schema is the newest."""
        ...
