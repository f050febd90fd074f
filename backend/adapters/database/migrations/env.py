"""Run by Alembic, over the connection and inside the transaction that `schema` opened."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from backend.adapters.database.columns import UtcMicroseconds
from backend.adapters.database.run_tables import RunRow


def stored_type(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    """In a drafted revision, name what is stored: revisions must outlive our own types."""
    if kind == "type" and isinstance(item, UtcMicroseconds):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=RunRow.metadata,
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
    render_item=stored_type,
)
context.run_migrations()
