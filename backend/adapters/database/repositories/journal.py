"""The journal's sealed entries."""

from sqlalchemy import ColumnElement, and_, delete
from sqlmodel import col, func, select

from backend.adapters.database.mapping import journal_entry_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import JournalEntryRow
from backend.domain.identifiers import AccountId, JournalEntryId
from backend.domain.journal import SealedEntry


class SqlJournal:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, entry: SealedEntry) -> bool:
        return self._rows.insert_new(JournalEntryRow, vars(entry))

    def by_id(self, account_id: AccountId, entry_id: JournalEntryId) -> SealedEntry | None:
        row = self._rows.one(select(JournalEntryRow).where(_own(account_id, entry_id)))
        return None if row is None else journal_entry_of(row)

    def of_account(self, account_id: AccountId) -> list[SealedEntry]:
        rows = self._rows.all(
            select(JournalEntryRow)
            .where(col(JournalEntryRow.account_id) == account_id)
            .order_by(col(JournalEntryRow.id))
        )
        return [journal_entry_of(row) for row in rows]

    def count(self, account_id: AccountId) -> int:
        mine = col(JournalEntryRow.account_id) == account_id
        counted = self._rows.all(select(func.count()).select_from(JournalEntryRow).where(mine))
        return counted[0]

    def update(self, entry: SealedEntry, *, expected: int) -> bool:
        changes = {"version": entry.version, "sealed": entry.sealed}
        where = {"id": entry.id, "account_id": entry.account_id, "version": expected}
        return self._rows.update(JournalEntryRow, changes, where=where) == 1

    def delete(self, account_id: AccountId, entry_id: JournalEntryId) -> bool:
        return self._rows.change(delete(JournalEntryRow).where(_own(account_id, entry_id))) == 1


def _own(account_id: AccountId, entry_id: JournalEntryId) -> ColumnElement[bool]:
    return and_(col(JournalEntryRow.account_id) == account_id, col(JournalEntryRow.id) == entry_id)
