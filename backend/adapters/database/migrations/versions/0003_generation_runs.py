"""Generation runs, their cohorts, the datasets that they leave, and the privacy ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LISTED = sa.text("passes AND retired_at IS NULL")


def upgrade() -> None:
    _runs()
    _cohorts()
    _what_is_kept()
    _datasets()
    _ledger()


def downgrade() -> None:
    raise RuntimeError("the schema goes forward only: restore a backup of the database instead")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    """64 bits: a seed, a size, or a moment in UTC microseconds."""
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=null)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=f"uq_{table}_{column}")


def _refers(
    table: str, column: str, to: str, *, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _runs() -> None:
    op.create_table(
        "runs",
        _text("id"),
        _text("requested_by", null=True),
        _small("kind"),
        _text("generator"),
        _text("setting"),
        _small("rows"),
        _text("title"),
        _text("description"),
        _real("epsilon", null=True),
        _real("delta", null=True),
        _whole("seed"),
        _bytes("salt"),
        _text("key_id"),
        _text("state"),
        _whole("requested_at"),
        _text("stage", null=True),
        _small("progress"),
        _small("attempts"),
        _whole("started_at", null=True),
        _whole("ended_at", null=True),
        _text("reason", null=True),
        _text("message", null=True),
        _key("runs", "id"),
        _refers("runs", "requested_by", "accounts", ondelete="SET NULL"),
        _unique("runs", "key_id"),
    )
    _index("runs", "requested_by")
    _index("runs", "state")
    op.create_index("ix_runs_requested_at", "runs", ["requested_at", "id"])


def _cohorts() -> None:
    op.create_table(
        "run_members",
        _text("run_id"),
        _text("contribution_id"),
        _text("account_id", null=True),
        _small("person"),
        _whole("windows"),
        _whole("withdrawn_at", null=True),
        _key("run_members", "run_id", "contribution_id"),
        _refers("run_members", "run_id", "runs"),
        _refers("run_members", "contribution_id", "contributions"),
        _refers("run_members", "account_id", "accounts", ondelete="SET NULL"),
    )
    _index("run_members", "contribution_id")
    _index("run_members", "account_id")


def _what_is_kept() -> None:
    op.create_table(
        "run_checkpoints",
        _text("run_id"),
        _bytes("sealed"),
        _whole("saved_at"),
        _key("run_checkpoints", "run_id"),
        _refers("run_checkpoints", "run_id", "runs"),
    )
    op.create_table(
        "run_contents",
        _text("run_id"),
        _text("cid"),
        _key("run_contents", "run_id", "cid"),
        _refers("run_contents", "run_id", "runs"),
    )
    _index("run_contents", "cid")


def _datasets() -> None:
    op.create_table(
        "datasets",
        _text("run_id"),
        sa.Column("passes", sa.Boolean(), nullable=False),
        _bytes("signed"),
        _bytes("signature"),
        _text("certificate_cid", null=True),
        _text("package_key_id"),
        _whole("package_size"),
        _whole("created_at"),
        _whole("retired_at", null=True),
        _key("datasets", "run_id"),
        _refers("datasets", "run_id", "runs"),
        _unique("datasets", "package_key_id"),
    )
    op.create_index(
        "ix_datasets_listed",
        "datasets",
        ["created_at", "run_id"],
        sqlite_where=_LISTED,
        postgresql_where=_LISTED,
    )


def _ledger() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "privacy_ledger",
        sa.Column("number", number, nullable=False),
        _text("account_id", null=True),
        _text("run_id"),
        _real("epsilon", null=True),
        _real("delta", null=True),
        _real("membership_high"),
        _whole("at"),
        _key("privacy_ledger", "number"),
        _refers("privacy_ledger", "account_id", "accounts", ondelete="SET NULL"),
        _refers("privacy_ledger", "run_id", "runs"),
    )
    _index("privacy_ledger", "account_id")
    _index("privacy_ledger", "run_id")
