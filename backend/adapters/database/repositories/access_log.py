"""The hash-chained access log."""

from datetime import UTC, datetime

from sqlmodel import col, select

from backend.adapters.database.mapping import access_entry_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import AccessEntryRow, AccountRow
from backend.crypto.hash_chain import entry_hash
from backend.domain.access import GENESIS, AccessEntry
from backend.domain.errors import NotFound
from backend.domain.identifiers import AccountId


class SqlAccessLog:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def append(
        self, account_id: AccountId, *, at: datetime, actor: str, subject: str, purpose: str
    ) -> AccessEntry:
        """The account's row stays locked until the unit ends, so links are added one by one."""
        owner = select(AccountRow).where(col(AccountRow.id) == account_id)
        if self._rows.one(owner) is None:
            raise NotFound("this account does not exist any more, and its access log with it")
        last = self._last(account_id)
        sequence = 0 if last is None else last.sequence + 1
        previous = GENESIS if last is None else last.hash
        moment = at.astimezone(UTC)
        link = entry_hash(
            previous,
            account_id=account_id,
            sequence=sequence,
            at=moment,
            actor=actor,
            subject=subject,
            purpose=purpose,
        )
        entry = AccessEntry(
            account_id, sequence, moment, actor, subject, purpose, previous=previous, hash=link
        )
        self._rows.insert(AccessEntryRow, vars(entry))
        return entry

    def of_account(self, account_id: AccountId) -> list[AccessEntry]:
        rows = self._rows.all(
            select(AccessEntryRow)
            .where(col(AccessEntryRow.account_id) == account_id)
            .order_by(col(AccessEntryRow.sequence))
        )
        return [access_entry_of(row) for row in rows]

    def _last(self, account_id: AccountId) -> AccessEntryRow | None:
        return self._rows.one(
            select(AccessEntryRow)
            .where(col(AccessEntryRow.account_id) == account_id)
            .order_by(col(AccessEntryRow.sequence).desc())
            .limit(1)
        )
