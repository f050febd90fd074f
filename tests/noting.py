"""Planted people as the service meets them: an export of their sensor, and what they note."""

from datetime import UTC, datetime
from typing import Any

from backend.domain.journal import ExerciseEntry, Intensity, JournalEvent, MealEntry
from tests.ml.guidance.planted import OFFSET, Planted

ZONE = "Asia/Seoul"


def export_of(planted: Planted, steps: slice = slice(None)) -> bytes:
    """Plain CSV in the wall time of `ZONE`, without the steps that are not there."""
    lines = ["timestamp,glucose_mg_dl"]
    moments = planted.grid.moments[steps].astype("datetime64[s]").astype(int)
    for moment, value in zip(moments, planted.grid.mg_dl[steps], strict=True):
        if value == value:
            wall = datetime.fromtimestamp(int(moment) + OFFSET, UTC)
            lines.append(f"{wall:%Y-%m-%dT%H:%M:%S},{max(40.0, value):.0f}")
    return "\n".join(lines).encode() + b"\n"


def events_of(planted: Planted, *, note: str = "") -> list[JournalEvent]:
    """Meals and exercise as they stand in a journal."""
    found: list[JournalEvent] = [
        MealEntry(datetime.fromtimestamp(m.at, UTC), ZONE, m.grams, m.name, note)
        for m in planted.journal.meals
    ]
    for walk in planted.journal.exercise:
        at = datetime.fromtimestamp(walk.at, UTC)
        found.append(ExerciseEntry(at, ZONE, walk.minutes, Intensity(walk.intensity), "walk", note))
    return found


def bodies_of(planted: Planted, **more: Any) -> list[dict[str, Any]]:
    """The same as requests."""
    found: list[dict[str, Any]] = []
    for event in events_of(planted):
        told = {**vars(event), "at": event.at.isoformat(), **more}
        kind = "meal" if isinstance(event, MealEntry) else "exercise"
        found.append({"type": kind, **told})
    return found
