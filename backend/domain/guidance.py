"""Guidance: what a person's readings and journal show together, each sentence with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from backend.domain.errors import InvalidField
from backend.domain.identifiers import JournalEntryId

FEWEST_DAYS, MOST_DAYS = 7, 90


class Language(StrEnum):
    ENGLISH = "en"
    KOREAN = "ko"


@dataclass(frozen=True)
class Evidence:
    """What a sentence rests on.

    Attributes:
        first_day: of the readings that were looked at, on the wall clock; `last_day` likewise.
        days: worn for 70 % or more.
        numbers: every number that the sentence says, and those it follows from.
        method: how they were computed, a code; `how` says it in words.
        entries: the journal entries that the sentence is about.
        compared_with: those that they are compared with.
        sources: publications that a bound or a fixed sentence is taken from.
    """

    first_day: date
    last_day: date
    days: int
    numbers: Mapping[str, int | float | str | None]
    method: str
    how: str
    entries: tuple[JournalEntryId, ...]
    compared_with: tuple[JournalEntryId, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """A sentence or two; `code` is stable for machines."""

    code: str
    text: str
    evidence: Evidence


@dataclass(frozen=True)
class DaysBeyond:
    """Days on which glucose was beyond a bound, with the 95 % interval of their share."""

    days: int
    low: float
    high: float


@dataclass(frozen=True)
class HourRisk:
    """One hour of the day, of `days` on which it is known."""

    hour: int
    days: int
    below_70: DaysBeyond
    above_180: DaysBeyond


@dataclass(frozen=True)
class MealRise:
    """A sitting, and the highest reading within three hours of it."""

    entries: tuple[JournalEntryId, ...]
    at: datetime
    before_mg_dl: float
    rise_mg_dl: float
    minutes: int


@dataclass(frozen=True)
class Guidance:
    """Everything that can be said of a period, what is at risk first, what is missing last."""

    language: Language
    first_day: date
    last_day: date
    days: int
    advice: tuple[Advice, ...]
    hours: tuple[HourRisk, ...]
    meals: tuple[MealRise, ...]


def checked_days(days: int) -> int:
    """How many days guidance looks at, or `InvalidField`."""
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise InvalidField("days", f"guidance looks at {FEWEST_DAYS} to {MOST_DAYS} days")
    return days
