"""Every table of the service. Nothing in them says anything about anyone's health in clear.

Personal columns are sealed bytes, passwords and tokens are hashes, fingerprints are keyed.
Money is whole base units, moments are UTC microseconds.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from backend.adapters.database.columns import UtcMicroseconds

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
}
_QUEUED = text("status IN ('waiting', 'running')")
_OWNED = text("contribution_number IS NOT NULL")
_UNFINISHED = text("state IN ('queued', 'running')")
ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite keeps the rows of a table in the order of an INTEGER key, without a second index."""


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """The base that carries the schema's own metadata."""


def _deferred(target: str, ondelete: str | None = None) -> ForeignKey:
    """A reference that is checked when the unit of work ends, so rows may come in any order."""
    return ForeignKey(target, ondelete=ondelete, deferrable=True, initially="DEFERRED")


class AccountRow(Table, table=True):
    __tablename__ = "accounts"

    id: str = Field(primary_key=True)
    login: str | None = Field(unique=True)
    role: str
    wallet: str = Field(unique=True)
    custodial: bool
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    sealed_profile: bytes
    sealed_wallet: bytes | None
    password_hash: str | None
    recovery_hash: str | None


class SessionRow(Table, table=True):
    __tablename__ = "sessions"

    token_hash: str = Field(primary_key=True)
    csrf_hash: str
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    expires_at: datetime = Field(sa_type=UtcMicroseconds, index=True)


class InvitationRow(Table, table=True):
    __tablename__ = "invitations"

    code_hash: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    expires_at: datetime = Field(sa_type=UtcMicroseconds)
    accepted_by: str | None = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)


class ChallengeRow(Table, table=True):
    __tablename__ = "challenges"

    nonce: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UtcMicroseconds, index=True)


class ConsentRow(Table, table=True):
    """`kinds` and `purposes` are the contracts' bit masks."""

    __tablename__ = "consents"

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    contributor: str
    kinds: int
    purposes: int
    custodial: bool
    expires_at: datetime = Field(sa_type=UtcMicroseconds)
    nonce: int = Field(sa_type=BigInteger)
    deadline: datetime = Field(sa_type=UtcMicroseconds)
    signature: bytes
    status: str
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    transaction_id: str | None = Field(sa_column_args=[_deferred("transactions.id")])
    reason: str | None


class ContributionRow(Table, table=True):
    """`account_id` is empty once its account was erased; `number` is for fingerprints alone."""

    __tablename__ = "contributions"
    __table_args__ = (UniqueConstraint("digest_sha256", "digest_codec"),)

    number: int | None = Field(default=None, sa_type=ROW_NUMBER, primary_key=True)
    id: str = Field(unique=True)
    account_id: str | None = Field(foreign_key="accounts.id", ondelete="SET NULL", index=True)
    contributor: str
    kind: int
    status: str = Field(index=True)
    key_id: str = Field(unique=True)
    cid: str
    digest_sha256: bytes
    digest_codec: int
    size: int = Field(sa_type=BigInteger)
    quality: int
    sealed_summary: bytes
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    lease_until: datetime = Field(sa_type=UtcMicroseconds)
    custodial: bool
    transaction_id: str | None = Field(sa_column_args=[_deferred("transactions.id")])
    anchored_at: datetime | None = Field(sa_type=UtcMicroseconds)
    reward: int | None = Field(sa_type=BigInteger)
    reason: str | None


