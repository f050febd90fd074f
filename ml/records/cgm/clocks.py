"""Where the person's clock moved: against time itself, or, in files of wall time, back over it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid, wall_times
from ml.records.cgm.trace import CgmTrace

_DAY = 1440
_HALF_HOUR = 1800
_DOUBLE = 1.5
_LEAST_DOUBLED = 2700


@dataclass(frozen=True)
class ClockChange:
    """The wall clock moves by `minutes` (ahead above 0) at step `step` of the grid.

    Attributes:
        step: index of the first step on the new clock.
        day: calendar day of it on the new clock, ISO.
        minutes: from -720 to 720; which way round the world is not to be known.
    """

    step: int
    day: str
    minutes: int


def clock_changes(grid: GlucoseGrid) -> list[ClockChange]:
    """Every move of the wall clock against the grid's moments, in order."""
    moments = grid.moments.astype("datetime64[m]").astype(np.int64)
    ahead = (grid.minute_of_day.astype(np.int64) - moments) % _DAY
    moved = (np.diff(ahead) + _DAY // 2) % _DAY - _DAY // 2
    wall = wall_times(grid)
    return [
        ClockChange(
            step=int(at) + 1,
            day=str(wall[at + 1].astype("datetime64[D]")),
            minutes=int(moved[at]),
        )
        for at in np.flatnonzero(moved)
    ]


@dataclass(frozen=True)
class DoubledTime:
    """From `start` to `end`, seconds since 1970 on the trace's moments, time passes twice."""

    start: int
    end: int


def doubled_time(trace: CgmTrace) -> list[DoubledTime]:
    """Stretches of 45 minutes or more with two readings where the sensor keeps one.

    A file of wall times is read in one zone. Where its person flew west and set the clock back,
    hours come twice under one name; likewise where two sensors were worn. Nothing in the file
    tells which reading was when. (The hour that a zone itself repeats in autumn is told apart
    when the file is read and is not found here.)
    """
    seconds = trace.moments[~trace.scanned].astype("datetime64[s]").astype(np.int64)
    if seconds.size < 2:
        return []
    steps = np.diff(np.unique(seconds))
    expected = 2 * _HALF_HOUR / float(np.median(steps)) if steps.size else np.inf
    near = np.searchsorted(seconds, seconds + _HALF_HOUR) - np.searchsorted(
        seconds, seconds - _HALF_HOUR
    )
    return _stretches(seconds, near > _DOUBLE * expected)


def _stretches(seconds: npt.NDArray[np.int64], double: npt.NDArray[np.bool_]) -> list[DoubledTime]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], double, [False]]).astype(np.int8)))
    pairs = zip(edges[::2], edges[1::2] - 1, strict=True)
    found = [DoubledTime(int(seconds[first]), int(seconds[last])) for first, last in pairs]
    return [stretch for stretch in found if stretch.end - stretch.start >= _LEAST_DOUBLED]
