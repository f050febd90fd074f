"""What in a grid is the sensor's doing and not the person's: stuck values, compression, breaks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.rhythm import STUCK_HOURS

Flags = npt.NDArray[np.bool_]

NIGHT_FROM, NIGHT_TO = 22 * 60, 8 * 60
"""Minutes of the wall clock between which people lie on sensors."""

STEEP = 3.0
"""mg/dL a minute; of real nights 0.3 to 2.5 steps in 100 are as steep, by cohort."""
DIP_MINUTES = (10, 120)
_DIP_FLOOR = 70.0
_EDGE_MINUTES = 15
_LEAST_DROP = 25.0

WARM_UP_MINUTES = (25, 150)
"""Breaks as long as the warm-up of a new sensor: half an hour (G7) to two hours (G6, Guardian)."""


@dataclass(frozen=True)
class Stretch:
    """Steps `start` to `end` of a grid, `end` excluded."""

    start: int
    end: int

    def minutes(self, grid: GlucoseGrid) -> int:
        return (self.end - self.start) * grid.step_minutes


def stuck(grid: GlucoseGrid) -> list[Stretch]:
    """Runs of one value for over three hours: a sensor that stands still.

    Readings at the ends of a sensor's range are no such runs; a long low or high is real.
    """
    value = grid.mg_dl
    known = np.isfinite(value)
    same = np.append(False, (value[1:] == value[:-1]) & known[1:])
    found = _runs(same)
    return [
        Stretch(s.start - 1, s.end)
        for s in found
        if 40 < value[s.start] < 400 and s.minutes(grid) > STUCK_HOURS * 60
    ]


def breaks(grid: GlucoseGrid) -> list[Stretch]:
    """Stretches without a known value, in order."""
    return _runs(~np.isfinite(grid.mg_dl))


def compression_lows(grid: GlucoseGrid) -> list[Stretch]:
    """Short dips below 70 mg/dL at night that fall and recover faster than glucose does.

    A dip starts above 70, falls by 25 mg/dL or more within a quarter of an hour, somewhere
    at `STEEP` or more, is over within two hours, and comes back as steeply. Pressure on the
    sensor makes such dips (Baysal et al., "A novel method to detect pressure-induced sensor
    attenuations", J Diabetes Sci Technol 8 (2014) 1091-1096, whose detector likewise goes by
    rates at night); so may, rarely, a true low that sugar ends at once. This rule is simpler than
    theirs and was not tested against marked dips.
    """
    value, step = grid.mg_dl, grid.step_minutes
    night = (grid.minute_of_day >= NIGHT_FROM) | (grid.minute_of_day < NIGHT_TO)
    with np.errstate(invalid="ignore"):
        low = value < _DIP_FLOOR
    found = []
    for dip in _runs(low):
        if not night[dip.start] or dip.minutes(grid) > DIP_MINUTES[1]:
            continue
        edge = max(1, _EDGE_MINUTES // step)
        before = value[max(0, dip.start - edge) : dip.start + edge]
        after = value[max(0, dip.end - edge) : dip.end + edge]
        if _falls(before, step) and _falls(after[::-1], step):
            found.append(_whole_dip(value, dip, edge))
    return [dip for dip in found if dip.minutes(grid) >= DIP_MINUTES[0]]


def _falls(values: npt.NDArray[np.float32], step: int) -> bool:
    """Whether these go down by `_LEAST_DROP`, somewhere at `STEEP` or more, without a break."""
    if values.size < 2 or not np.isfinite(values).all():
        return False
    drop = float(values[0] - values[1:].min())
    top = float(np.maximum.accumulate(values).max())
    return max(drop, top - float(values[-1])) >= _LEAST_DROP and bool(
        (np.diff(values) <= -STEEP * step).any()
    )


def _whole_dip(values: npt.NDArray[np.float32], dip: Stretch, edge: int) -> Stretch:
    """The dip with its steep sides, of which only the bottom lies below 70."""
    before = values[max(0, dip.start - edge) : dip.start]
    after = values[dip.end : dip.end + edge]
    start = dip.start - before.size + int(np.argmax(before)) + 1
    return Stretch(start, dip.end + int(np.argmax(after)))


def mask(grid: GlucoseGrid, stretches: list[Stretch]) -> Flags:
    """The steps of these stretches, bool, shape (n,)."""
    inside = np.zeros(len(grid), dtype=bool)
    for stretch in stretches:
        inside[stretch.start : stretch.end] = True
    return inside


def _runs(flags: Flags) -> list[Stretch]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [Stretch(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
