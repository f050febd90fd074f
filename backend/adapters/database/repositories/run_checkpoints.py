"""Where interrupted runs go on."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.run_tables import RunCheckpointRow
from backend.domain.identifiers import RunId


class SqlRunCheckpoints:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def save(self, run_id: RunId, sealed: bytes, at: datetime) -> None:
        changes = {"sealed": sealed, "saved_at": at}
        if not self._rows.insert_new(RunCheckpointRow, {"run_id": run_id, **changes}):
            self._rows.update(RunCheckpointRow, changes, where={"run_id": run_id})

    def of_run(self, run_id: RunId) -> bytes | None:
        wanted = col(RunCheckpointRow.run_id) == run_id
        return self._rows.one(select(col(RunCheckpointRow.sealed)).where(wanted))

    def delete(self, run_id: RunId) -> None:
        self._rows.change(delete(RunCheckpointRow).where(col(RunCheckpointRow.run_id) == run_id))
