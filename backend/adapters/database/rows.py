"""The few things a repository does with rows, the same on both engines."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Delete, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session
from sqlmodel.sql.expression import Select, SelectOfScalar

from backend.adapters.database.tables import Table

Value = TypeVar("Value")
First = TypeVar("First")
Second = TypeVar("Second")
Columns = Mapping[str, Any]


class Rows:
    """One unit's session. What a writing unit looks up one by one stays as read until it ends."""

    def __init__(self, session: Session, *, writing: bool) -> None:
        self._session = session
        self._writing = writing
        self._sqlite = session.get_bind().dialect.name == "sqlite"

    def one(self, statement: SelectOfScalar[Value]) -> Value | None:
        """The first row. In a writing unit it is locked; SQLite has locked everything already."""
        if self._writing:
            statement = statement.with_for_update(key_share=True)
        return self._session.exec(statement).first()

    def hold(self, statement: SelectOfScalar[Value]) -> None:
        """Until a writing unit ends, nobody else changes, deletes or refers to these rows."""
        if self._writing and not self._sqlite:
            self._session.exec(statement.with_for_update()).all()

    def free(self, statement: SelectOfScalar[Value]) -> Value | None:
        """The first row that no other unit has locked, locked for this one."""
        return self._session.exec(statement.with_for_update(skip_locked=True)).first()

    def all(self, statement: SelectOfScalar[Value]) -> list[Value]:
        """Every row, without a lock."""
        return list(self._session.exec(statement).all())

    def pairs(self, statement: Select[First, Second]) -> list[tuple[First, Second]]:
        """Every pair that a query of two columns finds."""
        return [(first, second) for first, second in self._session.exec(statement).all()]

    def insert(self, table: type[Table], columns: Columns) -> None:
        """A new row; one that is there already is an error."""
        self._session.exec(self.insert_into(table).values(**columns))

    def insert_new(self, table: type[Table], columns: Columns) -> bool:
        """A new row; False, and nothing done, when it would repeat a unique value."""
        return self.insert_many_new(table, [columns]) == 1

    def insert_many_new(self, table: type[Table], rows: Sequence[Columns]) -> int:
        """How many of the rows were new and are there now; the others are left as they were."""
        if not rows:
            return 0
        key = list(table.__table__.primary_key)  # type: ignore[attr-defined]
        statement = self.insert_into(table).on_conflict_do_nothing().returning(*key)
        return len(self._session.connection().execute(statement, rows).all())

    def change(self, statement: Update | Delete) -> int:
        """How many rows an update or a delete touched."""
        return self._session.exec(statement).rowcount

    def returned(self, statement: UpdateBase) -> Any:
        """The one value that a statement with RETURNING gives back."""
        return self._session.exec(statement).scalar_one()

    def insert_into(self, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
        """The engine's own INSERT, which knows ON CONFLICT."""
        target = table.__table__  # type: ignore[attr-defined]
        return sqlite.insert(target) if self._sqlite else postgresql.insert(target)
