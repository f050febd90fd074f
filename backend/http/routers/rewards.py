"""What the caller has earned."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.schemas.holdings import RewardsView
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.show_rewards import show_rewards as show

router = APIRouter(tags=["rewards"], route_class=GuardedRoute)


@router.get("/api/rewards", summary="Show balance and rewards")
def show_rewards(account_id: AccountHere, ports: PortsHere) -> RewardsView:
    """The wallet's balance on chain, and what each contribution earned."""
    return RewardsView.of(show(account_id, ports=ports))
