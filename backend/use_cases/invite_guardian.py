"""Invite the person who shall be one's guardian."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.crypto.tokens import token_hash
from backend.domain.account import Invitation
from backend.domain.credentials import CODE_BYTES, code_text, normal_code
from backend.domain.identifiers import AccountId
from backend.ports import Ports


@dataclass(frozen=True)
class IssuedInvitation:
    """The code is told once; only its hash is stored."""

    code: str = field(repr=False)
    expires_at: datetime


def invite_guardian(patient_id: AccountId, *, ports: Ports) -> IssuedInvitation:
    """A code with which one person can sign up as this patient's guardian, for days."""
    code = code_text(ports.random_bytes(CODE_BYTES))
    lifetime = timedelta(seconds=ports.policy.invitation_lifetime_s)
    expires_at = ports.clock.now() + lifetime
    invitation = Invitation(token_hash(normal_code(code)), patient_id, expires_at, None)
    with ports.database.write() as unit:
        unit.invitations.add(invitation)
    return IssuedInvitation(code, expires_at)
