"""Which meals came before rises, and whether these were larger than without a meal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.guidance.advice import Evidence, Finding, Number, Period
from ml.guidance.clock import minute_text, wall_day
from ml.guidance.intervals import median_interval, shift
from ml.guidance.journal import Sitting
from ml.guidance.quoting import same_name
from ml.guidance.responses import WITHIN_MINUTES, Comparable, MealResponse, Responses

SLOTS = {"morning": (300, 660), "midday": (660, 960), "evening": (960, 1320)}
"""Minutes of the day, the end excluded; what is left is `late`."""
LEAST_MEALS = 6
LEAST_COMPARABLE = 5
LEAST_AT_OTHER_HOURS = 8
LEAST_RISE = 30.0
LEAST_DIFFERENCE = 15.0
"""mg/dL; smaller ones are not worth a sentence."""
ALPHA = 0.05
"""For all groups together."""
OTHER_HOURS_STRICTER = 5.0
"""Stretches at other hours border on the meals of their own day, so that the two are no separate
draws; at a fifth of the level few of 200 people without any effect are told of one."""
_MOST_NAMED = 4
"""More groups would leave each too small a share of `ALPHA` for six meals to reach."""


@dataclass(frozen=True)
class _Group:
    """Meals of one time of day; `name` where they are those of one name among them."""

    slot: str
    name: str
    meals: tuple[MealResponse, ...]


def slot_of(minute_of_day: int) -> str:
    """morning, midday, evening or late."""
    return next(
        (name for name, (a, b) in SLOTS.items() if a <= minute_of_day < b),
        "late",
    )


def rises_after_meals(
    responses: Responses, noted: Sequence[Sitting], period: Period
) -> list[Finding]:
    """The largest rise, and every group of meals of which something can be said."""
    meals = responses.of_meals(noted)
    groups = _groups(meals)
    around = [int(np.median([m.sitting.minute_of_day for m in g.meals])) for g in groups]
    compared = [responses.without_meal(minute, noted, enough=LEAST_COMPARABLE) for minute in around]
    testable = sum(_enough(c) for c in compared)
    found = _largest(meals, period)
    for group, without in zip(groups, compared, strict=True):
        found.append(_group_finding(group, without, ALPHA / max(1, testable), period))
    if not groups:
        found.append(_too_few(noted, meals, period))
    return found


def _groups(meals: Sequence[MealResponse]) -> list[_Group]:
    """By time of day, and by name where that is not the same group again."""
    found: list[_Group] = []
    named: list[_Group] = []
    for slot in (*SLOTS, "late"):
        inside = tuple(m for m in meals if slot_of(m.sitting.minute_of_day) == slot)
        if len(inside) < LEAST_MEALS:
            continue
        found.append(_Group(slot, "", inside))
        by_name: dict[str, list[MealResponse]] = {}
        for meal in inside:
            if meal.sitting.name:
                by_name.setdefault(same_name(meal.sitting.name), []).append(meal)
        for same in by_name.values():
            if LEAST_MEALS <= len(same) < len(inside):
                named.append(_Group(slot, same[-1].sitting.name, tuple(same)))
    return found + sorted(named, key=lambda g: len(g.meals), reverse=True)[:_MOST_NAMED]


def _enough(without: Comparable) -> bool:
    least = LEAST_COMPARABLE if without.same_hours else LEAST_AT_OTHER_HOURS
    return len(without.rises) >= least


def _group_finding(group: _Group, without: Comparable, alpha: float, period: Period) -> Finding:
    rises = [meal.response.rise for meal in group.meals]
    between = median_interval(rises)
    moved = None
    if _enough(without):
        level = alpha if without.same_hours else alpha / OTHER_HOURS_STRICTER
        moved = shift(rises, without.rises, alpha=level)
    numbers: dict[str, Number] = {
        "slot": group.slot,
        "count": len(rises),
        "rise": round(float(np.median(rises))),
        "rise_low": None if between is None else round(between[0]),
        "rise_high": None if between is None else round(between[1]),
        "hours": WITHIN_MINUTES // 60,
        "comparable": len(without.rises),
        "comparable_hours": "same" if without.same_hours else "other",
        "level": 95,
    }
    if without.rises:
        numbers["comparable_rise"] = round(float(np.median(without.rises)))
    if moved is not None:
        names = ("difference", "difference_low", "difference_high")
        numbers.update(zip(names, (round(value) for value in moved), strict=True))
    else:
        numbers["needed"] = LEAST_AT_OTHER_HOURS
    evidence = Evidence(period, numbers, "shift", entries=_ids(group.meals))
    return Finding(_code(numbers, moved), evidence, quoted=group.name)


def _code(numbers: dict[str, Number], moved: tuple[float, float, float] | None) -> str:
    if moved is None:
        return "meal_rise_uncompared"
    large = isinstance(numbers["rise"], int) and numbers["rise"] >= LEAST_RISE
    if large and moved[1] > 0 and moved[0] >= LEAST_DIFFERENCE:
        return f"meal_rise_{numbers['comparable_hours']}_hours"
    return "meal_rise_unclear"


def _largest(meals: Sequence[MealResponse], period: Period) -> list[Finding]:
    large = [m for m in meals if m.response.rise >= LEAST_RISE]
    if not large:
        return []
    meal = max(large, key=lambda m: m.response.rise)
    numbers: dict[str, Number] = {
        "slot": slot_of(meal.sitting.minute_of_day),
        "date": wall_day(meal.sitting.at, meal.sitting.minute_of_day),
        "at": minute_text(meal.sitting.minute_of_day),
        "rise": round(meal.response.rise),
        "before": round(meal.response.before),
        "minutes": meal.response.minutes,
        "meals": len(meals),
    }
    return [Finding("largest_rise", Evidence(period, numbers, "peak_rise", meal.sitting.ids))]


def _too_few(noted: Sequence[Sitting], meals: Sequence[MealResponse], period: Period) -> Finding:
    counts = [slot_of(m.sitting.minute_of_day) for m in meals]
    numbers: dict[str, Number] = {
        "noted": len(noted),
        "usable": len(meals),
        "most": max((counts.count(slot) for slot in counts), default=0),
        "needed": LEAST_MEALS,
        "hours": WITHIN_MINUTES // 60,
    }
    ids = tuple(one for meal in noted for one in meal.ids)
    return Finding("note_more_meals", Evidence(period, numbers, "count", entries=ids))


def _ids(meals: Sequence[MealResponse]) -> tuple[str, ...]:
    return tuple(one for meal in meals for one in meal.sitting.ids)
