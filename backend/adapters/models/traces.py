"""Canonical traces of one person: opened, and cut to what a model has use for."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.domain.errors import NotEnoughData, UnreadableRecord
from ml.records.cgm import joining
from ml.records.cgm.canonical import from_canonical_bytes
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.joining import stretch
from ml.records.cgm.trace import CgmTrace
from ml.records.cgm.windows import last_origin
from ml.records.errors import UnreadableRecord as Unreadable

CONTEXT_DAYS = 15
"""Before the last origin: what forecasts look back at is two weeks, and the day before each."""
LEARNT_DAYS = 180
"""Before the last reading: what is older says little of today, and half a year is bounded."""
_DAY = 1440


class Joined(NamedTuple):
    """Traces, and the grid that they make together."""

    grid: GlucoseGrid
    traces: tuple[CgmTrace, ...]


def joined(canonicals: Sequence[bytes]) -> Joined:
    """All readings of all traces.

    Raises:
        UnreadableRecord: one of them is no canonical trace of this release.
        NotEnoughData: there is not a single reading.
    """
    traces = opened(canonicals)
    if not any(len(trace) for trace in traces):
        raise NotEnoughData(
            "your records hold no reading",
            needs="contribute a CGM export of at least 10 days",
            reasons=("no_readings",),
        )
    return Joined(joining.joined_grid(traces), traces)


def opened(canonicals: Sequence[bytes]) -> tuple[CgmTrace, ...]:
    """The traces; `UnreadableRecord` when one of them is none of this release."""
    try:
        return tuple(from_canonical_bytes(canonical) for canonical in canonicals)
    except Unreadable as fault:
        raise UnreadableRecord(f"a record of yours cannot be read: {fault}") from fault


def context_of(grid: GlucoseGrid) -> GlucoseGrid:
    """The last forecast origin and the days before it; an empty grid where there is no origin.

    What comes after is too short to start a forecast from.
    """
    last = last_origin(grid)
    if last is None:
        return stretch(grid, 0, 0)
    return stretch(grid, max(0, last + 1 - CONTEXT_DAYS * _DAY // grid.step_minutes), last + 1)
