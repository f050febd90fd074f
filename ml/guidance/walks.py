"""Meals with exercise soon after them, beside comparable meals without."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.guidance.advice import Evidence, Finding, Number, Period
from ml.guidance.intervals import shift
from ml.guidance.journal import Exercise, Insulin, Journal, Sitting
from ml.guidance.meals import SLOTS, slot_of
from ml.guidance.responses import WITHIN_MINUTES, MealResponse, Responses

SOON_MINUTES = 90
LEAST_MINUTES = 10
LEAST_EACH = 5
LEAST_DIFFERENCE = 10.0
"""mg/dL."""
ALPHA = 0.05
"""For all times of day together, in both directions."""
_ALIKE = 0.75
_ALIKE_BEFORE = 25.0
_STILL_MINUTES = 60
_INSULIN_MINUTES = (30, 60)


@dataclass(frozen=True)
class _Pair:
    """Meals of one time of day, with a walk and without."""

    slot: str
    walked: list[MealResponse]
    rested: list[MealResponse]
    exercise: tuple[str, ...]

    @property
    def enough(self) -> bool:
        return min(len(self.walked), len(self.rested)) >= LEAST_EACH


def walks_after_meals(
    responses: Responses, noted: Sequence[Sitting], journal: Journal, period: Period
) -> list[Finding]:
    """What rises after meals were like with a walk within 90 minutes and without, by time of day.

    Where one of the two is rare, what to note to find out.
    """
    meals = responses.of_meals(noted)
    pairs = [_pair(slot, meals, journal.exercise) for slot in SLOTS]
    unlike = {pair.slot: _unlike(pair, journal.insulin) for pair in pairs if pair.enough}
    tested = sum(reason is None for reason in unlike.values())
    found = []
    for pair in pairs:
        if pair.enough:
            alpha = ALPHA / max(1, tested)
            found.append(_compared(pair, unlike[pair.slot], alpha, period))
    if not found:
        best = max(pairs, key=lambda p: (min(len(p.walked), len(p.rested)), len(p.rested)))
        if best.walked or best.rested:
            found.append(_to_find_out(best, period))
    return found


def _pair(slot: str, meals: Sequence[MealResponse], exercise: Sequence[Exercise]) -> _Pair:
    walked, rested, ids = [], [], []
    for meal in meals:
        if slot_of(meal.sitting.minute_of_day) != slot:
            continue
        around = [e for e in exercise if _touches(e, meal.sitting.at)]
        soon = [e for e in around if _is_walk(e, meal.sitting.at)]
        if not around:
            rested.append(meal)
        elif len(soon) == len(around):
            walked.append(meal)
            ids += [e.id for e in soon]
    return _Pair(slot, walked, rested, tuple(ids))


def _touches(exercise: Exercise, meal_at: int) -> bool:
    """Whether it lies between an hour before the meal and three hours after."""
    ends = exercise.at + exercise.minutes * 60
    return ends > meal_at - _STILL_MINUTES * 60 and exercise.at < meal_at + WITHIN_MINUTES * 60


def _is_walk(exercise: Exercise, meal_at: int) -> bool:
    return (
        0 <= exercise.at - meal_at <= SOON_MINUTES * 60
        and exercise.minutes >= LEAST_MINUTES
        and exercise.intensity != "hard"
    )


def _unlike(pair: _Pair, insulin: Sequence[Insulin]) -> str | None:
    """In what else the two differ so much that nothing may be read from the comparison."""
    before = [float(np.median([m.response.before for m in side])) for side in _sides(pair)]
    if abs(before[0] - before[1]) > _ALIKE_BEFORE:
        return "before"
    grams = [_median_grams(side) for side in _sides(pair)]
    if grams[0] is not None and grams[1] is not None and not _alike(grams[0], grams[1]):
        return "carbohydrate"
    fast = [float(np.mean([_fast(m, insulin) for m in side])) for side in _sides(pair)]
    return None if _alike(fast[0], fast[1]) else "other_entries"


def _sides(pair: _Pair) -> tuple[list[MealResponse], list[MealResponse]]:
    return pair.walked, pair.rested


def _median_grams(meals: Sequence[MealResponse]) -> float | None:
    """None unless four of five are known."""
    known = [m.sitting.grams for m in meals if m.sitting.grams is not None]
    return float(np.median(known)) if len(known) >= 0.8 * len(meals) else None


def _fast(meal: MealResponse, insulin: Sequence[Insulin]) -> float:
    first, last = (minutes * 60 for minutes in _INSULIN_MINUTES)
    at = meal.sitting.at
    return sum(i.units for i in insulin if i.fast and at - first <= i.at <= at + last)


def _alike(one: float, other: float) -> bool:
    return min(one, other) >= _ALIKE * max(one, other)


def _numbers(pair: _Pair) -> dict[str, Number]:
    return {
        "slot": pair.slot,
        "walked": len(pair.walked),
        "rested": len(pair.rested),
        "soon_minutes": SOON_MINUTES,
        "hours": WITHIN_MINUTES // 60,
    }


def _compared(pair: _Pair, unlike: str | None, alpha: float, period: Period) -> Finding:
    walked, rested = ([m.response.rise for m in side] for side in _sides(pair))
    numbers = _numbers(pair)
    numbers["walked_rise"] = round(float(np.median(walked)))
    numbers["rested_rise"] = round(float(np.median(rested)))
    grams = [_median_grams(side) for side in _sides(pair)]
    numbers["weighed"] = "yes" if None not in grams else "no"
    moved = shift(walked, rested, alpha=alpha) if unlike is None else None
    if unlike is not None:
        numbers["unlike"] = unlike
    if moved is not None:
        names = ("difference", "difference_low", "difference_high")
        numbers.update(zip(names, (abs(round(v)) for v in _outward(moved)), strict=True))
        numbers["level"] = 95
    entries = (*(i for m in pair.walked for i in m.sitting.ids), *pair.exercise)
    without = tuple(i for m in pair.rested for i in m.sitting.ids)
    evidence = Evidence(period, numbers, "shift", entries=entries, compared_with=without)
    return Finding(_code(unlike, moved), evidence)


def _outward(moved: tuple[float, float, float]) -> tuple[float, float, float]:
    """Estimate, and the interval's ends by size where both lie on one side of nothing."""
    estimate, low, high = moved
    return (estimate, high, low) if high < 0 else moved


def _code(unlike: str | None, moved: tuple[float, float, float] | None) -> str:
    if unlike is not None:
        return "walk_unlike"
    if moved is not None and moved[2] < 0 and moved[0] <= -LEAST_DIFFERENCE:
        return "walk_smaller_rise"
    if moved is not None and moved[1] > 0 and moved[0] >= LEAST_DIFFERENCE:
        return "walk_larger_rise"
    return "walk_unclear"


def _to_find_out(pair: _Pair, period: Period) -> Finding:
    numbers = _numbers(pair)
    numbers["more_walked"] = max(0, LEAST_EACH - len(pair.walked))
    numbers["more_rested"] = max(0, LEAST_EACH - len(pair.rested))
    numbers["needed"] = LEAST_EACH
    numbers["least_minutes"] = LEAST_MINUTES
    ids = tuple(i for side in _sides(pair) for m in side for i in m.sitting.ids)
    return Finding("walk_find_out", Evidence(period, numbers, "count", entries=ids))