class FingerprintRow(Table, table=True):
    """The first 64 bits of a keyed fingerprint: one of a million strikes another's by chance
    once in 10^13. Rows are in its order, so that none tells when it was claimed.
    """

    __tablename__ = "fingerprints"
    __table_args__ = (
        Index(
            "ix_fingerprints_contribution_number",
            "contribution_number",
            sqlite_where=_OWNED,
            postgresql_where=_OWNED,
        ),
    )

    fingerprint: int = Field(
        sa_type=ROW_NUMBER, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    contribution_number: int | None = Field(
        sa_type=BigInteger, sa_column_args=[_deferred("contributions.number", "SET NULL")]
    )


class JobRow(Table, table=True):
    """The same work is queued once: unique over name and key while it is unfinished."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_queued",
            "name",
            "key",
            unique=True,
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index("ix_jobs_status_run_at", "status", "run_at"),
    )

    id: str = Field(primary_key=True)
    name: str
    key: str
    status: str
    run_at: datetime = Field(sa_type=UtcMicroseconds)
    attempts: int
    lease_until: datetime | None = Field(sa_type=UtcMicroseconds)
    holder: str | None
    last_error: str | None


class TransactionRow(Table, table=True):
    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint("signer", "nonce"),
        Index("ix_transactions_purpose_subject", "purpose", "subject"),
    )

    id: str = Field(primary_key=True)
    signer: str
    nonce: int = Field(sa_type=BigInteger)
    purpose: str
    subject: str
    call_to: str
    call_data: bytes
    call_gas: int = Field(sa_type=BigInteger)
    status: str = Field(index=True)
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    confirmed_hash: str | None
    block_number: int | None = Field(sa_type=BigInteger, index=True)
    block_hash: str | None


class TransactionVersionRow(Table, table=True):
    """One signed version, kept before it is broadcast; `position` counts from 0."""

    __tablename__ = "transaction_versions"
    __table_args__ = (UniqueConstraint("transaction_id", "position"),)

    hash: str = Field(primary_key=True)
    transaction_id: str = Field(foreign_key="transactions.id", ondelete="CASCADE")
    position: int
    raw: bytes
    max_fee: int = Field(sa_type=BigInteger)
    priority_fee: int = Field(sa_type=BigInteger)
    signed_at: datetime = Field(sa_type=UtcMicroseconds)


class SignerNonceRow(Table, table=True):
    """The nonce each signer uses next; the row's lock is what makes allocation one by one."""

    __tablename__ = "signer_nonces"

    signer: str = Field(primary_key=True)
    next_nonce: int = Field(sa_type=BigInteger)


class AccessEntryRow(Table, table=True):
    __tablename__ = "access_entries"

    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", primary_key=True)
    sequence: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = Field(sa_type=UtcMicroseconds)
    actor: str
    subject: str
    purpose: str
    previous: bytes
    hash: bytes


class ErasureMarkRow(Table, table=True):
    """Refers to no other table: a mark outlives everything it speaks of."""

    __tablename__ = "erasure_marks"

    contribution_id: str = Field(primary_key=True)
    key_id: str
    digest_sha256: bytes
    digest_codec: int
    marked_at: datetime = Field(sa_type=UtcMicroseconds)


class ErasedAccountKeyRow(Table, table=True):
    __tablename__ = "erased_account_keys"

    key_id: str = Field(primary_key=True)
    marked_at: datetime = Field(sa_type=UtcMicroseconds)


class ErasedTrainingKeyRow(Table, table=True):
    """Keys of trainings and their models; like every mark it outlives what it speaks of."""

    __tablename__ = "erased_training_keys"

    key_id: str = Field(primary_key=True)
    marked_at: datetime = Field(sa_type=UtcMicroseconds)


class TrainingRow(Table, table=True):
    """An account has one unfinished training at most."""

    __tablename__ = "trainings"
    __table_args__ = (
        Index(
            "uq_trainings_unfinished",
            "account_id",
            unique=True,
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    key_id: str = Field(unique=True)
    seed: int = Field(sa_type=BigInteger)
    state: str = Field(index=True)
    requested_at: datetime = Field(sa_type=UtcMicroseconds)
    stage: str | None
    progress: int
    attempts: int
    started_at: datetime | None = Field(sa_type=UtcMicroseconds)
    ended_at: datetime | None = Field(sa_type=UtcMicroseconds)
    reason: str | None
    sealed_details: bytes | None


class TrainingSourceRow(Table, table=True):
    """What a training, and the model that it left, was derived from."""

    __tablename__ = "training_sources"

    training_id: str = Field(foreign_key="trainings.id", ondelete="CASCADE", primary_key=True)
    contribution_id: str = Field(
        foreign_key="contributions.id", ondelete="CASCADE", primary_key=True, index=True
    )


class TrainingCheckpointRow(Table, table=True):
    __tablename__ = "training_checkpoints"

    training_id: str = Field(foreign_key="trainings.id", ondelete="CASCADE", primary_key=True)
    sealed: bytes
    saved_at: datetime = Field(sa_type=UtcMicroseconds)


class GlucoseModelRow(Table, table=True):
    __tablename__ = "glucose_models"

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    training_id: str = Field(foreign_key="trainings.id", ondelete="CASCADE", unique=True)
    key_id: str = Field(unique=True)
    size: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcMicroseconds)
    sealed: bytes


class JournalEntryRow(Table, table=True):
    """Kind, moments and amounts are all inside `sealed`; `version` counts edits."""

    __tablename__ = "journal_entries"

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    version: int
    sealed: bytes


class FollowedBlockRow(Table, table=True):
    __tablename__ = "followed_blocks"

    number: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    hash: str
