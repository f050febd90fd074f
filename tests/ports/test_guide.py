"""What the guide promises of canonical traces, journal entries and a forecast."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.adapters.guidance.guide import MlGuide
from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind
from backend.domain.errors import NotEnoughData, UnreadableRecord
from backend.domain.glucose import (
    LEVELS,
    METRICS,
    Assessment,
    Band,
    GlucoseForecast,
    Month,
    Quarter,
    ShortTerm,
    Step,
)
from backend.domain.guidance import Guidance, Language
from backend.domain.identifiers import JournalEntryId
from backend.domain.journal import JournalEntry
from backend.ports.guidance import Guide
from tests.ml.guidance.planted import Plan, Planted, plant
from tests.noting import ZONE, events_of, export_of

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
PLANTED = plant(3, Plan(days=28, rise=(("morning", 60.0),), walk=0.5))
LAST = datetime.fromtimestamp(PLANTED.now - 600, UTC)


@pytest.fixture
def guide() -> Guide:
    return MlGuide()


def canonical(planted: Planted, steps: slice = slice(None)) -> bytes:
    data = export_of(planted, steps)
    return MlRecordReader().read(data, Kind.CGM, zone=ZONE, received_at=NOW).canonical


def entries_of(planted: Planted) -> list[JournalEntry]:
    return [
        JournalEntry(JournalEntryId(f"{number:032x}"), event, NOW, NOW, 1)
        for number, event in enumerate(events_of(planted))
    ]


def advised(guide: Guide, *canonicals: bytes, **given: Any) -> Guidance:
    usual: dict[str, Any] = {
        "forecast": None,
        "days": 28,
        "now": LAST,
        "language": Language.ENGLISH,
    }
    return guide.advise(canonicals, entries_of(PLANTED), **(usual | given))


def forecast(lowest: float) -> GlucoseForecast:
    """From 120 to `lowest` in two hours after `LAST`; afternoons of the month are low."""
    steps = tuple(
        Step(
            5 * n,
            LAST + timedelta(minutes=5 * n),
            tuple(120 + (lowest - 120) * n / 24 + 30 * (level - 0.5) for level in LEVELS),
        )
        for n in range(1, 25)
    )
    short = ShortTerm(LAST, 120.0, (), steps, "last_value", "", (), ())
    rows = tuple(
        (65.0 if 60 <= bin_ < 68 else 85.0, 100.0, 120.0, 140.0, 170.0) for bin_ in range(96)
    )
    quarter = Quarter(
        first_day=LAST.date() + timedelta(days=1),
        worn_days=14,
        widened=False,
        served="carry_forward",
        reason="",
        so_far=dict.fromkeys(METRICS, 0.5),
        total=dict.fromkeys(METRICS, Band(0.4, 0.5, 0.6)),
        weeks=(),
        months=(Month(1, 15, rows),),
        scenarios=(),
        choices=(),
        note="",
    )
    return GlucoseForecast(Assessment(14, 0.9, True, False, (), (), ""), short, quarter, "")


def test_what_was_planted_is_told_with_the_entries_it_is_about(guide: Guide) -> None:
    told = advised(guide, canonical(PLANTED))
    (walk,) = [one for one in told.advice if one.code == "walk_smaller_rise"]
    entries = {entry.id: entry.event for entry in entries_of(PLANTED)}
    assert set(walk.evidence.entries) <= set(entries)
    assert walk.evidence.compared_with and walk.evidence.how
    assert told.first_day == date(2026, 11, 2) and told.days == 28
    assert len(told.hours) == 24 and len(told.meals) > 50


def test_traces_in_parts_say_what_the_whole_says(guide: Guide) -> None:
    parts = [canonical(PLANTED, slice(0, 4000)), canonical(PLANTED, slice(3500, None))]
    assert advised(guide, *parts) == advised(guide, canonical(PLANTED))
    assert advised(guide, *reversed(parts)) == advised(guide, *parts)


def test_only_the_last_days_are_looked_at(guide: Guide) -> None:
    told = advised(guide, canonical(PLANTED), days=14)
    assert (told.first_day, told.last_day, told.days) == (
        date(2026, 11, 16),
        date(2026, 11, 29),
        14,
    )


def test_every_language_has_the_same_evidence_and_other_words(guide: Guide) -> None:
    english = advised(guide, canonical(PLANTED))
    korean = advised(guide, canonical(PLANTED), language=Language.KOREAN)
    assert [one.evidence for one in english.advice] == [one.evidence for one in korean.advice]
    assert not {one.text for one in english.advice} & {one.text for one in korean.advice}


def test_a_low_in_the_forecast_comes_first_while_it_is_still_to_come(guide: Guide) -> None:
    told = advised(guide, canonical(PLANTED), forecast=forecast(60.0))
    assert [one.code for one in told.advice[:2]] == ["forecast_low_soon", "forecast_low_hours"]
    soon, month = told.advice[0].evidence, told.advice[1].evidence
    assert soon.numbers["made_at"] == "23:55"
    assert (month.numbers["from"], month.numbers["to"]) == ("15:00", "17:00")


def test_a_forecast_that_has_run_out_is_left_aside(guide: Guide) -> None:
    late = advised(
        guide, canonical(PLANTED), forecast=forecast(60.0), now=LAST + timedelta(hours=3)
    )
    assert late.advice[0].code == "forecast_low_hours"
    old = advised(guide, canonical(PLANTED), forecast=forecast(60.0), now=LAST + timedelta(days=40))
    assert not any(one.code.startswith("forecast") for one in old.advice)


def test_what_is_no_trace_and_what_holds_nothing_are_refused(guide: Guide) -> None:
    with pytest.raises(UnreadableRecord):
        advised(guide, b"VMCT but nothing else, over and over and over and over and over")
    with pytest.raises(NotEnoughData):
        advised(guide)
