"""Invitations of guardians."""

from sqlalchemy import update
from sqlmodel import col, select

from backend.adapters.database.mapping import invitation_of
from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import InvitationRow
from backend.domain.account import Invitation
from backend.domain.errors import NotFound
from backend.domain.identifiers import AccountId


class SqlInvitations:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, invitation: Invitation) -> None:
        self._rows.insert(InvitationRow, vars(invitation))

    def by_code(self, code_hash: str) -> Invitation | None:
        row = self._rows.one(select(InvitationRow).where(col(InvitationRow.code_hash) == code_hash))
        return None if row is None else invitation_of(row)

    def accept(self, code_hash: str, guardian: AccountId) -> None:
        statement = (
            update(InvitationRow)
            .where(col(InvitationRow.code_hash) == code_hash)
            .where(col(InvitationRow.accepted_by).is_(None))
        )
        if not self._rows.change(statement.values(accepted_by=guardian)):
            raise NotFound("this invitation was used already or never made: ask for a new one")

    def of_patient(self, patient: AccountId) -> list[Invitation]:
        rows = self._rows.all(
            select(InvitationRow)
            .where(col(InvitationRow.patient_id) == patient)
            .order_by(col(InvitationRow.expires_at), col(InvitationRow.code_hash))
        )
        return [invitation_of(row) for row in rows]

    def patients_of(self, guardian: AccountId) -> list[AccountId]:
        """In a stable order, each patient once."""
        patients = self._rows.all(
            select(col(InvitationRow.patient_id))
            .where(col(InvitationRow.accepted_by) == guardian)
            .order_by(col(InvitationRow.patient_id))
            .distinct()
        )
        return [AccountId(patient) for patient in patients]
