"""What runs left: signed certificates, and where their packages lie."""

from datetime import datetime

from sqlalchemy import and_, or_, true, update
from sqlmodel import col, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.run_mapping import dataset_columns, dataset_of
from backend.adapters.database.run_tables import DatasetRow
from backend.domain.errors import NotFound
from backend.domain.generation import Dataset
from backend.domain.identifiers import RunId


class SqlDatasets:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, dataset: Dataset) -> None:
        self._rows.insert(DatasetRow, dataset_columns(dataset))

    def by_run(self, run_id: RunId) -> Dataset | None:
        row = self._rows.one(select(DatasetRow).where(col(DatasetRow.run_id) == run_id))
        return None if row is None else dataset_of(row)

    def listed(self, limit: int, *, after: tuple[datetime, RunId] | None = None) -> list[Dataset]:
        at, run_id = col(DatasetRow.created_at), col(DatasetRow.run_id)
        found = (
            select(DatasetRow)
            .where(col(DatasetRow.passes) == true(), col(DatasetRow.retired_at).is_(None))
            .order_by(at.desc(), run_id)
            .limit(limit)
        )
        if after is not None:
            moment, last = after
            found = found.where(or_(at < moment, and_(at == moment, run_id > last)))
        return [dataset_of(row) for row in self._rows.all(found)]

    def retire(self, run_id: RunId, at: datetime) -> None:
        mine = col(DatasetRow.run_id) == run_id
        first = update(DatasetRow).where(mine, col(DatasetRow.retired_at).is_(None))
        if not self._rows.change(first.values(retired_at=at)) and self.by_run(run_id) is None:
            raise NotFound(f"run {run_id} left no dataset")
