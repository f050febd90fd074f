"""Logins."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from backend.adapters.database.mapping import session_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import SessionRow
from backend.domain.account import Session
from backend.domain.identifiers import AccountId


class SqlSessions:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, session: Session) -> None:
        self._rows.insert(SessionRow, vars(session))

    def by_token(self, token_hash: str) -> Session | None:
        row = self._rows.one(select(SessionRow).where(col(SessionRow.token_hash) == token_hash))
        return None if row is None else session_of(row)

    def end(self, token_hash: str) -> None:
        self._rows.change(delete(SessionRow).where(col(SessionRow.token_hash) == token_hash))

    def end_all(self, account_id: AccountId) -> None:
        self._rows.change(delete(SessionRow).where(col(SessionRow.account_id) == account_id))

    def purge(self, now: datetime) -> int:
        return self._rows.change(delete(SessionRow).where(col(SessionRow.expires_at) <= now))
