"""Figures and profile of a person's own glucose, as responses."""

from typing import Annotated

from pydantic import Field

from backend.domain.glucose import PERCENTILES, GlucoseProfile, GlucoseSummary
from backend.http.schemas.base import Moment, Told
from backend.http.schemas.forecast import FindingShown


class SummaryShown(Told):
    """The consensus figures. Glucose in mg/dL, shares 0 to 1, gmi in per cent."""

    first: Moment
    last: Moment
    days: Annotated[float, Field(description="from the first to the last reading")]
    days_worn: Annotated[int, Field(description="days of which 70 % is there")]
    readings: int
    wear: Annotated[float, Field(description="share of the span that is there, 0 to 1")]
    mean_mg_dl: float
    sd_mg_dl: float
    cv: Annotated[float, Field(description="sd / mean, 0 to 1")]
    gmi_percent: Annotated[float, Field(description="glucose management indicator")]
    tir: Annotated[float, Field(description="share from 70 to 180 mg/dL")]
    tbr: Annotated[float, Field(description="share below 70 mg/dL, very low ones included")]
    tbr_very_low: Annotated[float, Field(description="share below 54 mg/dL")]
    tar: Annotated[float, Field(description="share above 180 mg/dL, very high ones included")]
    tar_very_high: Annotated[float, Field(description="share above 250 mg/dL")]
    lbgi: Annotated[float, Field(description="low blood glucose index")]
    hbgi: Annotated[float, Field(description="high blood glucose index")]
    mage_mg_dl: Annotated[
        float | None, Field(description="mean amplitude of glycaemic excursions, mg/dL")
    ]
    notes: list[FindingShown]

    @staticmethod
    def of(summary: GlucoseSummary) -> "SummaryShown":
        told = dict(vars(summary))
        notes = [FindingShown(**vars(note)) for note in told.pop("notes")]
        return SummaryShown(gmi_percent=told.pop("gmi"), notes=notes, **told)


class BinShown(Told):
    """One stretch of the day on the wall clock; percentiles are missing where nothing is known."""

    minute_of_day: Annotated[int, Field(description="at which it begins")]
    readings: int
    percentiles_mg_dl: Annotated[
        list[float] | None, Field(description="5, 25, 50, 75, 95 %, mg/dL")
    ]


class ProfileShown(Told):
    """The ambulatory glucose profile, as counted: nothing is smoothed."""

    first: Moment
    last: Moment
    days: float
    percentiles: Annotated[list[int], Field(description="of every bin, in per cent")]
    bins: list[BinShown]

    @staticmethod
    def of(profile: GlucoseProfile) -> "ProfileShown":
        rows = zip(profile.percentiles_mg_dl, profile.counts, strict=True)
        return ProfileShown(
            first=profile.first,
            last=profile.last,
            days=profile.days,
            percentiles=list(PERCENTILES),
            bins=[
                BinShown(
                    minute_of_day=index * profile.bin_minutes,
                    readings=count,
                    percentiles_mg_dl=None if row is None else list(row),
                )
                for index, (row, count) in enumerate(rows)
            ],
        )
