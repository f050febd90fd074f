"""The journal of meals, exercise and insulin: what was eaten, done or injected, and when."""

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
FINEST = 2
"""Decimals of grams and units that are kept."""


class Intensity(StrEnum):
    LIGHT = "light"
    MODERATE = "moderate"
    HARD = "hard"


class InsulinKind(StrEnum):
    FAST = "fast"
    LONG = "long"


@dataclass(frozen=True)
class MealEntry:
    """Something eaten or drunk. `zone` is the IANA zone of the clock that the person lives by."""

    at: datetime
    zone: str
    carbohydrate_g: float | None = None
    name: str = ""
    note: str = ""


@dataclass(frozen=True)
class ExerciseEntry:
    """Exercise that began `at`; `activity` is its name in the person's words, such as walk."""

    at: datetime
    zone: str
    minutes: int
    intensity: Intensity
    activity: str = ""
    note: str = ""


@dataclass(frozen=True)
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
