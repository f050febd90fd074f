"""A trace on an even grid of time, as models read it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.trace import CgmTrace

BRIDGE_MINUTES = 20
"""Gaps up to this are bridged by a straight line; longer ones stay empty."""
_FURTHEST_AHEAD = 13 * 60
"""Minutes; New Zealand's summer. What is more ahead of UTC is taken for behind it (Hawaii)."""


@dataclass(frozen=True, eq=False)
class GlucoseGrid:
    """One person's glucose at even steps; all arrays have one entry per step.

    Attributes:
        person: whose it is; splits are made by this.
        step_minutes: between two entries.
        moments: datetime64[s], ascending by exactly one step.
        minute_of_day: of the wall clock, int16, 0 to 1439.
        mg_dl: float32; NaN where nothing is known.
        observed: bool, True where a reading lies within half a step, False where the value was
            bridged or is missing. Targets of a forecast are taken from these alone.
    """

    person: str
    step_minutes: int
    moments: npt.NDArray[np.datetime64]
    minute_of_day: npt.NDArray[np.int16]
    mg_dl: npt.NDArray[np.float32]
    observed: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.mg_dl)


def grid_of(trace: CgmTrace, *, person: str, step_minutes: int = 5) -> GlucoseGrid:
    """`trace` at even steps, on moments where it has them and on wall time where not.

    A step takes the reading nearest to it; scans are left out where the sensor keeps a record of
    its own, because they double it at another moment.
    """
    kept = ~trace.scanned if (~trace.scanned).any() else np.ones(len(trace), dtype=bool)
    seconds = trace.moments[kept].astype("datetime64[s]").astype(np.int64)
    local = trace.local[kept].astype("datetime64[s]").astype(np.int64)
    return even_grid(
        seconds,
        trace.mg_dl[kept],
        wall_offset=local - seconds,
        person=person,
        step_minutes=step_minutes,
    )


def even_grid(
    seconds: npt.NDArray[np.int64],
    mg_dl: npt.NDArray[np.float32],
    *,
    wall_offset: npt.NDArray[np.int64],
    person: str,
    step_minutes: int = 5,
) -> GlucoseGrid:
    """Readings at ascending `seconds` since 1970 on an even grid.

    Args:
        seconds: moments, int64, shape (n,), ascending.
        mg_dl: glucose, shape (n,); NaN readings are left out.
        wall_offset: seconds by which the wall clock is ahead of `seconds`, shape (n,).
        person: whose readings they are.
        step_minutes: of the grid.

    Raises:
        ValueError: there is no reading at all.
    """
    known = np.isfinite(mg_dl)
    seconds, mg_dl, wall_offset = seconds[known], mg_dl[known], wall_offset[known]
    if seconds.size == 0:
        raise ValueError("a grid needs at least one reading")
    step = step_minutes * 60
    first = int(np.floor(seconds[0] / step + 0.5))
    slot = np.floor(seconds / step + 0.5).astype(np.int64) - first
    count = int(slot[-1]) + 1
    values = np.full(count, np.nan, dtype=np.float32)
    distance = np.abs(seconds - (slot + first) * step)
    order = np.lexsort((-distance,))  # the nearest is written last
    values[slot[order]] = mg_dl[order]
    observed = np.isfinite(values)
    grid_seconds = (np.arange(count, dtype=np.int64) + first) * step
    latest = np.maximum(np.searchsorted(seconds, grid_seconds, side="right") - 1, 0)
    minute = ((grid_seconds + wall_offset[latest]) // 60 % 1440).astype(np.int16)
    return GlucoseGrid(
        person=person,
        step_minutes=step_minutes,
        moments=grid_seconds.astype("datetime64[s]"),
        minute_of_day=minute,
        mg_dl=_bridged(values, step_minutes),
        observed=observed,
    )


def wall_times(grid: GlucoseGrid) -> npt.NDArray[np.datetime64]:
    """What the wall clock showed at every step, date and all, datetime64[m].

    A grid keeps the minutes of that clock and not how far it is ahead: any zone from UTC-10:59
    to UTC+13 is told apart by them. Beyond (Samoa, Kiribati) the date is one day off.
    """
    moments = grid.moments.astype("datetime64[m]").astype(np.int64)
    ahead = (grid.minute_of_day.astype(np.int64) - moments) % 1440
    ahead = np.where(ahead > _FURTHEST_AHEAD, ahead - 1440, ahead)
    return (moments + ahead).astype("datetime64[m]")


def _bridged(values: npt.NDArray[np.float32], step_minutes: int) -> npt.NDArray[np.float32]:
    """`values` with gaps of up to `BRIDGE_MINUTES` filled by straight lines."""
    known = np.flatnonzero(np.isfinite(values))
    filled = values.copy()
    widths = np.diff(known)
    for left, width in zip(known[:-1], widths, strict=True):
        if 1 < width <= BRIDGE_MINUTES // step_minutes:
            filled[left : left + width + 1] = np.linspace(
                values[left], values[left + width], width + 1, dtype=np.float32
            )
    return filled
