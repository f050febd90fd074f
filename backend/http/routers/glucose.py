"""Figures and profile of a person's own glucose."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend.http.guard import GuardedRoute
from backend.http.picture import PICTURE, FormatAsked, UnitAsked, picture_response
from backend.http.rate_limits import COMPUTED
from backend.http.schemas.glucose import ProfileShown, SummaryShown
from backend.http.session import AccountHere, PortsHere
from backend.ports.plots import PictureFormat, Unit
from backend.use_cases.summarise_glucose import (
    SummariseGlucose,
    plot_profile,
    profile_glucose,
    summarise_glucose,
)

router = APIRouter(
    prefix="/api/glucose", tags=["glucose"], route_class=GuardedRoute, dependencies=COMPUTED
)

LONGEST_DAYS = 3650
DaysAsked = Annotated[
    int | None,
    Query(ge=1, le=LONGEST_DAYS, description="before the last reading; everything when not sent"),
]


@router.get("/summary", summary="See the figures of one's own glucose")
def show_glucose_summary(
    account_id: AccountHere, ports: PortsHere, days: DaysAsked = None
) -> SummaryShown:
    """Mean, variation, time in ranges, risk indices and wear, of all one's CGM records together.
    Every record that is opened for it is written to the access log first."""
    return SummaryShown.of(summarise_glucose(SummariseGlucose(account_id, days), ports=ports))


@router.get("/agp", summary="See one's ambulatory glucose profile")
def show_glucose_profile(
    account_id: AccountHere, ports: PortsHere, days: DaysAsked = None
) -> ProfileShown:
    """Percentiles by time of day, in quarters of an hour on the clock that one had."""
    return ProfileShown.of(profile_glucose(SummariseGlucose(account_id, days), ports=ports))


@router.get(
    "/agp/plot",
    summary="See one's ambulatory glucose profile as a picture",
    response_class=Response,
    responses=PICTURE,
)
def show_glucose_profile_plot(
    account_id: AccountHere,
    ports: PortsHere,
    days: DaysAsked = None,
    unit: UnitAsked = Unit.MG_DL,
    form: FormatAsked = PictureFormat.PNG,
) -> Response:
    """The five percentiles over the day, with the range from 70 to 180 mg/dL."""
    command = SummariseGlucose(account_id, days)
    return picture_response(plot_profile(command, unit, form, ports=ports), form, "glucose-profile")
