"""Become the guardian of a patient who sent an invitation."""

from dataclasses import dataclass, field

from backend.crypto.tokens import token_hash
from backend.domain.credentials import normal_code
from backend.domain.errors import InvitationRequired
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class AcceptInvitation:
    guardian_id: AccountId
    code: str = field(repr=False)


def accept_invitation(command: AcceptInvitation, *, ports: Ports) -> None:
    """The guardian is now that patient's, or `InvitationRequired`."""
    with ports.database.write() as unit:
        use_invitation(command.code, command.guardian_id, unit=unit, ports=ports)


def use_invitation(
    code: str | None, guardian_id: AccountId, *, unit: UnitOfWork, ports: Ports
) -> None:
    """Spend the code in the caller's unit of work, or `InvitationRequired`."""
    code_hash = token_hash(normal_code(code or ""))
    invitation = unit.invitations.by_code(code_hash)
    if (
        invitation is None
        or invitation.accepted_by is not None
        or invitation.expires_at <= ports.clock.now()
    ):
        raise InvitationRequired(
            "the invitation is unknown, used or out of date: ask the patient for a new one"
        )
    unit.invitations.accept(code_hash, guardian_id)
