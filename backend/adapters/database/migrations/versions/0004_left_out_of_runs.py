"""What generation runs do without, because it could not be opened."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_left_out",
        _text("run_id"),
        _text("contribution_id"),
        _text("reason"),
        sa.PrimaryKeyConstraint("run_id", "contribution_id", name="pk_run_left_out"),
        _refers("run_id", "runs"),
        _refers("contribution_id", "contributions"),
    )
    op.create_index("ix_run_left_out_contribution_id", "run_left_out", ["contribution_id"])


def downgrade() -> None:
    raise RuntimeError("the schema goes forward only: restore a backup of the database instead")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _refers(column: str, to: str) -> sa.ForeignKeyConstraint:
    name = f"fk_run_left_out_{column}_{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete="CASCADE")
