"""Keyed fingerprints of what was contributed before."""

import json
from collections.abc import Sequence
from functools import cache

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel import select as select_one
from sqlmodel.sql.expression import SelectOfScalar

from backend.adapters.database.rows import Rows, table_of
from backend.adapters.database.tables import ContributionRow, FingerprintRow
from backend.domain.errors import NotFound
from backend.domain.identifiers import ContributionId

_STORED_BYTES = 8


class SqlFingerprints:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def claim(self, contribution_id: ContributionId, fingerprints: Sequence[bytes]) -> int:
        """In sorted order, so that two units that claim the same ones never block each other.

        The second of them waits for the first to end, then counts what it left behind.
        """
        wanted = sorted({_stored(one) for one in fingerprints})
        values = json.dumps(wanted) if self._rows.sqlite else wanted
        asked = {"owner": contribution_id, "values": values}
        fresh = self._rows.run(_claim(self._rows.sqlite), asked)
        if not fresh and self._rows.one(_number_of(contribution_id)) is None:
            raise NotFound(f"contribution {contribution_id} is not there: add it before its claim")
        return len(wanted) - fresh

    def release(self, contribution_id: ContributionId) -> None:
        self._rows.change(delete(FingerprintRow).where(_owned_by(contribution_id)))

    def disown(self, contribution_id: ContributionId) -> None:
        mine = update(FingerprintRow).where(_owned_by(contribution_id))
        self._rows.change(mine.values(contribution_number=None))


@cache
def _claim(is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    """Every one of `values` that is new becomes a row of `owner`'s; none, if there is no owner.

    One statement, whatever their number: the values travel as one array.
    """
    owner = _number_of(bindparam("owner"))
    chosen = select(_listed(is_sqlite), owner.scalar_subquery()).where(owner.exists())
    target = table_of(FingerprintRow)
    statement = sqlite.insert(target) if is_sqlite else postgresql.insert(target)
    chosen_rows = statement.from_select(["fingerprint", "contribution_number"], chosen)
    return chosen_rows.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _listed(is_sqlite: bool) -> ColumnElement[int]:
    if is_sqlite:
        return func.json_each(bindparam("values")).table_valued("value").c.value
    array = bindparam("values", type_=ARRAY(BigInteger))
    return func.unnest(array).column_valued("value")


def _stored(fingerprint: bytes) -> int:
    """The first 64 bits, as the signed whole number that both engines keep in 8 bytes."""
    return int.from_bytes(fingerprint[:_STORED_BYTES], "big", signed=True)


def _number_of(
    contribution_id: ContributionId | BindParameter[str],
) -> SelectOfScalar[int | None]:
    return select_one(col(ContributionRow.number)).where(col(ContributionRow.id) == contribution_id)


def _owned_by(contribution_id: ContributionId) -> ColumnElement[bool]:
    owner = _number_of(contribution_id).scalar_subquery()
    return col(FingerprintRow.contribution_number) == owner
