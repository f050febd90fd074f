"""Alembic's revisions; `backend.adapters.database.schema` runs them."""
