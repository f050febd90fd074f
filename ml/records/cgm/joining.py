"""Traces of one person on one even grid, and stretches of that grid."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.records.cgm.trace import CgmTrace

PERSON = "you"
"""What the one person is called: nothing that is kept names anybody."""
STEP_MINUTES = 5
_DAY = 1440

Readings = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]
"""Seconds since 1970, mg/dL, and seconds by which the wall clock is ahead; each of shape (n,)."""


def joined_grid(traces: Sequence[CgmTrace], *, person: str = PERSON) -> GlucoseGrid:
    """All readings of all traces; where two claim a step, the nearer one has it.

    Raises:
        ValueError: there is no reading at all.
    """
    return _grid_of([_readings(trace) for trace in traces if len(trace)], person, STEP_MINUTES)


def extended(grid: GlucoseGrid, traces: Sequence[CgmTrace]) -> GlucoseGrid:
    """`grid` with the readings of newer traces; its own stay where they are."""
    newer = [_readings(trace) for trace in traces if len(trace)]
    if not newer:
        return grid
    kept = grid.observed
    moments = grid.moments.astype("datetime64[s]").astype(np.int64)
    wall = moments // 60 % _DAY
    ahead = (grid.minute_of_day.astype(np.int64) - wall + _DAY // 2) % _DAY - _DAY // 2
    own = (moments[kept], grid.mg_dl[kept], ahead[kept] * 60)
    return _grid_of([own, *newer], grid.person, grid.step_minutes)


def last_days(grid: GlucoseGrid, days: int | None) -> GlucoseGrid:
    """The last `days` times 24 hours; everything when None or when there is less."""
    if days is None:
        return grid
    return stretch(grid, max(0, len(grid) - days * _DAY // grid.step_minutes), len(grid))


def stretch(grid: GlucoseGrid, start: int, stop: int) -> GlucoseGrid:
    """The entries from `start` on, up to and without `stop`."""
    return replace(
        grid,
        moments=grid.moments[start:stop],
        minute_of_day=grid.minute_of_day[start:stop],
        mg_dl=grid.mg_dl[start:stop],
        observed=grid.observed[start:stop],
    )


def _grid_of(parts: Sequence[Readings], person: str, step_minutes: int) -> GlucoseGrid:
    if not parts:
        raise ValueError("a grid needs at least one reading")
    seconds = np.concatenate([part[0] for part in parts])
    mg_dl = np.concatenate([part[1] for part in parts])
    ahead = np.concatenate([part[2] for part in parts])
    order = np.argsort(seconds, kind="stable")
    return even_grid(
        seconds[order],
        mg_dl[order].astype(np.float32),
        wall_offset=ahead[order],
        person=person,
        step_minutes=step_minutes,
    )


def _readings(trace: CgmTrace) -> Readings:
    """Scans only where there is nothing else: they double the sensor's own record."""
    kept = ~trace.scanned if (~trace.scanned).any() else np.ones(len(trace), dtype=bool)
    seconds = trace.moments[kept].astype("datetime64[s]").astype(np.int64)
    local = trace.local[kept].astype("datetime64[s]").astype(np.int64)
    return seconds, trace.mg_dl[kept], local - seconds
