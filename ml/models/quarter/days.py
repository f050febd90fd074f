"""Glucose day by day, and the five figures of any stretch of days, exact from the days' sums."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.metrics import HIGH, LOW, glucose_management_indicator

METRICS = ("tir", "tbr", "tar", "gmi", "cv")
"""Shares of readings in 70-180, below 70 and above 180 mg/dL; GMI in %; CV as a share."""
BASE = ("tbr", "tar", "gmi", "cv")
"""The four that are forecast; time in range is what the first two leave."""
FIRST_DAYS = 14
WEEKS = 13
WORN = 0.7
"""Share of a day (and of a week that is scored) that has to be known to count."""

GMI_PER_MG_DL = glucose_management_indicator(1.0) - glucose_management_indicator(0.0)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DayTable:
    """What is kept of each day; all arrays float64, shape (people, days), NaN on unworn days.

    Attributes:
        wear: share of the day that is known, 0 to 1, never NaN.
        mean: mg/dL.
        square: mean of the squares, (mg/dL)².
        below: share of known readings below 70 mg/dL.
        above: share above 180 mg/dL.
    """

    wear: Floats
    mean: Floats
    square: Floats
    below: Floats
    above: Floats

    def __len__(self) -> int:
        return len(self.wear)

    @property
    def days(self) -> int:
        return int(self.wear.shape[1])

    def between(self, first: int, last: int) -> "DayTable":
        """Days `first` to `last`, the latter not included."""
        return self._each(lambda column: column[:, first:last])

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "DayTable":
        """The people that `which` (a mask or indices) selects."""
        return self._each(lambda column: column[which])

    def without_first(self, count: int) -> "DayTable":
        """The same table with the first `count` days taken off everybody's wrist."""
        wear = self.wear.copy()
        wear[:, :count] = 0.0
        return DayTable(wear, self.mean, self.square, self.below, self.above)

    def _each(self, change: Callable[[Floats], Floats]) -> "DayTable":
        return DayTable(*(change(getattr(self, f.name)) for f in fields(self)))


def day_table(mg_dl: npt.NDArray[np.float32]) -> DayTable:
    """Days of readings, shape (people, days, readings a day), NaN where nothing is known."""
    values = mg_dl.astype(np.float64)
    known = np.isfinite(values)
    count = known.sum(axis=2)
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return DayTable(
            wear=count / values.shape[2],
            mean=filled.sum(axis=2) / count,
            square=(filled**2).sum(axis=2) / count,
            below=(known & (values < LOW)).sum(axis=2) / count,
            above=(known & (values > HIGH)).sum(axis=2) / count,
        )


def days_of_grid(grid: GlucoseGrid) -> DayTable:
    """A record in blocks of 24 hours that end with its last reading; one person.

    Blocks, not calendar days: a record that starts at noon loses no half day, and a change of
    clocks makes no short one. The first block may reach beyond the record's start.
    """
    length = 1440 // grid.step_minutes
    days = max(1, -(-len(grid) // length))
    padded = np.full(days * length, np.nan, dtype=np.float32)
    padded[days * length - len(grid) :] = grid.mg_dl
    return day_table(padded.reshape(1, days, length))


def stacked(tables: Sequence[DayTable]) -> DayTable:
    """People of all tables, in order; all have the same number of days."""
    return DayTable(
        *(np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(DayTable))
    )


def figures(days: DayTable) -> Floats:
    """The `BASE` figures of all the days together, shape (people, 4); NaN without a reading."""
    total = days.wear.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, square, below, above = (
            np.where(days.wear > 0, days.wear * column, 0.0).sum(axis=1) / total
            for column in (days.mean, days.square, days.below, days.above)
        )
        gmi = glucose_management_indicator(0.0) + GMI_PER_MG_DL * mean
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        return np.stack([below, above, gmi, spread / mean], axis=1)


def weekly_figures(days: DayTable) -> Floats:
    """`BASE` figures of each whole week and, last, of all days: (people, weeks + 1, 4).

    NaN where less than `WORN` of the week (or of the whole) is known.
    """
    weeks = days.days // 7
    parts = [days.between(7 * week, 7 * week + 7) for week in range(weeks)] + [days]
    rows = [np.where(p.wear.mean(axis=1)[:, None] >= WORN, figures(p), np.nan) for p in parts]
    return np.stack(rows, axis=1)


def with_range(base: Floats) -> Floats:
    """`BASE` figures (…, 4) as `METRICS` (…, 5): time in range is the rest of the day."""
    return np.concatenate([1.0 - base[..., :1] - base[..., 1:2], base], axis=-1)


def worn_days(days: DayTable) -> npt.NDArray[np.int64]:
    """Days with at least `WORN` known, shape (people,)."""
    count: npt.NDArray[np.int64] = (days.wear >= WORN).sum(axis=1)
    return count
