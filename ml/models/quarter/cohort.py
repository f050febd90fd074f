"""People with fourteen days and the thirteen weeks that followed: what a quarter is learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import FIRST_DAYS, WEEKS, DayTable, days_of_grid, stacked
from ml.records.cgm.grid import GlucoseGrid

SPAN = FIRST_DAYS + 7 * WEEKS
"""Days that a person of a cohort has to span: 105."""


@dataclass(frozen=True, eq=False)
class QuarterCohort:
    """Per-person summaries by day; the first axis of everything is the person.

    Attributes:
        person: distinct names, str, shape (n,).
        group: condition, e.g. ``t1d``; people are shrunk towards their likely group, (n,).
        first: the fourteen days that a forecast sees.
        after: the 91 days that followed.
    """

    person: npt.NDArray[np.str_]
    group: npt.NDArray[np.str_]
    first: DayTable
    after: DayTable

    def __post_init__(self) -> None:
        if len(np.unique(self.person)) != len(self.person):
            raise ValueError("a person stands twice in the cohort: splits by person would leak")
        if self.first.days != FIRST_DAYS or self.after.days != 7 * WEEKS:
            raise ValueError(f"a cohort has {FIRST_DAYS} days and {7 * WEEKS} after them")

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "QuarterCohort":
        """The people that `which` (a mask or indices) selects."""
        return QuarterCohort(
            self.person[which], self.group[which], self.first.take(which), self.after.take(which)
        )


def cohort_of_days(
    person: npt.NDArray[np.str_], group: npt.NDArray[np.str_], days: DayTable, *, start: int = 0
) -> QuarterCohort:
    """A cohort from days `start` to `start` + `SPAN` of everybody."""
    if days.days < start + SPAN:
        raise ValueError(f"{start + SPAN} days are needed for a quarter, these are {days.days}")
    middle = start + FIRST_DAYS
    return QuarterCohort(
        person, group, days.between(start, middle), days.between(middle, start + SPAN)
    )


def cohort_of_grids(grids: Sequence[GlucoseGrid], groups: Sequence[str]) -> QuarterCohort:
    """A cohort from real records, of each its last `SPAN` days."""
    short = [grid.person for grid in grids if len(grid) < SPAN * 1440 // grid.step_minutes]
    if short:
        raise ValueError(f"less than {SPAN} days lie between first and last reading of {short}")
    tables = [days_of_grid(grid) for grid in grids]
    days = stacked([table.between(table.days - SPAN, table.days) for table in tables])
    return cohort_of_days(np.array([g.person for g in grids]), np.array(groups), days)


def joined(parts: Sequence[QuarterCohort]) -> QuarterCohort:
    """Everybody of all parts."""
    return QuarterCohort(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.group for p in parts]),
        stacked([p.first for p in parts]),
        stacked([p.after for p in parts]),
    )
