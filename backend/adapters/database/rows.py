"""The few things a repository does with rows, the same on both engines."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Delete,
    Update,
    bindparam,
    func,
    inspect,
    literal,
    select,
    true,
)
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
        key = list(_target(table).primary_key)
        statement = self.insert_into(table).values(**columns).on_conflict_do_nothing()
        return self._session.exec(statement.returning(*key)).first() is not None

    def insert_many_new(
        self, table: type[Table], column: str, values: Sequence[int], others: Columns
    ) -> int:
        """How many of `values` were new; a row each, in their order, `others` the same in all.

        One statement, whatever their number: the values travel as one array.
        """
        given = self._listed(values)
        types = _target(table).c
        same = [literal(other, types[name].type) for name, other in others.items()]
        chosen = select(given, *same).where(true())
        statement = self.insert_into(table).from_select([column, *others], chosen)
        counted = statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return self._session.exec(counted).rowcount

    def _listed(self, values: Sequence[int]) -> ColumnElement[int]:
        if self._sqlite:
            return func.json_each(json.dumps(values)).table_valued("value").c.value
        array = bindparam("values", list(values), ARRAY(BigInteger))
        return func.unnest(array).column_valued("value")

    def change(self, statement: Update | Delete) -> int:
        """How many rows an update or a delete touched."""
        return self._session.exec(statement).rowcount

    def returned(self, statement: UpdateBase) -> Any:
        """The one value that a statement with RETURNING gives back."""
        return self._session.exec(statement).scalar_one()

    def insert_into(self, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
        """The engine's own INSERT, which knows ON CONFLICT."""
        target = _target(table)
        return sqlite.insert(target) if self._sqlite else postgresql.insert(target)


def _target(table: type[Table]) -> StoredTable:
    target: StoredTable = inspect(table).local_table
    return target
