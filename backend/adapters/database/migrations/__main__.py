"""Draft the next revision from what `tables.py` says beyond the newest one.

python -m backend.adapters.database.migrations 0002 "what the revision does"
"""

import sys
import tempfile

from alembic import command

from backend.adapters.database.engines import database_url, migration_engine
from backend.adapters.database.schema import alembic_config, upgrade


def draft(revision: str, message: str) -> None:
    """Write the draft beside the others; read it, and raise `schema.NEWEST`, before using it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/newest.db"
        upgrade(url)
        engine = migration_engine(database_url(url))
        with engine.begin() as connection:
            command.revision(
                alembic_config(connection), message, autogenerate=True, rev_id=revision
            )
        engine.dispose()


if __name__ == "__main__":
    draft(sys.argv[1], sys.argv[2])
