"""`ml.guidance` with the domain's values on either side."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from backend.adapters.guidance.outlook import month_of, short_of
from backend.domain.errors import NotEnoughData, UnreadableRecord
from backend.domain.glucose import GlucoseForecast
from backend.domain.guidance import (
    Advice,
    DaysBeyond,
    Evidence,
    Guidance,
    HourRisk,
    Language,
    MealRise,
)
from backend.domain.identifiers import JournalEntryId
from backend.domain.journal import ExerciseEntry, InsulinKind, JournalEntry, MealEntry
from ml.guidance import advice as told
from ml.guidance import hours, responses
from ml.guidance import journal as noted
from ml.guidance.glucose import glucose_guidance
from ml.records.cgm.canonical import from_canonical_bytes
from ml.records.cgm.joining import joined_grid, last_days
from ml.records.cgm.trace import CgmTrace
from ml.records.errors import UnreadableRecord as Unreadable


def guidance_of(
    canonicals: Sequence[bytes],
    entries: Sequence[JournalEntry],
    forecast: GlucoseForecast | None,
    *,
    days: int,
    now: datetime,
    language: Language,
) -> Guidance:
    """Sentences of the last `days` days before the last reading."""
    traces = _traces(canonicals)
    grid = last_days(joined_grid(traces), days)
    said = glucose_guidance(
        grid,
        journal_of(entries),
        days=days,
        now=int(now.timestamp()),
        language=language.value,
        short=short_of(forecast, grid, now),
        month=month_of(forecast, now),
        traces=traces,
    )
    return Guidance(
        language=language,
        first_day=date.fromisoformat(said.period.first_day),
        last_day=date.fromisoformat(said.period.last_day),
        days=said.period.days,
        advice=tuple(_advice(one) for one in said.advice),
        hours=tuple(_hour(one) for one in said.hours),
        meals=tuple(_meal(one) for one in said.meals),
    )


def _traces(canonicals: Sequence[bytes]) -> list[CgmTrace]:
    """All of them; `NotEnoughData` where they hold no reading."""
    try:
        traces = [from_canonical_bytes(canonical) for canonical in canonicals]
    except Unreadable as fault:
        raise UnreadableRecord(str(fault)) from fault
    if not any(len(trace) for trace in traces):
        raise NotEnoughData(
            "your records hold no reading",
            needs="contribute a CGM export of at least 10 days",
            reasons=("no_readings",),
        )
    return traces


def journal_of(entries: Sequence[JournalEntry]) -> noted.Journal:
    """The entries as guidance reads them; notes and names of activities stay behind."""
    meals, exercise, insulin = [], [], []
    for entry in entries:
        event = entry.event
        at = int(event.at.timestamp())
        if isinstance(event, MealEntry):
            minute = minute_of_day(event)
            meals.append(noted.Meal(entry.id, at, minute, event.carbohydrate_g, event.name))
        elif isinstance(event, ExerciseEntry):
            exercise.append(noted.Exercise(entry.id, at, event.minutes, event.intensity.value))
        else:
            fast = event.kind is InsulinKind.FAST
            insulin.append(noted.Insulin(entry.id, at, event.units, fast))
    return noted.Journal(tuple(meals), tuple(exercise), tuple(insulin))


def minute_of_day(event: MealEntry) -> int:
    """On the clock that the person lives by."""
    wall = event.at.astimezone(ZoneInfo(event.zone))
    return wall.hour * 60 + wall.minute


def _advice(one: told.Advice) -> Advice:
    evidence = one.evidence
    return Advice(
        code=one.code,
        text=one.text,
        evidence=Evidence(
            first_day=date.fromisoformat(evidence.period.first_day),
            last_day=date.fromisoformat(evidence.period.last_day),
            days=evidence.period.days,
            numbers=dict(evidence.numbers),
            method=evidence.method,
            how=told.METHODS[evidence.method],
            entries=_ids(evidence.entries),
            compared_with=_ids(evidence.compared_with),
            sources=evidence.sources,
        ),
    )


def _hour(one: hours.HourRisk) -> HourRisk:
    below = DaysBeyond(one.low_days, *(round(end, 3) for end in one.low_interval))
    above = DaysBeyond(one.high_days, *(round(end, 3) for end in one.high_interval))
    return HourRisk(one.hour, one.days, below, above)


def _meal(one: responses.MealResponse) -> MealRise:
    return MealRise(
        entries=_ids(one.sitting.ids),
        at=datetime.fromtimestamp(one.sitting.at, UTC),
        before_mg_dl=round(one.response.before, 1),
        rise_mg_dl=round(one.response.rise, 1),
        minutes=one.response.minutes,
    )


def _ids(ids: Sequence[str]) -> tuple[JournalEntryId, ...]:
    return tuple(JournalEntryId(one) for one in ids)
