"""The relayer's transactions: one nonce each, every signed version kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.adapters.database.mapping import transaction_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import (
    SignerNonceRow,
    TransactionRow,
    TransactionVersionRow,
)
from backend.domain.errors import Conflict, IllegalTransition, NotFound
from backend.domain.identifiers import TransactionId, WalletAddress
from backend.domain.transaction import (
    Call,
    Confirmation,
    SignedTransaction,
    Transaction,
    TxPurpose,
    TxStatus,
)

_UNDER_WAY = (TxStatus.PREPARED.value, TxStatus.SENT.value)
_SETTLED = (TxStatus.CONFIRMED.value, TxStatus.REVERTED.value)


class SqlTransactions:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def allocate(
        self,
        transaction_id: TransactionId,
        *,
        signer: WalletAddress,
        chain_nonce: int,
        purpose: TxPurpose,
        subject: str,
        call: Call,
        now: datetime,
    ) -> Transaction:
        transaction = Transaction(
            id=transaction_id,
            signer=signer,
            nonce=self._take_nonce(signer, chain_nonce),
            purpose=purpose,
            subject=subject,
            call=call,
            status=TxStatus.PREPARED,
            created_at=now,
            versions=(),
        )
        self._rows.insert(
            TransactionRow,
            {
                "id": transaction.id,
                "signer": transaction.signer,
                "nonce": transaction.nonce,
                "purpose": purpose.value,
                "subject": subject,
                "call_to": call.to,
                "call_data": call.data,
                "call_gas": call.gas,
                "status": transaction.status.value,
                "created_at": now,
            },
        )
        return transaction

    def _take_nonce(self, signer: WalletAddress, chain_nonce: int) -> int:
        """One statement, which keeps the signer's row locked until the unit ends."""
        known = col(SignerNonceRow.next_nonce)
        used = case((known > chain_nonce, known), else_=chain_nonce)
        fresh = {"signer": signer, "next_nonce": chain_nonce + 1}
        statement = (
            self._rows.insert_into(SignerNonceRow)
            .values(**fresh)
            .on_conflict_do_update(index_elements=["signer"], set_={"next_nonce": used + 1})
            .returning(known)
        )
        return int(self._rows.returned(statement)) - 1

    def add_version(self, transaction_id: TransactionId, signed: SignedTransaction) -> None:
        self._locked(transaction_id)
        versions = self._versions([transaction_id])[transaction_id]
        if signed.hash in {version.hash for version in versions}:
            return
        columns = {
            "hash": signed.hash,
            "transaction_id": transaction_id,
            "position": len(versions),
            "raw": signed.raw,
            "max_fee": signed.fees.max_fee,
            "priority_fee": signed.fees.priority_fee,
            "signed_at": signed.signed_at,
        }
        if not self._rows.insert_new(TransactionVersionRow, columns):
            raise Conflict(f"{signed.hash} is a version of another transaction already")

    def settle(
        self, transaction_id: TransactionId, status: TxStatus, confirmation: Confirmation | None
    ) -> None:
        if status.value in _SETTLED and confirmation is None:
            raise IllegalTransition(
                f"transaction {transaction_id} cannot be {status} without the block it was mined in"
            )
        changes = {
            "status": status.value,
            "confirmed_hash": None if confirmation is None else confirmation.hash,
            "block_number": None if confirmation is None else confirmation.block_number,
            "block_hash": None if confirmation is None else confirmation.block_hash,
        }
        statement = update(TransactionRow).where(col(TransactionRow.id) == transaction_id)
        if not self._rows.change(statement.values(**changes)):
            raise _unknown(transaction_id)

    def by_id(self, transaction_id: TransactionId) -> Transaction | None:
        wanted = col(TransactionRow.id) == transaction_id
        return self._with_versions(self._rows.one(select(TransactionRow).where(wanted)))

    def latest(self, purpose: TxPurpose, subject: str) -> Transaction | None:
        row = self._rows.one(
            select(TransactionRow)
            .where(col(TransactionRow.purpose) == purpose.value)
            .where(col(TransactionRow.subject) == subject)
            .order_by(col(TransactionRow.created_at).desc(), col(TransactionRow.nonce).desc())
            .limit(1)
        )
        return self._with_versions(row)

    def unfinished(self, signer: WalletAddress) -> list[Transaction]:
        return self._by_nonce(
            select(TransactionRow)
            .where(col(TransactionRow.signer) == signer)
            .where(col(TransactionRow.status).in_(_UNDER_WAY))
        )

    def settled_since(self, block_number: int) -> list[Transaction]:
        return self._by_nonce(
            select(TransactionRow)
            .where(col(TransactionRow.status).in_(_SETTLED))
            .where(col(TransactionRow.block_number) >= block_number)
        )

    def _locked(self, transaction_id: TransactionId) -> TransactionRow:
        wanted = col(TransactionRow.id) == transaction_id
        row = self._rows.one(select(TransactionRow).where(wanted))
        if row is None:
            raise _unknown(transaction_id)
        return row

    def _with_versions(self, row: TransactionRow | None) -> Transaction | None:
        return None if row is None else transaction_of(row, self._versions([row.id])[row.id])

    def _by_nonce(self, statement: SelectOfScalar[TransactionRow]) -> list[Transaction]:
        order = (col(TransactionRow.signer), col(TransactionRow.nonce))
        rows = self._rows.all(statement.order_by(*order))
        versions = self._versions([row.id for row in rows])
        return [transaction_of(row, versions[row.id]) for row in rows]

    def _versions(self, ids: Sequence[str]) -> dict[str, list[TransactionVersionRow]]:
        """Every version of these transactions, in the order of signing."""
        found: dict[str, list[TransactionVersionRow]] = defaultdict(list)
        of_these = col(TransactionVersionRow.transaction_id).in_(ids)
        position = col(TransactionVersionRow.position)
        for version in self._rows.all(
            select(TransactionVersionRow).where(of_these).order_by(position)
        ):
            found[version.transaction_id].append(version)
        return found


def _unknown(transaction_id: TransactionId) -> NotFound:
    return NotFound(f"no transaction has the id {transaction_id}: allocate it first")
