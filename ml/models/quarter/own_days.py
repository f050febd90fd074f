"""What a person's own record says about the models: its later days forecast from earlier ones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import (
    FIRST_DAYS,
    WEEKS,
    DayTable,
    stacked,
    weekly_figures,
    with_range,
    worn_days,
)

ENOUGH_WORN = 28
"""Worn days from which a record is tested on itself: fourteen to learn from, fourteen to test."""
LEAST_WORN = 10
_MOST_ORIGINS = 26
_CERTAIN = 2.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OwnDays:
    """Forecast origins inside one record, a week apart, the latest last.

    Attributes:
        first: the fourteen days before each origin, (origins, 14).
        week: of the record, counted from its first origin, that follows each origin, (origins,).
        after: `METRICS` figures of the weeks that followed, (origins, WEEKS + 1, 5); NaN beyond
            the record and where little is known. The quarter's row is always NaN.
        days: worn days behind the scored weeks.
    """

    first: DayTable
    week: npt.NDArray[np.int64]
    after: npt.NDArray[np.float64]
    days: int


def own_days(table: DayTable) -> OwnDays | None:
    """Origins of one person's days; None where the record is too short to say anything."""
    if int(worn_days(table)[0]) < ENOUGH_WORN:
        return None
    ends = range(table.days - 7, FIRST_DAYS - 1, -7)
    usable = [
        end
        for end in list(ends)[:_MOST_ORIGINS]
        if worn_days(table.between(end - FIRST_DAYS, end))[0] >= LEAST_WORN
    ]
    if not usable:
        return None
    origins = sorted(usable)
    after = np.stack([_after(table, origin) for origin in origins])
    if not np.isfinite(after).any():
        return None
    first = stacked([table.between(origin - FIRST_DAYS, origin) for origin in origins])
    scored = table.between(origins[0], table.days)
    week = (np.array(origins) - origins[0]) // 7
    return OwnDays(first, week, after, int(worn_days(scored)[0]))


@dataclass(frozen=True)
class Verdict:
    """A model beside carry-forward on one metric of a person's own held-out weeks.

    Attributes:
        model_mae, carried_mae: mean absolute errors of the weeks, the metric's unit.
        worse: whether the model missed by more for certain: two standard errors over weeks.
    """

    model_mae: float
    carried_mae: float
    worse: bool


def verdicts(own: OwnDays, model: Floats, carried: Floats) -> list[Verdict]:
    """One per metric, in the order of `METRICS`.

    Every week counts once, however many origins it was forecast from.

    Args:
        model, carried: forecasts at each origin, (origins, WEEKS + 1, 5).
    """
    ours, theirs = (_by_week(own, np.abs(mid - own.after)[:, :-1]) for mid in (model, carried))
    return [_verdict(ours[:, i], theirs[:, i]) for i in range(ours.shape[1])]


def _by_week(own: OwnDays, errors: Floats) -> Floats:
    """Mean error of each known week of the record, (weeks, 5)."""
    week = own.week[:, None] + np.arange(WEEKS)
    known = np.isfinite(errors[..., 0])
    count = np.bincount(week[known])
    sums = [np.bincount(week[known], errors[known][:, i]) for i in range(errors.shape[2])]
    kept = count > 0
    return np.stack(sums, axis=1)[kept] / count[kept, None]


def _verdict(model: Floats, carried: Floats) -> Verdict:
    more = model - carried
    doubt = more.std(ddof=1) / np.sqrt(more.size) if more.size > 1 else np.inf
    worse = bool(more.mean() > max(_CERTAIN * doubt, 1e-9))
    return Verdict(float(model.mean()), float(carried.mean()), worse)


def last_fortnight(table: DayTable) -> DayTable:
    """The last fourteen days of one person; a shorter record gets days without readings before."""
    last = table.between(max(0, table.days - FIRST_DAYS), table.days)
    missing = FIRST_DAYS - last.days
    if missing == 0:
        return last
    empty = np.full((1, missing), np.nan)
    columns = (last.mean, last.square, last.below, last.above)
    return DayTable(
        np.concatenate([np.zeros((1, missing)), last.wear], axis=1),
        *(np.concatenate([empty, column], axis=1) for column in columns),
    )


def _after(table: DayTable, origin: int) -> npt.NDArray[np.float64]:
    weeks = min(WEEKS, (table.days - origin) // 7)
    rows = np.full((WEEKS + 1, 5), np.nan)
    rows[:weeks] = with_range(weekly_figures(table.between(origin, origin + 7 * weeks))[0, :-1])
    return rows
