"""The first schema: people, consents, contributions, work, transactions, marks of erasure."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_QUEUED = sa.text("status IN ('waiting', 'running')")
_OWNED = sa.text("contribution_number IS NOT NULL")
_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people()
    _access()
    _transactions()
    _consents()
    _contributions()
    _work()
    _marks()


def downgrade() -> None:
    raise RuntimeError("the schema goes forward only: restore a backup of the database instead")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _bytes(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    """64 bits: a count, an amount in base units, or a moment in UTC microseconds."""
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _refers(
    table: str, column: str, to: str, ondelete: str | None, *, key: str = "id"
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=name, ondelete=ondelete)


def _refers_later(
    table: str, column: str, to: str, ondelete: str | None, *, key: str = "id"
) -> sa.Constraint:
    """Checked at the end of the unit of work."""
    reference = _refers(table, column, to, ondelete, key=key)
    reference.deferrable, reference.initially = True, "DEFERRED"
    return reference


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _people() -> None:
    op.create_table(
        "accounts",
        _text("id"),
        _text("login", null=True),
        _text("role"),
        _text("wallet"),
        _flag("custodial"),
        _whole("created_at"),
        _bytes("sealed_profile"),
        _bytes("sealed_wallet", null=True),
        _text("password_hash", null=True),
        _text("recovery_hash", null=True),
        _key("accounts", "id"),
        _unique("accounts", "login"),
        _unique("accounts", "wallet"),
    )
    op.create_table(
        "sessions",
        _text("token_hash"),
        _text("csrf_hash"),
        _text("account_id"),
        _whole("created_at"),
        _whole("expires_at"),
        _key("sessions", "token_hash"),
        _refers("sessions", "account_id", "accounts", "CASCADE"),
    )
    _index("sessions", "account_id")
    _index("sessions", "expires_at")


def _access() -> None:
    op.create_table(
        "invitations",
        _text("code_hash"),
        _text("patient_id"),
        _whole("expires_at"),
        _text("accepted_by", null=True),
        _key("invitations", "code_hash"),
        _refers("invitations", "patient_id", "accounts", "CASCADE"),
        _refers("invitations", "accepted_by", "accounts", "CASCADE"),
    )
    _index("invitations", "patient_id")
    _index("invitations", "accepted_by")
    op.create_table("challenges", _text("nonce"), _whole("expires_at"), _key("challenges", "nonce"))
    _index("challenges", "expires_at")
    op.create_table(
        "access_entries",
        _text("account_id"),
        _whole("sequence"),
        _whole("at"),
        _text("actor"),
        _text("subject"),
        _text("purpose"),
        _bytes("previous"),
        _bytes("hash"),
        _key("access_entries", "account_id", "sequence"),
        _refers("access_entries", "account_id", "accounts", "CASCADE"),
    )


def _transactions() -> None:
    op.create_table(
        "transactions",
        _text("id"),
        _text("signer"),
        _whole("nonce"),
        _text("purpose"),
        _text("subject"),
        _text("call_to"),
        _bytes("call_data"),
        _whole("call_gas"),
        _text("status"),
        _whole("created_at"),
        _text("confirmed_hash", null=True),
        _whole("block_number", null=True),
        _text("block_hash", null=True),
        _key("transactions", "id"),
        _unique("transactions", "signer", "nonce"),
    )
    _index("transactions", "purpose", "subject")
    _index("transactions", "status")
    _index("transactions", "block_number")
    op.create_table(
        "transaction_versions",
        _text("hash"),
        _text("transaction_id"),
        _small("position"),
        _bytes("raw"),
        _whole("max_fee"),
        _whole("priority_fee"),
        _whole("signed_at"),
        _key("transaction_versions", "hash"),
        _unique("transaction_versions", "transaction_id", "position"),
        _refers("transaction_versions", "transaction_id", "transactions", "CASCADE"),
    )
    op.create_table(
        "signer_nonces", _text("signer"), _whole("next_nonce"), _key("signer_nonces", "signer")
    )


def _consents() -> None:
    op.create_table(
        "consents",
        _text("id"),
        _text("account_id"),
        _text("contributor"),
        _small("kinds"),
        _small("purposes"),
        _flag("custodial"),
        _whole("expires_at"),
        _whole("nonce"),
        _whole("deadline"),
        _bytes("signature"),
        _text("status"),
        _whole("created_at"),
        _text("transaction_id", null=True),
        _text("reason", null=True),
        _key("consents", "id"),
        _refers("consents", "account_id", "accounts", "CASCADE"),
        _refers_later("consents", "transaction_id", "transactions", None),
    )
    _index("consents", "account_id")


def _contributions() -> None:
    op.create_table(
        "contributions",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        _text("id"),
        _text("account_id", null=True),
        _text("contributor"),
        _small("kind"),
        _text("status"),
        _text("key_id"),
        _text("cid"),
        _bytes("digest_sha256"),
        _small("digest_codec"),
        _whole("size"),
        _small("quality"),
        _bytes("sealed_summary"),
        _whole("created_at"),
        _whole("lease_until"),
        _flag("custodial"),
        _text("transaction_id", null=True),
        _whole("anchored_at", null=True),
        _whole("reward", null=True),
        _text("reason", null=True),
        _key("contributions", "number"),
        _unique("contributions", "id"),
        _unique("contributions", "key_id"),
        _unique("contributions", "digest_sha256", "digest_codec"),
        _refers("contributions", "account_id", "accounts", "SET NULL"),
        _refers_later("contributions", "transaction_id", "transactions", None),
    )
    _index("contributions", "account_id")
    _index("contributions", "status")
    op.create_table(
        "fingerprints",
        sa.Column("fingerprint", _ROW_NUMBER, autoincrement=False, nullable=False),
        _whole("contribution_number", null=True),
        _key("fingerprints", "fingerprint"),
        _refers_later(
            "fingerprints", "contribution_number", "contributions", "SET NULL", key="number"
        ),
    )
    op.create_index(
        "ix_fingerprints_contribution_number",
        "fingerprints",
        ["contribution_number"],
        sqlite_where=_OWNED,
        postgresql_where=_OWNED,
    )


def _work() -> None:
    op.create_table(
        "jobs",
        _text("id"),
        _text("name"),
        _text("key"),
        _text("status"),
        _whole("run_at"),
        _small("attempts"),
        _whole("lease_until", null=True),
        _text("holder", null=True),
        _text("last_error", null=True),
        _key("jobs", "id"),
    )
    _index("jobs", "status", "run_at")
    op.create_index(
        "uq_jobs_queued",
        "jobs",
        ["name", "key"],
        unique=True,
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )


def _marks() -> None:
    op.create_table(
        "erasure_marks",
        _text("contribution_id"),
        _text("key_id"),
        _bytes("digest_sha256"),
        _small("digest_codec"),
        _whole("marked_at"),
        _key("erasure_marks", "contribution_id"),
    )
    op.create_table(
        "erased_account_keys",
        _text("key_id"),
        _whole("marked_at"),
        _key("erased_account_keys", "key_id"),
    )
    op.create_table(
        "followed_blocks", _whole("number"), _text("hash"), _key("followed_blocks", "number")
    )
