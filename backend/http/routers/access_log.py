"""Who opened what of the caller's."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.schemas.holdings import AccessLog
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.list_access_log import list_access_log as read

router = APIRouter(tags=["access log"], route_class=GuardedRoute)


@router.get("/api/access-log", summary="Show who opened what of one's own")
def list_access_log(account_id: AccountHere, ports: PortsHere) -> AccessLog:
    """Every opening, oldest first, each link checked against the one before."""
    return AccessLog.of(read(account_id, ports=ports))
