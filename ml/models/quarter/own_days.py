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


@dataclass(frozen=True, eq=False)
class OwnDays:
    """Forecast origins inside one record, a week apart, the latest last.

    Attributes:
        first: the fourteen days before each origin, (origins, 14).
        after: `METRICS` figures of the weeks that followed, (origins, WEEKS + 1, 5); NaN beyond
            the record and where little is known. The quarter's row is always NaN.
        days: worn days behind the scored weeks.
    """

    first: DayTable
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
    return OwnDays(first, after, int(worn_days(scored)[0]))


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
