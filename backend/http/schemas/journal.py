"""The journal, as requests and responses."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from backend.domain.journal import (
    MOST_GRAMS,
    MOST_MINUTES,
    MOST_UNITS,
    NAME_LENGTH,
    NOTE_LENGTH,
    ExerciseEntry,
    InsulinEntry,
    InsulinKind,
    Intensity,
    JournalEntry,
    JournalEvent,
    MealEntry,
)
from backend.http.schemas.base import Asked, Moment, Told
from backend.use_cases.list_journal import JournalPage
from backend.use_cases.sealed_journal import event_fields

At = Annotated[datetime, Field(description="when it was, with the offset from UTC")]
Zone = Annotated[
    str | None,
    Field(description="IANA zone of the clock you live by; that of your account when not sent"),
]
Note = Annotated[str, Field(description=f"up to {NOTE_LENGTH} characters, for yourself")]

MEAL_EXAMPLE: dict[str, JsonValue] = {
    "type": "meal",
    "at": "2026-11-22T08:10:00+09:00",
    "zone": "Asia/Seoul",
    "carbohydrate_g": 55,
    "name": "Bibimbap",
    "note": "with the family",
}
EXERCISE_EXAMPLE: dict[str, JsonValue] = {
    "type": "exercise",
    "at": "2026-11-22T08:40:00+09:00",
    "zone": "Asia/Seoul",
    "minutes": 25,
    "intensity": "light",
    "activity": "walk",
}
INSULIN_EXAMPLE: dict[str, JsonValue] = {
    "type": "insulin",
    "at": "2026-11-22T08:05:00+09:00",
    "zone": "Asia/Seoul",
    "units": 4.5,
    "kind": "fast",
}


class MealAsked(Asked):
    """A meal; how much and what are optional."""

    model_config = ConfigDict(json_schema_extra={"examples": [MEAL_EXAMPLE]})

    type: Literal["meal"]
    at: At
    zone: Zone = None
    carbohydrate_g: Annotated[float | None, Field(description=f"grams, 0 to {MOST_GRAMS:g}")] = None
    name: Annotated[str, Field(description=f"up to {NAME_LENGTH} characters")] = ""
    note: Note = ""

    def event(self, zone: str) -> JournalEvent:
        """As the domain has it."""
        return MealEntry(self.at, zone, self.carbohydrate_g, self.name, self.note)


class ExerciseAsked(Asked):
    """Exercise, from its beginning."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXERCISE_EXAMPLE]})

    type: Literal["exercise"]
    at: At
    zone: Zone = None
    minutes: Annotated[int, Field(description=f"1 to {MOST_MINUTES}")]
    intensity: Literal["light", "moderate", "hard"]
    activity: Annotated[str, Field(description="such as walk")] = ""
    note: Note = ""

    def event(self, zone: str) -> JournalEvent:
        """As the domain has it."""
        intensity = Intensity(self.intensity)
        return ExerciseEntry(self.at, zone, self.minutes, intensity, self.activity, self.note)


class InsulinAsked(Asked):
    """Insulin that was taken; nothing is ever computed or advised from its amount."""

    model_config = ConfigDict(json_schema_extra={"examples": [INSULIN_EXAMPLE]})

    type: Literal["insulin"]
    at: At
    zone: Zone = None
    units: Annotated[float, Field(description=f"above 0, up to {MOST_UNITS:g}")]
    kind: Literal["fast", "long"]
    note: Note = ""

    def event(self, zone: str) -> JournalEvent:
        """As the domain has it."""
        return InsulinEntry(self.at, zone, self.units, InsulinKind(self.kind), self.note)


EventAsked = Annotated[
    MealAsked | ExerciseAsked | InsulinAsked,
    Field(
        discriminator="type",
        examples=[MEAL_EXAMPLE, EXERCISE_EXAMPLE, INSULIN_EXAMPLE],
    ),
]


class EntryShown(Told):
    """An entry; only the fields of its `type` are there."""

    entry_id: str
    type: Annotated[str, Field(description="meal, exercise or insulin")]
    at: Moment
    zone: str
    carbohydrate_g: float | None = None
    name: str | None = None
    minutes: int | None = None
    intensity: str | None = None
    activity: str | None = None
    units: float | None = None
    kind: str | None = None
    note: str
    created_at: Moment
    changed_at: Moment
    version: Annotated[int, Field(description='also the ETag; send it as If-Match: "1"')]

    @staticmethod
    def of(entry: JournalEntry) -> "EntryShown":
        fields: dict[str, Any] = event_fields(entry.event)
        return EntryShown(
            entry_id=entry.id,
            created_at=entry.created_at,
            changed_at=entry.changed_at,
            version=entry.version,
            **fields,
        )


class JournalShown(Told):
    entries: list[EntryShown]
    next: Annotated[
        str | None, Field(description="send it as `after` for the next page; null at the end")
    ]

    @staticmethod
    def of(page: JournalPage) -> "JournalShown":
        return JournalShown(entries=[EntryShown.of(e) for e in page.entries], next=page.next)
