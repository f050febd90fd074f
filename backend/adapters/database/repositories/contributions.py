"""Contributions."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import col, func, select

from backend.adapters.database.mapping import contribution_columns, contribution_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import AccountRow, ContributionRow
from backend.domain.contribution import Contribution, Status
from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import AccountId, ContentDigest, ContributionId, KeyId

_FIXED = ("id", "account_id", "contributor", "kind", "created_at")
"""A copy read before its account was erased must not bring the owner back."""


class SqlContributions:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, contribution: Contribution) -> None:
        self._rows.insert(ContributionRow, contribution_columns(contribution))

    def by_id(self, contribution_id: ContributionId) -> Contribution | None:
        wanted = col(ContributionRow.id) == contribution_id
        row = self._rows.one(select(ContributionRow).where(wanted))
        return None if row is None else contribution_of(row)

    def by_digest(self, digest: ContentDigest) -> Contribution | None:
        row = self._rows.one(
            select(ContributionRow)
            .where(col(ContributionRow.digest_sha256) == digest.sha256)
            .where(col(ContributionRow.digest_codec) == digest.codec)
        )
        return None if row is None else contribution_of(row)

    def by_key(self, key_id: KeyId) -> Contribution | None:
        wanted = col(ContributionRow.key_id) == key_id
        row = self._rows.one(select(ContributionRow).where(wanted))
        return None if row is None else contribution_of(row)

    def of_account(self, account_id: AccountId) -> list[Contribution]:
        """In a writing unit the list stays whole: none is added before the unit ends."""
        self._rows.hold(select(col(AccountRow.id)).where(col(AccountRow.id) == account_id))
        rows = self._rows.all(
            select(ContributionRow)
            .where(col(ContributionRow.account_id) == account_id)
            .order_by(col(ContributionRow.created_at).desc(), col(ContributionRow.id))
        )
        return [contribution_of(row) for row in rows]

    def with_status(self, statuses: Sequence[Status]) -> list[Contribution]:
        rows = self._rows.all(
            select(ContributionRow)
            .where(col(ContributionRow.status).in_([status.value for status in statuses]))
            .order_by(col(ContributionRow.created_at), col(ContributionRow.id))
        )
        return [contribution_of(row) for row in rows]

    def count_by_status(self) -> dict[Status, int]:
        status = col(ContributionRow.status)
        counts = self._rows.pairs(select(status, func.count()).group_by(status))
        return {Status(value): count for value, count in counts}

    def update(self, contribution: Contribution, *, expected: Status) -> None:
        columns = contribution_columns(contribution)
        changes = {name: value for name, value in columns.items() if name not in _FIXED}
        wanted = {"id": contribution.id, "status": expected.value}
        if not self._rows.update(ContributionRow, changes, where=wanted):
            raise IllegalTransition(
                f"contribution {contribution.id} is not {expected} any more: look at it again"
            )

    def delete(self, contribution_id: ContributionId) -> None:
        wanted = col(ContributionRow.id) == contribution_id
        self._rows.change(delete(ContributionRow).where(wanted))
