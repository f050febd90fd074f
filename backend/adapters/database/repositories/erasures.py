"""Marks of what was erased; nothing ever deletes one."""

from datetime import datetime

from sqlmodel import col, select

from backend.adapters.database.mapping import erasure_mark_columns, erasure_mark_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import (
    ErasedAccountKeyRow,
    ErasedTrainingKeyRow,
    ErasureMarkRow,
)
from backend.domain.identifiers import ContributionId, KeyId
from backend.ports.repositories import ErasureMark


class SqlErasures:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def mark(self, mark: ErasureMark) -> None:
        """The first mark stands, with its moment."""
        self._rows.insert_new(ErasureMarkRow, erasure_mark_columns(mark))

    def of_contribution(self, contribution_id: ContributionId) -> ErasureMark | None:
        wanted = col(ErasureMarkRow.contribution_id) == contribution_id
        row = self._rows.one(select(ErasureMarkRow).where(wanted))
        return None if row is None else erasure_mark_of(row)

    def all(self) -> list[ErasureMark]:
        order = (col(ErasureMarkRow.marked_at), col(ErasureMarkRow.contribution_id))
        rows = self._rows.all(select(ErasureMarkRow).order_by(*order))
        return [erasure_mark_of(row) for row in rows]

    def mark_account_key(self, key_id: KeyId, marked_at: datetime) -> None:
        self._rows.insert_new(ErasedAccountKeyRow, {"key_id": key_id, "marked_at": marked_at})

    def account_keys(self) -> list[KeyId]:
        order = (col(ErasedAccountKeyRow.marked_at), col(ErasedAccountKeyRow.key_id))
        keys = self._rows.all(select(col(ErasedAccountKeyRow.key_id)).order_by(*order))
        return [KeyId(key) for key in keys]

    def mark_training_key(self, key_id: KeyId, marked_at: datetime) -> None:
        self._rows.insert_new(ErasedTrainingKeyRow, {"key_id": key_id, "marked_at": marked_at})

    def training_keys(self) -> list[KeyId]:
        order = (col(ErasedTrainingKeyRow.marked_at), col(ErasedTrainingKeyRow.key_id))
        keys = self._rows.all(select(col(ErasedTrainingKeyRow.key_id)).order_by(*order))
        return [KeyId(key) for key in keys]
