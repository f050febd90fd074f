"""The wall clock of a grid: calendar days, hours, and stretches beyond a bound."""

import numpy as np
import numpy.typing as npt

from ml.guidance.advice import Period
from ml.records.cgm.grid import GlucoseGrid

LEAST_KNOWN = 0.75
EVENT_MINUTES = 15
"""Shorter stretches beyond a bound are no event (Battelino et al. 2019)."""

_DAY = 86_400


def wall_seconds(grid: GlucoseGrid) -> npt.NDArray[np.int64]:
    """Wall time of each step, seconds since 1970 as if it were UTC, from its minute of the day."""
    utc = grid.moments.astype("datetime64[s]").astype(np.int64)
    return on_the_wall(utc, grid.minute_of_day.astype(np.int64))


def on_the_wall(
    utc: npt.NDArray[np.int64], minute_of_day: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Wall time of moments whose minute of the day is known: offsets run from -10 to +14 h."""
    ahead = minute_of_day * 60 - utc // 60 * 60 % _DAY
    return utc + (ahead + 10 * 3600) % _DAY - 10 * 3600


def wall_day(at: int, minute_of_day: int) -> str:
    """The calendar day of one moment, as 2026-11-22."""
    return iso_day(int(on_the_wall(np.array([at]), np.array([minute_of_day]))[0]) // _DAY)


def calendar_day(grid: GlucoseGrid) -> npt.NDArray[np.int64]:
    """Day of each step on the wall clock, days since 1970."""
    return wall_seconds(grid) // _DAY


def events(beyond: npt.NDArray[np.bool_], step_minutes: int) -> npt.NDArray[np.bool_]:
    """The steps of `beyond` that belong to a run of a quarter of an hour or longer."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], beyond.astype(np.int8), [0]])))
    kept = np.zeros(beyond.size, dtype=bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if (end - start) * step_minutes >= EVENT_MINUTES:
            kept[start:end] = True
    return kept


def period_of(grid: GlucoseGrid) -> Period:
    """First and last day, and how many of them have at least 70 % of their readings."""
    day = calendar_day(grid)
    worn = np.bincount(day - day[0], weights=np.isfinite(grid.mg_dl))
    days = int((worn >= 0.7 * 1440 / grid.step_minutes).sum())
    return Period(iso_day(int(day[0])), iso_day(int(day[-1])), days)


def iso_day(day: int) -> str:
    """A day since 1970 as 2026-11-22."""
    return str(np.datetime64(day, "D"))


def hour_text(hour: int) -> str:
    """An hour of the day as 07:00; 24 is midnight again."""
    return f"{hour % 24:02d}:00"


def minute_text(minute: int) -> str:
    """A minute of the day as 07:35."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
