"""Canonical traces of one person on one even grid."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from backend.domain.errors import NotEnoughData, UnreadableRecord
from ml.records.cgm.canonical import from_canonical_bytes
from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.records.cgm.trace import CgmTrace
from ml.records.errors import UnreadableRecord as Unreadable

PERSON = "you"
"""What the one person is called inside: nothing that is kept names anybody."""
STEP_MINUTES = 5
_DAY = 1440


def joined_grid(canonicals: Sequence[bytes]) -> GlucoseGrid:
    """All readings of all traces; where two claim a step, the nearer one has it.

    Raises:
        UnreadableRecord: one of them is no canonical trace of this release.
        NotEnoughData: there is not a single reading.
    """
    traces = [_trace(canonical) for canonical in canonicals]
    readings = [_readings(trace) for trace in traces if len(trace)]
    if not readings:
        raise NotEnoughData(
            "your records hold no reading",
            needs="contribute a CGM export of at least 10 days",
            reasons=("no_readings",),
        )
    columns = [np.concatenate([one[index] for one in readings]) for index in range(3)]
    order = np.argsort(columns[0], kind="stable")
    seconds, mg_dl, offset = (column[order] for column in columns)
    return even_grid(
        seconds,
        mg_dl.astype(np.float32),
        wall_offset=offset,
        person=PERSON,
        step_minutes=STEP_MINUTES,
    )


def extended(grid: GlucoseGrid, canonicals: Sequence[bytes]) -> GlucoseGrid:
    """`grid` with the readings of newer traces; its own stay where they are.

    Raises:
        UnreadableRecord: one of them is no canonical trace of this release.
    """
    newer = [one for one in map(_trace, canonicals) if len(one)]
    if not newer:
        return grid
    kept = grid.observed
    moments = grid.moments.astype(np.int64)
    wall = moments // 60 % _DAY
    ahead = (grid.minute_of_day.astype(np.int64) - wall + _DAY // 2) % _DAY - _DAY // 2
    parts = [(moments[kept], grid.mg_dl[kept], ahead[kept] * 60), *map(_readings, newer)]
    columns = [np.concatenate([one[index] for one in parts]) for index in range(3)]
    order = np.argsort(columns[0], kind="stable")
    return even_grid(
        columns[0][order],
        columns[1][order].astype(np.float32),
        wall_offset=columns[2][order],
        person=grid.person,
        step_minutes=grid.step_minutes,
    )


def last_days(grid: GlucoseGrid, days: int | None) -> GlucoseGrid:
    """The last `days` times 24 hours; everything when None or when there is less."""
    if days is None:
        return grid
    return tail(grid, days * _DAY // grid.step_minutes)


def tail(grid: GlucoseGrid, steps: int) -> GlucoseGrid:
    """The last `steps` entries."""
    arrays = {
        one.name: getattr(grid, one.name)[-steps:]
        for one in fields(grid)
        if one.name not in ("person", "step_minutes")
    }
    return replace(grid, **arrays)


def span_days(grid: GlucoseGrid) -> float:
    """Days from the first step to the last."""
    return len(grid) * grid.step_minutes / _DAY


def _trace(canonical: bytes) -> CgmTrace:
    try:
        return from_canonical_bytes(canonical)
    except Unreadable as fault:
        raise UnreadableRecord(f"a record of yours cannot be read: {fault}") from fault


def _readings(trace: CgmTrace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds, mg/dL and seconds of wall time ahead; scans only where there is nothing else."""
    kept = ~trace.scanned if (~trace.scanned).any() else np.ones(len(trace), dtype=bool)
    seconds = trace.moments[kept].astype("datetime64[s]").astype(np.int64)
    local = trace.local[kept].astype("datetime64[s]").astype(np.int64)
    return seconds, trace.mg_dl[kept], local - seconds
