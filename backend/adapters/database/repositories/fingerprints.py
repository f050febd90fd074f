"""Keyed fingerprints of what was contributed before."""

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlmodel import col

from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import FingerprintRow
from backend.domain.identifiers import ContributionId


class SqlFingerprints:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def claim(self, contribution_id: ContributionId, fingerprints: Sequence[bytes]) -> int:
        """In sorted order, so that two units that claim the same ones never block each other.

        The second of them waits for the first to end, then counts what it left behind.
        """
        wanted = sorted(set(fingerprints))
        owner = {"contribution_id": contribution_id}
        fresh = self._rows.insert_many_new(
            FingerprintRow, [{"fingerprint": one, **owner} for one in wanted]
        )
        return len(wanted) - fresh

    def release(self, contribution_id: ContributionId) -> None:
        mine = col(FingerprintRow.contribution_id) == contribution_id
        self._rows.change(delete(FingerprintRow).where(mine))

    def disown(self, contribution_id: ContributionId) -> None:
        mine = col(FingerprintRow.contribution_id) == contribution_id
        self._rows.change(update(FingerprintRow).where(mine).values(contribution_id=None))
