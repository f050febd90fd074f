"""Where interrupted trainings go on."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import TrainingCheckpointRow
from backend.domain.identifiers import TrainingId


class SqlTrainingCheckpoints:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def save(self, training_id: TrainingId, sealed: bytes, at: datetime) -> None:
        columns = {"training_id": training_id, "sealed": sealed, "saved_at": at}
        if not self._rows.insert_new(TrainingCheckpointRow, columns):
            changes = {"sealed": sealed, "saved_at": at}
            where = {"training_id": training_id}
            self._rows.update(TrainingCheckpointRow, changes, where=where)

    def of_training(self, training_id: TrainingId) -> bytes | None:
        wanted = col(TrainingCheckpointRow.training_id) == training_id
        return self._rows.one(select(col(TrainingCheckpointRow.sealed)).where(wanted))

    def delete(self, training_id: TrainingId) -> None:
        wanted = col(TrainingCheckpointRow.training_id) == training_id
        self._rows.change(delete(TrainingCheckpointRow).where(wanted))
