"""Accounts."""

from sqlalchemy import delete, update
from sqlmodel import col, select

from backend.adapters.database.mapping import account_columns, account_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import AccountRow
from backend.domain.account import Account
from backend.domain.errors import AccountExists, NotFound
from backend.domain.identifiers import AccountId, WalletAddress


class SqlAccounts:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, account: Account) -> None:
        if not self._rows.insert_new(AccountRow, account_columns(account)):
            raise AccountExists("this id or wallet has an account already: log in, or take another")

    def by_id(self, account_id: AccountId) -> Account | None:
        row = self._rows.one(select(AccountRow).where(col(AccountRow.id) == account_id))
        return None if row is None else account_of(row)

    def by_login(self, login: str) -> Account | None:
        row = self._rows.one(select(AccountRow).where(col(AccountRow.login) == login))
        return None if row is None else account_of(row)

    def by_wallet(self, wallet: WalletAddress) -> Account | None:
        row = self._rows.one(select(AccountRow).where(col(AccountRow.wallet) == wallet))
        return None if row is None else account_of(row)

    def hold(self, account_id: AccountId) -> None:
        self._rows.hold(select(col(AccountRow.id)).where(col(AccountRow.id) == account_id))

    def update(self, account: Account) -> None:
        statement = update(AccountRow).where(col(AccountRow.id) == account.id)
        if not self._rows.change(statement.values(**account_columns(account))):
            raise NotFound("this account does not exist any more: sign up again")

    def delete(self, account_id: AccountId) -> None:
        """What belongs to the account goes by the tables' own references."""
        self._rows.change(delete(AccountRow).where(col(AccountRow.id) == account_id))
