"""Whole days of glucose, midnight to midnight: what generators learn and make."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid

LOWEST = 39.0
HIGHEST = 401.0
"""mg/dL that sensors can show; synthetic readings stay within."""


@dataclass(frozen=True, eq=False)
class GlucoseDays:
    """Days of one or more people.

    Attributes:
        step_minutes: between two readings; 5 gives 288 a day.
        mg_dl: float32, shape (days, 1440 / step_minutes), the first entry at midnight; no NaN.
        person: whose day it is, str, shape (days,); synthetic days have names of nobody.
        day: calendar day, datetime64[D], shape (days,); two days of a person that follow each
            other can be joined.
    """

    step_minutes: int
    mg_dl: npt.NDArray[np.float32]
    person: npt.NDArray[np.str_]
    day: npt.NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.mg_dl)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "GlucoseDays":
        """The days that `which` (a mask or indices) selects."""
        return GlucoseDays(
            self.step_minutes, self.mg_dl[which], self.person[which], self.day[which]
        )


def whole_days(
    grids: Iterable[GlucoseGrid], *, step_minutes: int = 5, least_known: float = 0.9
) -> GlucoseDays:
    """The days of which at least `least_known` is known; the rest is filled by straight lines.

    A day's readings at a coarser step are the means of the grid's within it. Days with an hour
    of 23 or 25 (a change of clocks) are left out.
    """
    parts = [_days_of(grid, step_minutes, least_known) for grid in grids]
    length = 1440 // step_minutes
    return GlucoseDays(
        step_minutes,
        np.concatenate([p[0] for p in parts] or [np.empty((0, length), np.float32)]),
        np.concatenate([p[1] for p in parts] or [np.empty(0, "<U1")]),
        np.concatenate([p[2] for p in parts] or [np.empty(0, "datetime64[D]")]),
    )


def _days_of(
    grid: GlucoseGrid, step_minutes: int, least_known: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.str_], npt.NDArray[np.datetime64]]:
    fine = 1440 // grid.step_minutes
    midnights = np.flatnonzero(grid.minute_of_day < grid.step_minutes)
    midnights = midnights[midnights + fine <= len(grid)]
    last = grid.minute_of_day[midnights + fine - 1]
    midnights = midnights[last >= 1440 - grid.step_minutes]
    days = grid.mg_dl[midnights[:, None] + np.arange(fine)]
    kept = np.isfinite(days).mean(axis=1) >= least_known if days.size else np.zeros(0, bool)
    days, midnights = days[kept], midnights[kept]
    filled = np.stack([_filled(day) for day in days]) if len(days) else days
    finer = step_minutes // grid.step_minutes
    coarse = filled.reshape(len(days), 1440 // step_minutes, finer).mean(axis=2)
    names = np.full(len(days), grid.person, dtype=f"<U{max(1, len(grid.person))}")
    noon = grid.moments[midnights + fine // 2] if len(days) else grid.moments[:0]
    return coarse.astype(np.float32), names, noon.astype("datetime64[D]")


def _filled(day: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    steps = np.arange(day.size)
    known = np.isfinite(day)
    return np.interp(steps, steps[known], day[known]).astype(np.float32)
