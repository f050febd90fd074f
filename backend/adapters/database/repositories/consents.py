"""Consents on their way to the chain."""

from sqlalchemy import update
from sqlmodel import col, select

from backend.adapters.database.mapping import consent_columns, consent_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import ConsentRow
from backend.domain.consent_record import ConsentRecord, ConsentStatus
from backend.domain.errors import NotFound
from backend.domain.identifiers import AccountId

_FIXED = ("id", "account_id", "created_at")


class SqlConsents:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, record: ConsentRecord) -> None:
        self._rows.insert(ConsentRow, consent_columns(record))

    def update(self, record: ConsentRecord) -> None:
        changes = {
            name: value for name, value in consent_columns(record).items() if name not in _FIXED
        }
        statement = update(ConsentRow).where(col(ConsentRow.id) == record.id)
        if not self._rows.change(statement.values(**changes)):
            raise NotFound(f"the consent {record.id} is gone, and its account with it")

    def by_id(self, consent_id: str) -> ConsentRecord | None:
        row = self._rows.one(select(ConsentRow).where(col(ConsentRow.id) == consent_id))
        return None if row is None else consent_of(row)

    def of_account(self, account_id: AccountId) -> list[ConsentRecord]:
        rows = self._rows.all(
            select(ConsentRow)
            .where(col(ConsentRow.account_id) == account_id)
            .order_by(col(ConsentRow.created_at).desc(), col(ConsentRow.id))
        )
        return [consent_of(row) for row in rows]

    def unsettled(self) -> list[ConsentRecord]:
        on_the_way = [ConsentStatus.SUBMITTED.value, ConsentStatus.REVOKING.value]
        rows = self._rows.all(select(ConsentRow).where(col(ConsentRow.status).in_(on_the_way)))
        return [consent_of(row) for row in rows]
