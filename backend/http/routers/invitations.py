"""Invitations: how a person becomes a patient's guardian."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.rate_limits import AttemptsHere
from backend.http.schemas.sessions import InvitationAcceptance, InvitationView
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.accept_invitation import AcceptInvitation
from backend.use_cases.accept_invitation import accept_invitation as accept
from backend.use_cases.invite_guardian import invite_guardian as invite

router = APIRouter(tags=["invitations"], route_class=GuardedRoute)


@router.post("/api/invitations", status_code=201, summary="Invite a guardian")
def invite_guardian(account_id: AccountHere, ports: PortsHere) -> InvitationView:
    """The code is shown this once and works once, for days."""
    return InvitationView.of(invite(account_id, ports=ports))


@router.post("/api/invitations/accept", status_code=204, summary="Become a patient's guardian")
def accept_invitation(
    body: InvitationAcceptance, account_id: AccountHere, attempts: AttemptsHere, ports: PortsHere
) -> None:
    """For a guardian who has an account already; new ones send the code when signing up."""
    attempts.count(account_id)
    accept(AcceptInvitation(account_id, body.invitation), ports=ports)
