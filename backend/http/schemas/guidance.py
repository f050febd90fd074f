"""Guidance, as a response."""

from datetime import date
from typing import Annotated

from pydantic import Field

from backend.domain import guidance as domain
from backend.http.schemas.base import Moment, Told

Interval = Annotated[list[float], Field(description="95 % interval of the share of days")]


class Evidence(Told):
    """What the sentence rests on."""

    first_day: date
    last_day: date
    days: Annotated[int, Field(description="worn for 70 % or more")]
    numbers: Annotated[
        dict[str, int | float | str | None],
        Field(description="every number of the sentence, and those it follows from"),
    ]
    method: str
    how: Annotated[str, Field(description="the method in words")]
    entries: Annotated[list[str], Field(description="journal entries that it is about")]
    compared_with: Annotated[list[str], Field(description="journal entries they stand beside")]
    sources: list[str]

    @staticmethod
    def of(evidence: domain.Evidence) -> "Evidence":
        return Evidence(
            **{
                **vars(evidence),
                "numbers": dict(evidence.numbers),
                "entries": list(evidence.entries),
                "compared_with": list(evidence.compared_with),
                "sources": list(evidence.sources),
            }
        )


class Advice(Told):
    """Plain text, to be shown as it is: never markup, never a dose, a drug or a diagnosis."""

    code: str
    text: str
    evidence: Evidence

    @staticmethod
    def of(advice: domain.Advice) -> "Advice":
        return Advice(code=advice.code, text=advice.text, evidence=Evidence.of(advice.evidence))


class HourShown(Told):
    hour: Annotated[int, Field(description="0 to 23, on your own clock")]
    days: Annotated[int, Field(description="on which enough of this hour is known")]
    days_below_70: int
    below_70: Interval
    days_above_180: int
    above_180: Interval

    @staticmethod
    def of(hour: domain.HourRisk) -> "HourShown":
        below, above = hour.below_70, hour.above_180
        return HourShown(
            hour=hour.hour,
            days=hour.days,
            days_below_70=below.days,
            below_70=[below.low, below.high],
            days_above_180=above.days,
            above_180=[above.low, above.high],
        )


class MealShown(Told):
    """A meal whose rise could be told from that of others, and its highest reading within 3 h."""

    entries: list[str]
    at: Moment
    before_mg_dl: float
    rise_mg_dl: float
    minutes: Annotated[int, Field(description="until the highest reading")]

    @staticmethod
    def of(meal: domain.MealRise) -> "MealShown":
        return MealShown(**{**vars(meal), "entries": list(meal.entries)})


class GuidanceShown(Told):
    """What readings and journal show together. It is no medical advice and names no dose."""

    language: str
    first_day: date
    last_day: date
    days: Annotated[int, Field(description="worn for 70 % or more")]
    advice: list[Advice]
    hours: list[HourShown]
    meals: list[MealShown]

    @staticmethod
    def of(guidance: domain.Guidance) -> "GuidanceShown":
        return GuidanceShown(
            language=guidance.language,
            first_day=guidance.first_day,
            last_day=guidance.last_day,
            days=guidance.days,
            advice=[Advice.of(one) for one in guidance.advice],
            hours=[HourShown.of(one) for one in guidance.hours],
            meals=[MealShown.of(one) for one in guidance.meals],
        )
