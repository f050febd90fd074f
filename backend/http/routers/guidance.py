"""Guidance from one's own readings, journal and forecast."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.domain.guidance import FEWEST_DAYS, MOST_DAYS, Language
from backend.http.guard import GuardedRoute
from backend.http.rate_limits import COMPUTED
from backend.http.schemas.guidance import GuidanceShown
from backend.http.session import AccountHere, PortsHere
from backend.use_cases.advise import Advise, advise

router = APIRouter(tags=["guidance"], route_class=GuardedRoute, dependencies=COMPUTED)


@router.get("/api/guidance", summary="See what readings and journal show together")
def show_guidance(
    account_id: AccountHere,
    ports: PortsHere,
    lang: Annotated[Language, Query(description="of the sentences")] = Language.ENGLISH,
    days: Annotated[
        int, Query(description=f"before the last reading, {FEWEST_DAYS} to {MOST_DAYS}")
    ] = 14,
) -> GuidanceShown:
    """Hours at risk, meals that came before rises, and what a walk after them went along with:
    every sentence with its evidence, none with a dose. Needs a consent to care in force; the
    records and the journal are opened through the access log."""
    return GuidanceShown.of(advise(Advise(account_id, lang, days), ports=ports))
