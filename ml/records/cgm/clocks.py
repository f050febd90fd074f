"""Where the person's clock moved against time itself: travel, and changes of summer time."""

from dataclasses import dataclass

import numpy as np

from ml.records.cgm.grid import GlucoseGrid

_DAY = 1440


@dataclass(frozen=True)
class ClockChange:
    """The wall clock moves by `minutes` (ahead above 0) at step `step` of the grid.

    Attributes:
        step: index of the first step on the new clock.
        day: calendar day of it, ISO.
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
    return [
        ClockChange(
            step=int(at) + 1,
            day=str(grid.moments[at + 1].astype("datetime64[D]")),
            minutes=int(moved[at]),
        )
        for at in np.flatnonzero(moved)
    ]
