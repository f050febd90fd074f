"""What releases cost each contributor."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from sqlmodel import col, select

from backend.adapters.database.rows import Rows
from backend.adapters.database.run_mapping import ledger_columns, ledger_entry_of
from backend.adapters.database.run_tables import LedgerEntryRow
from backend.domain.generation import LedgerEntry, Spending
from backend.domain.identifiers import AccountId, RunId

_AT_ONCE = 500
"""Values of one IN: engines bound how many there may be."""


class SqlPrivacyLedger:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, entry: LedgerEntry) -> None:
        self._rows.insert(LedgerEntryRow, ledger_columns(entry))

    def of_account(self, account_id: AccountId) -> list[LedgerEntry]:
        rows = self._rows.all(
            select(LedgerEntryRow)
            .where(col(LedgerEntryRow.account_id) == account_id)
            .order_by(col(LedgerEntryRow.at).desc(), col(LedgerEntryRow.number).desc())
        )
        return [ledger_entry_of(row) for row in rows]

    def of_run(self, run_id: RunId) -> list[LedgerEntry]:
        rows = self._rows.all(
            select(LedgerEntryRow)
            .where(col(LedgerEntryRow.run_id) == run_id)
            .order_by(col(LedgerEntryRow.number))
        )
        return [ledger_entry_of(row) for row in rows]

    def totals(self, account_ids: Collection[AccountId]) -> dict[AccountId, Spending]:
        wanted = sorted(account_ids)
        found: defaultdict[AccountId, Spending] = defaultdict(Spending)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = self._rows.all(
                select(LedgerEntryRow).where(col(LedgerEntryRow.account_id).in_(some))
            )
            for row in rows:
                entry = ledger_entry_of(row)
                found[entry.account_id] = _and(found[entry.account_id], entry)
        return dict(found)


def _and(so_far: Spending, entry: LedgerEntry) -> Spending:
    if entry.epsilon is None or entry.delta is None:
        return replace(so_far, plain=so_far.plain + 1)
    return replace(so_far, epsilon=so_far.epsilon + entry.epsilon, delta=so_far.delta + entry.delta)
