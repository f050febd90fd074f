"""Guidance from one person's glucose, journal and forecast. It advises no dose, ever."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.guidance.advice import Advice, Evidence, Finding, Language, Number, Period
from ml.guidance.clock import period_of
from ml.guidance.hours import LEAST_DAYS, HourRisk, hours_at_risk
from ml.guidance.journal import Journal, sittings
from ml.guidance.meals import rises_after_meals
from ml.guidance.nights import nights
from ml.guidance.outlook import MonthBand, ShortForecast, coming_month, soon
from ml.guidance.responses import MealResponse, Responses
from ml.guidance.walks import walks_after_meals
from ml.guidance.words import said
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.joining import last_days
from ml.records.cgm.metrics import HIGH, LOW
from ml.records.cgm.readiness import assess, trusted
from ml.records.cgm.trace import CgmTrace

OLD_AFTER_DAYS = 3
_DAY = 86_400


@dataclass(frozen=True)
class Guidance:
    """Everything that can be said, and the figures of every hour and meal behind it.

    Attributes:
        period: of the readings that were looked at.
        advice: sentences, what is at risk first, what is missing last.
        hours: the 24 hours of the day.
        meals: every meal whose rise could be told apart, in order of time.
    """

    period: Period
    advice: tuple[Advice, ...]
    hours: tuple[HourRisk, ...]
    meals: tuple[MealResponse, ...]


def glucose_guidance(
    grid: GlucoseGrid,
    journal: Journal,
    *,
    days: int,
    now: int,
    language: Language,
    short: ShortForecast | None = None,
    month: MonthBand | None = None,
    traces: Sequence[CgmTrace] = (),
) -> Guidance:
    """What the last `days` days of `grid` and the journal show, in `language`.

    Args:
        grid: the person's readings; the last `days` days of it are looked at.
        journal: what they noted; entries outside these days are not used.
        now: seconds since 1970.
        short: the forecast of the next hours, if there is a fresh one.
        month: the profile forecast for the coming month, if there is one.
        traces: that the grid was made of: hours that a clock showed twice are left out.
    """
    grid = last_days(grid, days)
    period = period_of(grid)
    findings = _forecast(short, month, period)
    hours: list[HourRisk] = []
    meals: list[MealResponse] = []
    if period.days < LEAST_DAYS:
        findings.append(_too_few_days(period, days))
    else:
        believed = trusted(grid, assess(grid, traces=traces))
        hours, at_risk = hours_at_risk(believed, period)
        findings += at_risk or [_nothing(period)]
        findings += nights(grid, believed, period)
        responses = Responses(believed)
        noted = [meal for meal in sittings(journal.meals) if _inside(meal.at, grid)]
        meals = responses.of_meals(noted)
        findings += rises_after_meals(responses, noted, period)
        findings += walks_after_meals(responses, noted, journal, period)
    findings += _old(grid, now, period)
    advice = tuple(said(finding, language) for finding in findings)
    return Guidance(period, advice, tuple(hours), tuple(meals))


def _seconds(moment: np.datetime64) -> int:
    return int(moment.astype("datetime64[s]").astype(np.int64))


def _inside(at: int, grid: GlucoseGrid) -> bool:
    return _seconds(grid.moments[0]) <= at <= _seconds(grid.moments[-1])


def _forecast(
    short: ShortForecast | None, month: MonthBand | None, period: Period
) -> list[Finding]:
    found = [] if short is None else soon(short, period)
    return found if month is None else found + coming_month(month, period)


def _nothing(period: Period) -> Finding:
    numbers: dict[str, Number] = {
        "days": period.days,
        "low_bound": int(LOW),
        "high_bound": int(HIGH),
    }
    return Finding("no_hours_at_risk", Evidence(period, numbers, "share_of_days"))


def _too_few_days(period: Period, asked: int) -> Finding:
    numbers: dict[str, Number] = {
        "asked": asked,
        "have": period.days,
        "needed": LEAST_DAYS,
        "worn_percent": 70,
    }
    return Finding("too_few_days", Evidence(period, numbers, "count"))


def _old(grid: GlucoseGrid, now: int, period: Period) -> list[Finding]:
    last = _seconds(grid.moments[-1])
    age = (now - last) // _DAY
    if age < OLD_AFTER_DAYS:
        return []
    numbers: dict[str, Number] = {"date": period.last_day, "age": age}
    return [Finding("old_readings", Evidence(period, numbers, "count"))]
