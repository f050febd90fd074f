"""What may stand in a journal, and in which form."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.errors import InvalidField
from backend.domain.journal import (
    CLOCKS_DIFFER,
    EARLIEST,
    MOST_GRAMS,
    MOST_MINUTES,
    MOST_UNITS,
    NAME_LENGTH,
    NOTE_LENGTH,
    ExerciseEntry,
    InsulinEntry,
    InsulinKind,
    Intensity,
    JournalEvent,
    MealEntry,
    checked_event,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MEAL = MealEntry(NOW, "Asia/Seoul", 55.0, "Bibimbap", "with the family")
WALK = ExerciseEntry(NOW, "Asia/Seoul", 25, Intensity.LIGHT, "walk")
SHOT = InsulinEntry(NOW, "Asia/Seoul", 4.5, InsulinKind.FAST)

moments = st.datetimes(
    min_value=datetime(1990, 1, 2),
    max_value=datetime(2026, 11, 21),
    timezones=st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-720, 840)),
)
lines = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=NAME_LENGTH)
zones = st.sampled_from(["Asia/Seoul", "Europe/London", "America/Los_Angeles", "UTC"])
events = st.one_of(
    st.builds(MealEntry, moments, zones, st.none() | st.floats(0, MOST_GRAMS), lines, lines),
    st.builds(
        ExerciseEntry,
        moments,
        zones,
        st.integers(1, MOST_MINUTES),
        st.sampled_from(Intensity),
        lines,
        lines,
    ),
    st.builds(
        InsulinEntry,
        moments,
        zones,
        st.floats(0.01, MOST_UNITS),
        st.sampled_from(InsulinKind),
        lines,
    ),
)


@given(events)
def test_whatever_can_have_happened_is_taken_and_taking_it_again_changes_nothing(
    event: JournalEvent,
) -> None:
    taken = checked_event(event, now=NOW)
    assert checked_event(taken, now=NOW) == taken
    assert taken.at.tzinfo is UTC and taken.at.microsecond == 0
    assert timedelta(0) <= event.at - taken.at < timedelta(seconds=1)
    assert type(taken) is type(event)


@given(st.text(max_size=NOTE_LENGTH + 50))
def test_any_note_is_either_taken_or_refused_by_its_name(note: str) -> None:
    try:
        taken = checked_event(replace(MEAL, note=note), now=NOW)
    except InvalidField as refused:
        assert refused.field == "note"
    else:
        assert len(taken.note) <= NOTE_LENGTH
        taken.note.encode()


@given(st.floats())
def test_any_amount_is_either_within_its_range_or_refused_by_its_name(amount: float) -> None:
    for event, field in ((MEAL, "carbohydrate_g"), (SHOT, "units")):
        try:
            taken = checked_event(replace(event, **{field: amount}), now=NOW)  # type: ignore[type-var, arg-type]
        except InvalidField as refused:
            assert refused.field == field
        else:
            assert 0 <= getattr(taken, field) <= 1000


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (MEAL, {"at": datetime(2026, 11, 22, 9, 30)}),
        (MEAL, {"at": NOW + CLOCKS_DIFFER + timedelta(seconds=1)}),
        (MEAL, {"at": EARLIEST - timedelta(seconds=1)}),
        (MEAL, {"at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))}),
        (MEAL, {"zone": "Mars/Base"}),
        (MEAL, {"zone": ""}),
        (MEAL, {"carbohydrate_g": -0.01}),
        (MEAL, {"carbohydrate_g": MOST_GRAMS + 0.01}),
        (MEAL, {"carbohydrate_g": float("nan")}),
        (MEAL, {"name": "x" * (NAME_LENGTH + 1)}),
        (MEAL, {"name": "two\nlines"}),
        (MEAL, {"name": "\u202eturned"}),
        (MEAL, {"note": "x" * (NOTE_LENGTH + 1)}),
        (MEAL, {"note": "\x00"}),
        (MEAL, {"note": "half \ud800"}),
        (WALK, {"minutes": 0}),
        (WALK, {"minutes": MOST_MINUTES + 1}),
        (WALK, {"activity": "x" * (NAME_LENGTH + 1)}),
        (SHOT, {"units": 0.0}),
        (SHOT, {"units": 0.001}),
        (SHOT, {"units": MOST_UNITS + 0.01}),
        (SHOT, {"units": float("inf")}),
    ],
)
def test_what_cannot_have_happened_so_is_refused_by_its_field(
    event: JournalEvent, change: dict[str, Any]
) -> None:
    with pytest.raises(InvalidField) as refused:
        checked_event(replace(event, **change), now=NOW)
    assert [refused.value.field] == list(change)


def test_a_clock_that_runs_a_little_ahead_is_borne() -> None:
    assert checked_event(replace(MEAL, at=NOW + CLOCKS_DIFFER), now=NOW).at > NOW


def test_texts_are_in_normal_form_and_keep_lines_and_joined_emoji() -> None:
    event = replace(
        MEAL,
        name=" Cre\u0300me\u3000br\u00fbl\u00e9e\u00a0",
        note="first\nsecond \U0001f469\u200d\U0001f373",
    )
    taken = checked_event(event, now=NOW)
    assert isinstance(taken, MealEntry)
    assert taken.name == "Crème brûlée"
    assert taken.note == "first\nsecond \U0001f469\u200d\U0001f373"


def test_nothing_that_was_noted_shows_in_a_traceback() -> None:
    for event in (MEAL, WALK, SHOT):
        assert "Bibimbap" not in repr(event) and "4.5" not in repr(event)
