"""What releases have cost the caller."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.schemas.privacy_ledger import PrivacyLedgerShown
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.show_privacy_ledger import show_privacy_ledger as show

router = APIRouter(tags=["privacy ledger"], route_class=GuardedRoute)


@router.get("/api/privacy-ledger", summary="Show what releases cost one, and which they were")
def show_privacy_ledger(account_id: AccountHere, ports: PortsHere) -> PrivacyLedgerShown:
    """Every dataset that a record of one's own went into or was held out for, with what it cost
    and what may be spent at most. Somebody whose budget is spent is left out of later cohorts."""
    return PrivacyLedgerShown.of(show(account_id, ports=ports))
