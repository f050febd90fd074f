"""Consents: what may be done with one's records, given and taken back."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.rate_limits import RelayedHere
from backend.http.schemas.consents import (
    ConsentList,
    ConsentShown,
    GrantRequest,
    PreparedRevocationView,
    PreparedView,
    Signed,
    Terms,
)
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.grant_consent import GrantConsent
from backend.use_cases.grant_consent import grant_consent as grant
from backend.use_cases.grant_consent import prepare_consent as prepare
from backend.use_cases.list_consents import list_consents as list_own
from backend.use_cases.revoke_consent import RevokeConsent
from backend.use_cases.revoke_consent import prepare_revocation as prepare_taking_back
from backend.use_cases.revoke_consent import revoke_consent as revoke

router = APIRouter(prefix="/api/consents", tags=["consents"], route_class=GuardedRoute)


@router.post("/prepare", summary="See a consent before giving it")
def prepare_consent(body: Terms, account_id: AccountHere, ports: PortsHere) -> PreparedView:
    """In words, and as the message that an own wallet signs."""
    return PreparedView.of(prepare(account_id, body.terms(), ports=ports))


@router.post("", status_code=202, summary="Give a consent")
def grant_consent(
    body: GrantRequest, account_id: AccountHere, ports: PortsHere, relayed: RelayedHere
) -> ConsentShown:
    """It is in force once the chain has recorded it; it replaces the consent before it."""
    command = GrantConsent(account_id, body.terms(), body.signed())
    shown = grant(command, ports=ports, before_relaying=relayed.count_consent)
    return ConsentShown.of(shown)


@router.get("", summary="List one's consents")
def list_consents(account_id: AccountHere, ports: PortsHere) -> ConsentList:
    """All that were ever given here, the newest first, and how each stands."""
    records = list_own(account_id, ports=ports)
    return ConsentList(consents=[ConsentShown.of(record) for record in records])


@router.post("/revocation/prepare", summary="Get the message that takes a consent back")
def prepare_revocation(account_id: AccountHere, ports: PortsHere) -> PreparedRevocationView:
    """For an own wallet to sign. It may as well call revoke() of the registry itself."""
    return PreparedRevocationView.of(prepare_taking_back(account_id, ports=ports))


@router.post("/revocation", status_code=202, summary="Take the consent back")
def revoke_consent(
    body: Signed, account_id: AccountHere, ports: PortsHere, relayed: RelayedHere
) -> ConsentShown:
    """From then on nothing is contributed or trained; grants not yet recorded die with it."""
    command = RevokeConsent(account_id, body.signed())
    shown = revoke(command, ports=ports, before_relaying=relayed.count_revocation)
    return ConsentShown.of(shown)
