"""The journal of meals, exercise and insulin: what was eaten, done or injected, and when."""

import math
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from backend.domain.errors import InvalidField
from backend.domain.identifiers import AccountId, JournalEntryId
from backend.domain.personal import zone_name

NAME_LENGTH = 80
NOTE_LENGTH = 500
MOST_GRAMS = 1000.0
MOST_MINUTES = 1440
MOST_UNITS = 300.0
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=10)
"""How far ahead of the service's clock a person's may be."""
_DECIMALS = 2
"""Of grams and units."""
_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""What joins letters and emoji, and is no control character of its own."""


class Intensity(StrEnum):
    LIGHT = "light"
    MODERATE = "moderate"
    HARD = "hard"


class InsulinKind(StrEnum):
    FAST = "fast"
    LONG = "long"


@dataclass(frozen=True, repr=False)
class MealEntry:
    """Something eaten or drunk. `zone` is the IANA zone of the clock that the person lives by."""

    at: datetime
    zone: str
    carbohydrate_g: float | None = None
    name: str = ""
    note: str = ""


@dataclass(frozen=True, repr=False)
class ExerciseEntry:
    """Exercise that began `at`; `activity` is its name in the person's words, such as walk."""

    at: datetime
    zone: str
    minutes: int
    intensity: Intensity
    activity: str = ""
    note: str = ""


@dataclass(frozen=True, repr=False)
class InsulinEntry:
    """Insulin that the person says they took; nothing here ever computes or advises one."""

    at: datetime
    zone: str
    units: float
    kind: InsulinKind
    note: str = ""


JournalEvent: TypeAlias = MealEntry | ExerciseEntry | InsulinEntry


@dataclass(frozen=True, repr=False)
class JournalEntry:
    """An event as it stands in somebody's journal; each edit raises `version`."""

    id: JournalEntryId
    event: JournalEvent
    created_at: datetime
    changed_at: datetime
    version: int


@dataclass(frozen=True)
class SealedEntry:
    """The row of an entry: even its kind and its times are inside `sealed`."""

    id: JournalEntryId
    account_id: AccountId
    version: int
    sealed: bytes


def checked_event(event: JournalEvent, *, now: datetime) -> JournalEvent:
    """The event in normal form (UTC, whole seconds, NFC), or `InvalidField` naming one fault."""
    at = _moment(event.at, now)
    zone = zone_name(event.zone)
    note = _text("note", event.note, NOTE_LENGTH, lines=True)
    if isinstance(event, MealEntry):
        grams = event.carbohydrate_g
        if grams is not None:
            grams = _amount("carbohydrate_g", grams, 0.0, MOST_GRAMS, "grams")
        name = _text("name", event.name, NAME_LENGTH)
        return replace(event, at=at, zone=zone, note=note, carbohydrate_g=grams, name=name)
    if isinstance(event, ExerciseEntry):
        if not 1 <= event.minutes <= MOST_MINUTES:
            raise InvalidField("minutes", f"exercise lasts 1 to {MOST_MINUTES} minutes")
        activity = _text("activity", event.activity, NAME_LENGTH)
        return replace(event, at=at, zone=zone, note=note, activity=activity)
    units = _amount("units", event.units, 1 / 10**_DECIMALS, MOST_UNITS, "units")
    return replace(event, at=at, zone=zone, note=note, units=units)


def _moment(at: datetime, now: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise InvalidField("at", "at needs its offset from UTC, as in 2026-11-22T08:15:00+09:00")
    try:
        moment = at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise InvalidField("at", "at lies outside every calendar") from None
    if moment < EARLIEST:
        raise InvalidField("at", f"a journal begins in {EARLIEST.year} at the earliest")
    if moment > now + CLOCKS_DIFFER:
        raise InvalidField("at", "at lies in the future: enter what has happened")
    return moment


def _amount(field: str, value: float, least: float, most: float, what: str) -> float:
    if not math.isfinite(value) or not least <= round(value, _DECIMALS) <= most:
        raise InvalidField(field, f"{field} is {least:g} to {most:g} {what}")
    return round(float(value), _DECIMALS) + 0.0  # -0.0 becomes 0.0


def _text(field: str, value: str, longest: int, *, lines: bool = False) -> str:
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in value)
    text = unicodedata.normalize("NFC", spaced).strip()
    if len(text) > longest:
        raise InvalidField(field, f"{field} has at most {longest} characters")
    shown = text.translate(_JOINERS)
    if lines:
        shown = shown.replace("\n", "")
    if not shown.isprintable():
        kind = "text" if lines else "one line"
        raise InvalidField(field, f"{field} is {kind} without control characters")
    return text
