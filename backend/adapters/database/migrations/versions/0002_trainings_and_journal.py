"""Trainings, what they learn from, their checkpoints and models, and the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    _trainings()
    _models()
    _journal()
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
    """64 bits: a seed, a size, or a moment in UTC microseconds."""
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=f"uq_{table}_{column}")


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    """Goes when what it belongs to goes."""
    name = f"fk_{table}_{column}_{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete="CASCADE")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _trainings() -> None:
    op.create_table(
        "trainings",
        _text("id"),
        _text("account_id"),
        _text("key_id"),
        _whole("seed"),
        _text("state"),
        _whole("requested_at"),
        _text("stage", null=True),
        _small("progress"),
        _small("attempts"),
        _whole("started_at", null=True),
        _whole("ended_at", null=True),
        _text("reason", null=True),
        _bytes("sealed_details", null=True),
        _key("trainings", "id"),
        _belongs("trainings", "account_id", "accounts"),
        _unique("trainings", "key_id"),
    )
    _index("trainings", "account_id")
    _index("trainings", "state")
    op.create_index(
        "uq_trainings_unfinished",
        "trainings",
        ["account_id"],
        unique=True,
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )
    op.create_table(
        "training_sources",
        _text("training_id"),
        _text("contribution_id"),
        _key("training_sources", "training_id", "contribution_id"),
        _belongs("training_sources", "training_id", "trainings"),
        _belongs("training_sources", "contribution_id", "contributions"),
    )
    _index("training_sources", "contribution_id")


def _models() -> None:
    op.create_table(
        "training_checkpoints",
        _text("training_id"),
        _bytes("sealed"),
        _whole("saved_at"),
        _key("training_checkpoints", "training_id"),
        _belongs("training_checkpoints", "training_id", "trainings"),
    )
    op.create_table(
        "glucose_models",
        _text("id"),
        _text("account_id"),
        _text("training_id"),
        _text("key_id"),
        _whole("size"),
        _whole("created_at"),
        _bytes("sealed"),
        _key("glucose_models", "id"),
        _belongs("glucose_models", "account_id", "accounts"),
        _belongs("glucose_models", "training_id", "trainings"),
        _unique("glucose_models", "training_id"),
        _unique("glucose_models", "key_id"),
    )
    _index("glucose_models", "account_id")


def _journal() -> None:
    op.create_table(
        "journal_entries",
        _text("id"),
        _text("account_id"),
        _small("version"),
        _bytes("sealed"),
        _key("journal_entries", "id"),
        _belongs("journal_entries", "account_id", "accounts"),
    )
    _index("journal_entries", "account_id")


def _marks() -> None:
    op.create_table(
        "erased_training_keys",
        _text("key_id"),
        _whole("marked_at"),
        _key("erased_training_keys", "key_id"),
    )
