"""The journal as guidance reads it: meals joined to sittings, exercise, fast insulin."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

SAME_SITTING_MINUTES = 30
"""Meals noted so close together are one."""


@dataclass(frozen=True)
class Meal:
    """`at` in seconds since 1970, `minute_of_day` on the wall clock; `grams` of carbohydrate."""

    id: str
    at: int
    minute_of_day: int
    grams: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Exercise:
    id: str
    at: int
    minutes: int
    intensity: Literal["light", "moderate", "hard"]


@dataclass(frozen=True)
class Insulin:
    """Only whether it was alike around the meals that are compared is ever looked at."""

    id: str
    at: int
    units: float
    fast: bool


@dataclass(frozen=True)
class Journal:
    """Everything that one person noted in a period, in any order."""

    meals: Sequence[Meal] = ()
    exercise: Sequence[Exercise] = ()
    insulin: Sequence[Insulin] = ()


@dataclass(frozen=True)
class Sitting:
    """Meals within half an hour of the first: `grams` is None where one of them has none.

    `name` is that of the only name noted, empty where there are several or none.
    """

    ids: tuple[str, ...]
    at: int
    minute_of_day: int
    grams: float | None
    name: str = field(repr=False)


def sittings(meals: Sequence[Meal]) -> list[Sitting]:
    """The sittings in order of time; what is noted with 0 g is no meal."""
    groups: list[list[Meal]] = []
    for meal in sorted(meals, key=lambda m: (m.at, m.id)):
        if meal.grams == 0:
            continue
        if groups and meal.at - groups[-1][0].at <= SAME_SITTING_MINUTES * 60:
            groups[-1].append(meal)
        else:
            groups.append([meal])
    return [_sitting(group) for group in groups]


def _sitting(meals: list[Meal]) -> Sitting:
    grams = [meal.grams for meal in meals]
    names = {meal.name for meal in meals if meal.name}
    return Sitting(
        ids=tuple(meal.id for meal in meals),
        at=meals[0].at,
        minute_of_day=meals[0].minute_of_day,
        grams=None if None in grams else float(sum(g for g in grams if g is not None)),
        name=names.pop() if len(names) == 1 else "",
    )
