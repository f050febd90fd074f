"""A personal forecast, as a response: two hours as quantiles, three months as summaries."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from backend.domain.glucose import LEVELS, Band, GlucoseForecast, Quarter, ShortTerm, Step
from backend.http.schemas.base import Moment, Told
from backend.use_cases.forecast_glucose import ForecastView

TOLD_STEPS = (30, 60, 120)
MgDl = Annotated[float, Field(description="mg/dL")]
Figures = dict[str, float]


class FindingShown(Told):
    """Something that was met in the readings; `code` is stable, `sentence` is for people."""

    code: str
    sentence: str


class StepShown(Told):
    """One moment ahead. Quantiles in mg/dL; 5 and 95 % bound the 90 % interval."""

    minutes_ahead: int
    at: Moment
    median_mg_dl: MgDl
    low_mg_dl: Annotated[float, Field(description="5 % quantile, mg/dL")]
    high_mg_dl: Annotated[float, Field(description="95 % quantile, mg/dL")]
    quantiles_mg_dl: Annotated[list[float], Field(description="at the levels of `levels`, mg/dL")]

    @staticmethod
    def of(step: Step) -> "StepShown":
        values = list(step.quantiles_mg_dl)
        return StepShown(
            minutes_ahead=step.minutes_ahead,
            at=step.at,
            median_mg_dl=values[LEVELS.index(0.5)],
            low_mg_dl=values[0],
            high_mg_dl=values[-1],
            quantiles_mg_dl=values,
        )


class ReadingShown(Told):
    at: Moment
    mg_dl: MgDl


class BaselineShown(Told):
    """What a forecast that needs no network says of the same 24 steps."""

    name: Annotated[
        str, Field(description="last_value, linear, same_time_yesterday or time_of_day_median")
    ]
    mg_dl: Annotated[list[float], Field(description="5 to 120 minutes ahead, mg/dL")]


class CandidateShown(Told):
    """A forecaster that was tried on the person's last days, and how it erred there."""

    name: str
    figures: Annotated[
        Figures, Field(description="rmse_30_mg_dl, rmse_60_mg_dl, rmse_120_mg_dl, coverage_90, …")
    ]


class ShortTermShown(Told):
    origin: Annotated[datetime, Field(description="moment of the reading that it starts from; UTC")]
    last_mg_dl: MgDl
    served: Annotated[str, Field(description="which forecaster: it erred least on your last days")]
    reason: str
    levels: Annotated[list[float], Field(description="of every step's quantiles, 0 to 1")]
    told: Annotated[list[StepShown], Field(description="30, 60 and 120 minutes ahead")]
    steps: Annotated[list[StepShown], Field(description="every 5 minutes up to 120")]
    recent: Annotated[list[ReadingShown], Field(description="the readings of the hours before")]
    baselines: list[BaselineShown]
    candidates: list[CandidateShown]

    @staticmethod
    def of(short: ShortTerm) -> "ShortTermShown":
        steps = [StepShown.of(step) for step in short.steps]
        return ShortTermShown(
            origin=short.origin,
            last_mg_dl=short.last_mg_dl,
            served=short.served,
            reason=short.reason,
            levels=list(LEVELS),
            told=[step for step in steps if step.minutes_ahead in TOLD_STEPS],
            steps=steps,
            recent=[ReadingShown(at=at, mg_dl=value) for at, value in short.recent],
            baselines=[BaselineShown(name=b.name, mg_dl=list(b.mg_dl)) for b in short.baselines],
            candidates=[
                CandidateShown(name=one.name, figures=dict(one.figures)) for one in short.candidates
            ],
        )


class BandShown(Told):
    """A figure with its 90 % interval. Shares and cv are 0 to 1, gmi is per cent."""

    low: float
    mid: float
    high: float


class WeekShown(Told):
    week: Annotated[int, Field(description="1 to 13")]
    first_day: date
    figures: Annotated[dict[str, BandShown], Field(description="tir, tbr, tar, gmi, cv")]


class MonthShown(Told):
    """The profile of a day that is expected in this month."""

    month: Annotated[int, Field(description="1 to 3")]
    step_minutes: int
    percentiles_mg_dl: Annotated[
        list[list[float]], Field(description="5, 25, 50, 75, 95 % for each step from midnight")
    ]


class ScenarioShown(Told):
    """One way such months could look: an example, a forecast of no day."""

    label: str = "scenario"
    source: str
    step_minutes: int
    mg_dl: Annotated[list[list[float]], Field(description="a row for each of 91 days, mg/dL")]


class ChoiceShown(Told):
    metric: str
    served: Annotated[str, Field(description="model or carry_forward")]
    candidate: str
    reason: str
    figures: Figures


