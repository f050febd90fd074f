"""The few things a repository does with rows, the same on both engines."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Delete, Update, bindparam, func, select
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
        key = list(table.__table__.primary_key)  # type: ignore[attr-defined]
        statement = self.insert_into(table).values(**columns).on_conflict_do_nothing()
        return self._session.exec(statement.returning(*key)).first() is not None

    def insert_many_new(self, table: type[Table], columns: Mapping[str, Sequence[Any]]) -> int:
        """How many rows were new, in the order given; of the others nothing is changed.

        `columns` has as many values under each name as there are rows. PostgreSQL takes them
        as arrays in one statement, SQLite one by one through one prepared statement.
        """
        connection = self._session.connection()
        if self._sqlite:
            rows = [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
            statement = self.insert_into(table).on_conflict_do_nothing()
            counted = statement.execution_options(preserve_rowcount=True)
            return connection.execute(counted, rows).rowcount if rows else 0
        target = table.__table__  # type: ignore[attr-defined]
        arrays = [
            bindparam(None, list(v), ARRAY(target.c[name].type)) for name, v in columns.items()
        ]
        given = func.unnest(*arrays).table_valued(*columns).render_derived()
        chosen = select(*(given.c[name] for name in columns))
        statement = self.insert_into(table).from_select(list(columns), chosen)
        counted = statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return connection.execute(counted).rowcount

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
