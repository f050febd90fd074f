"""The few things a repository does with rows, the same on both engines."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Delete, Update, bindparam, inspect, update
from sqlalchemy import Table as StoredTable
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
        self.sqlite = session.get_bind().dialect.name == "sqlite"

    def one(self, statement: SelectOfScalar[Value]) -> Value | None:
        """The first row. In a writing unit it is locked; SQLite has locked everything already."""
        if self._writing:
            statement = statement.with_for_update(key_share=True)
        return self._session.exec(statement).first()

    def hold(self, statement: SelectOfScalar[Value]) -> None:
        """Until a writing unit ends, nobody else changes, deletes or refers to these rows."""
        if self._writing and not self.sqlite:
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
        self._execute(self.insert_into(table), columns)

    def insert_new(self, table: type[Table], columns: Columns) -> bool:
        """A new row; False, and nothing done, when it would repeat a unique value."""
        key = list(table_of(table).primary_key)
        statement = self.insert_into(table).on_conflict_do_nothing().returning(*key)
        return self._execute(statement, columns).first() is not None

    def update(self, table: type[Table], columns: Columns, *, where: Columns) -> int:
        """How many rows, whose values are those of `where`, now have the values of `columns`."""
        target = table_of(table)
        statement = update(target).where(
            *(target.c[name] == bindparam(f"where_{name}") for name in where)
        )
        wanted = {f"where_{name}": value for name, value in where.items()}
        return self._execute(statement, {**columns, **wanted}).rowcount

    def run(self, statement: UpdateBase, values: Columns) -> int:
        """How many rows a prepared statement touched, with `values` for its parameters."""
        return self._execute(statement, values).rowcount

    def change(self, statement: Update | Delete) -> int:
        """How many rows an update or a delete touched."""
        return self._session.exec(statement).rowcount

    def returned(self, statement: UpdateBase) -> Any:
        """The one value that a statement with RETURNING gives back."""
        return self._session.exec(statement).scalar_one()

    def _execute(self, statement: UpdateBase, values: Columns) -> CursorResult[Any]:
        """Without the ORM and with its values apart, a statement takes a fifth of the time."""
        return self._session.connection().execute(statement, values)

    def insert_into(self, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
        """The engine's own INSERT, which knows ON CONFLICT."""
        target = table_of(table)
        return sqlite.insert(target) if self.sqlite else postgresql.insert(target)


def table_of(table: type[Table]) -> StoredTable:
    """The table itself, without the ORM."""
    target: StoredTable = inspect(table).local_table
    return target
