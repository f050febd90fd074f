"""Trainings, and what each learns from."""

from collections.abc import Collection

from sqlalchemy import delete
from sqlmodel import col, select

from backend.adapters.database.mapping import training_columns, training_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import AccountRow, TrainingRow, TrainingSourceRow
from backend.domain.errors import IllegalTransition, TrainingUnderWay
from backend.domain.identifiers import AccountId, ContributionId, KeyId, TrainingId
from backend.domain.training import UNFINISHED, Training, TrainingState

_FIXED = ("id", "account_id", "key_id", "seed", "requested_at")


class SqlTrainings:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, training: Training) -> None:
        if not self._rows.insert_new(TrainingRow, training_columns(training)):
            raise TrainingUnderWay(
                "a training of yours is not finished yet: wait for its end, or cancel it first"
            )

    def by_id(self, training_id: TrainingId) -> Training | None:
        row = self._rows.one(select(TrainingRow).where(col(TrainingRow.id) == training_id))
        return None if row is None else training_of(row)

    def by_key(self, key_id: KeyId) -> Training | None:
        row = self._rows.one(select(TrainingRow).where(col(TrainingRow.key_id) == key_id))
        return None if row is None else training_of(row)

    def of_account(self, account_id: AccountId) -> list[Training]:
        """In a writing unit the list stays whole: none is added before the unit ends."""
        self._rows.hold(select(col(AccountRow.id)).where(col(AccountRow.id) == account_id))
        rows = self._rows.all(
            select(TrainingRow)
            .where(col(TrainingRow.account_id) == account_id)
            .order_by(col(TrainingRow.requested_at).desc(), col(TrainingRow.id))
        )
        return [training_of(row) for row in rows]

    def unfinished(self) -> list[Training]:
        rows = self._rows.all(
            select(TrainingRow)
            .where(col(TrainingRow.state).in_([state.value for state in UNFINISHED]))
            .order_by(col(TrainingRow.requested_at), col(TrainingRow.id))
        )
        return [training_of(row) for row in rows]

    def update(self, training: Training, *, expected: TrainingState) -> None:
        columns = training_columns(training)
        changes = {name: value for name, value in columns.items() if name not in _FIXED}
        wanted = {"id": training.id, "state": expected.value}
        if not self._rows.update(TrainingRow, changes, where=wanted):
            raise IllegalTransition(
                f"training {training.id} is not {expected} any more: look at it again"
            )

    def delete(self, training_id: TrainingId) -> None:
        """What belongs to the training goes by the tables' own references."""
        self._rows.change(delete(TrainingRow).where(col(TrainingRow.id) == training_id))

    def set_sources(self, training_id: TrainingId, sources: Collection[ContributionId]) -> None:
        mine = col(TrainingSourceRow.training_id) == training_id
        self._rows.change(delete(TrainingSourceRow).where(mine))
        for source in sorted(sources):
            columns = {"training_id": training_id, "contribution_id": source}
            self._rows.insert(TrainingSourceRow, columns)

    def sources(self, training_id: TrainingId) -> list[ContributionId]:
        found = self._rows.all(
            select(col(TrainingSourceRow.contribution_id))
            .where(col(TrainingSourceRow.training_id) == training_id)
            .order_by(col(TrainingSourceRow.contribution_id))
        )
        return [ContributionId(one) for one in found]

    def learning_from(self, contribution_id: ContributionId) -> list[Training]:
        rows = self._rows.all(
            select(TrainingRow)
            .join(TrainingSourceRow, col(TrainingSourceRow.training_id) == col(TrainingRow.id))
            .where(col(TrainingSourceRow.contribution_id) == contribution_id)
            .order_by(col(TrainingRow.requested_at), col(TrainingRow.id))
        )
        return [training_of(row) for row in rows]
