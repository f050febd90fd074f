"""Sealed models; their bytes are loaded only when they are asked for."""

from sqlalchemy import delete
from sqlalchemy.orm import defer
from sqlmodel import col, select

from backend.adapters.database.mapping import glucose_model_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import GlucoseModelRow
from backend.domain.identifiers import AccountId, GlucoseModelId, TrainingId
from backend.domain.training import GlucoseModel

_HEAD = select(GlucoseModelRow).options(defer(col(GlucoseModelRow.sealed)))  # type: ignore[arg-type]


class SqlGlucoseModels:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, model: GlucoseModel, sealed: bytes) -> None:
        self._rows.insert(GlucoseModelRow, {**vars(model), "sealed": sealed})

    def by_id(self, model_id: GlucoseModelId) -> GlucoseModel | None:
        row = self._rows.one(_HEAD.where(col(GlucoseModelRow.id) == model_id))
        return None if row is None else glucose_model_of(row)

    def of_training(self, training_id: TrainingId) -> GlucoseModel | None:
        row = self._rows.one(_HEAD.where(col(GlucoseModelRow.training_id) == training_id))
        return None if row is None else glucose_model_of(row)

    def of_account(self, account_id: AccountId) -> list[GlucoseModel]:
        rows = self._rows.all(
            _HEAD.where(col(GlucoseModelRow.account_id) == account_id).order_by(
                col(GlucoseModelRow.created_at).desc(), col(GlucoseModelRow.id)
            )
        )
        return [glucose_model_of(row) for row in rows]

    def sealed(self, model_id: GlucoseModelId) -> bytes | None:
        wanted = col(GlucoseModelRow.id) == model_id
        return self._rows.one(select(col(GlucoseModelRow.sealed)).where(wanted))

    def delete(self, model_id: GlucoseModelId) -> None:
        self._rows.change(delete(GlucoseModelRow).where(col(GlucoseModelRow.id) == model_id))
