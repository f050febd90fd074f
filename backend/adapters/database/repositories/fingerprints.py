"""Keyed fingerprints of what was contributed before."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.adapters.database.rows import Rows
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
        number = self._rows.one(_number_of(contribution_id))
        if number is None:
            raise NotFound(f"contribution {contribution_id} is not there: add it before its claim")
        wanted = sorted({_stored(one) for one in fingerprints})
        owner = {"contribution_number": number}
        fresh = self._rows.insert_many_new(FingerprintRow, "fingerprint", wanted, owner)
        return len(wanted) - fresh

    def release(self, contribution_id: ContributionId) -> None:
        self._rows.change(delete(FingerprintRow).where(_owned_by(contribution_id)))

    def disown(self, contribution_id: ContributionId) -> None:
        mine = update(FingerprintRow).where(_owned_by(contribution_id))
        self._rows.change(mine.values(contribution_number=None))


def _stored(fingerprint: bytes) -> int:
    """The first 64 bits, as the signed whole number that both engines keep in 8 bytes."""
    return int.from_bytes(fingerprint[:_STORED_BYTES], "big", signed=True)


def _number_of(contribution_id: ContributionId) -> SelectOfScalar[int | None]:
    return select(col(ContributionRow.number)).where(col(ContributionRow.id) == contribution_id)


def _owned_by(contribution_id: ContributionId) -> ColumnElement[bool]:
    owner = _number_of(contribution_id).scalar_subquery()
    return col(FingerprintRow.contribution_number) == owner
