"""The tables of generation runs: plans, cohorts, what was published, and what it cost whom."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, Index, text
from sqlmodel import Field

from backend.adapters.database.columns import UtcMicroseconds
from backend.adapters.database.tables import ROW_NUMBER, Table

_LISTED = text("passes AND retired_at IS NULL")


class RunRow(Table, table=True):
    """`requested_by` is empty once that operator's account was erased."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_requested_at", "requested_at", "id"),)

    id: str = Field(primary_key=True)
    requested_by: str | None = Field(foreign_key="accounts.id", ondelete="SET NULL", index=True)
    kind: int
    generator: str
    setting: str
    rows: int
    title: str
    description: str
    epsilon: float | None = Field(sa_type=Float)
    delta: float | None = Field(sa_type=Float)
    seed: int = Field(sa_type=BigInteger)
    salt: bytes
    key_id: str = Field(unique=True)
    state: str = Field(index=True)
    requested_at: datetime = Field(sa_type=UtcMicroseconds)
    stage: str | None
    progress: int
    attempts: int
    started_at: datetime | None = Field(sa_type=UtcMicroseconds)
    ended_at: datetime | None = Field(sa_type=UtcMicroseconds)
    reason: str | None
    message: str | None


class RunMemberRow(Table, table=True):
    """`account_id` is empty once the account was erased; `person` counts people all the same."""

    __tablename__ = "run_members"

    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", primary_key=True)
    contribution_id: str = Field(
        foreign_key="contributions.id", ondelete="CASCADE", primary_key=True, index=True
    )
    account_id: str | None = Field(foreign_key="accounts.id", ondelete="SET NULL", index=True)
    person: int
    windows: int = Field(sa_type=BigInteger)
    withdrawn_at: datetime | None = Field(sa_type=UtcMicroseconds)


class RunLeftOutRow(Table, table=True):
    """A contribution that could not be opened, and is of the run's cohort no more."""

    __tablename__ = "run_left_out"

    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", primary_key=True)
    contribution_id: str = Field(
        foreign_key="contributions.id", ondelete="CASCADE", primary_key=True, index=True
    )
    reason: str


class RunCheckpointRow(Table, table=True):
    __tablename__ = "run_checkpoints"

    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", primary_key=True)
    sealed: bytes
    saved_at: datetime = Field(sa_type=UtcMicroseconds)


class RunContentRow(Table, table=True):
    """What a run is about to put, or has put, into the content store."""

    __tablename__ = "run_contents"

    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", primary_key=True)
    cid: str = Field(primary_key=True, index=True)


class DatasetRow(Table, table=True):
    """`passes` is the certificate's own judgement, written out so that lists can be searched."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index(
            "ix_datasets_listed",
            "created_at",
            "run_id",
            sqlite_where=_LISTED,
            postgresql_where=_LISTED,
        ),
    )

    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", primary_key=True)
    passes: bool
    signed: bytes
    signature: bytes
    certificate_cid: str | None
    package_key_id: str = Field(unique=True)
    package_size: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    retired_at: datetime | None = Field(sa_type=UtcMicroseconds)


class LedgerEntryRow(Table, table=True):
    """What one release cost one contributor; it outlives the account, without its name."""

    __tablename__ = "privacy_ledger"

    number: int | None = Field(default=None, sa_type=ROW_NUMBER, primary_key=True)
    account_id: str | None = Field(foreign_key="accounts.id", ondelete="SET NULL", index=True)
    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE", index=True)
    epsilon: float | None = Field(sa_type=Float)
    delta: float | None = Field(sa_type=Float)
    membership_high: float = Field(sa_type=Float)
    at: datetime = Field(sa_type=UtcMicroseconds)