class QuarterShown(Told):
    """Three months ahead, as summaries: nobody can tell a day or a reading that far ahead."""

    first_day: date
    worn_days: int
    widened: Annotated[bool, Field(description="under 14 worn days, so the intervals are wider")]
    served: Annotated[str, Field(description="model, or carry_forward where no model beat it")]
    reason: str
    so_far: Annotated[Figures, Field(description="the last fourteen days: what is carried forward")]
    total: Annotated[dict[str, BandShown], Field(description="the three months as a whole")]
    weeks: list[WeekShown]
    months: list[MonthShown]
    scenarios: list[ScenarioShown]
    choices: list[ChoiceShown]
    note: str

    @staticmethod
    def of(quarter: Quarter) -> "QuarterShown":
        return QuarterShown(
            first_day=quarter.first_day,
            worn_days=quarter.worn_days,
            widened=quarter.widened,
            served=quarter.served,
            reason=quarter.reason,
            so_far=dict(quarter.so_far),
            total=_bands(quarter.total),
            weeks=[
                WeekShown(week=week.week, first_day=week.first_day, figures=_bands(week.figures))
                for week in quarter.weeks
            ],
            months=[
                MonthShown(
                    month=month.month,
                    step_minutes=month.step_minutes,
                    percentiles_mg_dl=[list(row) for row in month.percentiles_mg_dl],
                )
                for month in quarter.months
            ],
            scenarios=[
                ScenarioShown(
                    source=path.source,
                    step_minutes=path.step_minutes,
                    mg_dl=[list(day) for day in path.mg_dl],
                )
                for path in quarter.scenarios
            ],
            choices=[
                ChoiceShown(**{**vars(choice), "figures": dict(choice.figures)})
                for choice in quarter.choices
            ],
            note=quarter.note,
        )


class ForecastShown(Told):
    """From the last reading that is here, however long ago that was: see `age_minutes`."""

    says: Annotated[str, Field(description="from which reading, how old it is, and what is wider")]
    age_minutes: Annotated[int, Field(description="from the origin to now")]
    days_worn: int
    widened: Annotated[bool, Field(description="under 14 worn days, so the intervals are wider")]
    notes: list[FindingShown]
    trained_at: Moment
    newer_records: Annotated[
        int, Field(description="contributed since: started from, not learnt from; train again")
    ]
    short_term: ShortTermShown
    quarter: QuarterShown | None
    quarter_reason: str

    @staticmethod
    def of(view: ForecastView) -> "ForecastShown":
        forecast = view.forecast
        return ForecastShown(
            says=_sentence(view),
            age_minutes=_age_minutes(view),
            days_worn=forecast.assessment.days_worn,
            widened=forecast.assessment.widened,
            notes=[FindingShown(**vars(note)) for note in forecast.assessment.notes],
            trained_at=view.model.created_at,
            newer_records=view.newer_records,
            short_term=ShortTermShown.of(forecast.short_term),
            quarter=None if forecast.quarter is None else QuarterShown.of(forecast.quarter),
            quarter_reason=forecast.quarter_reason,
        )


def _sentence(view: ForecastView) -> str:
    forecast: GlucoseForecast = view.forecast
    origin = forecast.short_term.origin
    age = _age_minutes(view)
    told = f"From the reading at {origin:%Y-%m-%d %H:%M} UTC, {_length(age)} ago"
    if age >= forecast.short_term.steps[-1].minutes_ahead:
        told += ": these two hours have passed, contribute newer readings"
    if forecast.quarter is not None and _is_over(forecast.quarter, view.asked_at):
        told += (
            f". The three months from {forecast.quarter.first_day} have passed, too: train again "
            "with newer readings"
        )
    if forecast.assessment.widened:
        told += (
            f". Learnt from {forecast.assessment.days_worn} worn days: intervals are wider than "
            "from 14"
        )
    return told + "."


def _age_minutes(view: ForecastView) -> int:
    return int((view.asked_at - view.forecast.short_term.origin).total_seconds() // 60)


def _is_over(quarter: Quarter, asked_at: datetime) -> bool:
    """Whether the last of its weeks lies wholly in the past, wherever the person lives."""
    ends = quarter.weeks[-1].first_day + timedelta(days=7)
    return (asked_at - timedelta(hours=12)).date() >= ends


def _length(minutes: int) -> str:
    if minutes < 120:
        return "one minute" if minutes == 1 else f"{minutes} minutes"
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes // 1440} days"


def _bands(figures: Mapping[str, Band]) -> dict[str, BandShown]:
    return {metric: BandShown(**vars(band)) for metric, band in figures.items()}
