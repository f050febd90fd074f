"""How much of the time a sensor was worn, whatever its cadence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid

LEAST_WEAR = 0.7
"""Share of 24 hours that makes a worn day, as the consensus of 2019 has it for the whole span."""
_DAY = 1440


@dataclass(frozen=True)
class Wear:
    """Wear of one grid.

    Attributes:
        share: of the span from first to last reading that is known or bridged, 0 to 1.
        days: disjoint stretches of 24 hours of which `LEAST_WEAR` is.
        span_days: from the first step to the last.
    """

    share: float
    days: int
    span_days: float


def wear(grid: GlucoseGrid) -> Wear:
    """Wear of `grid`; a sensor of 15 minutes on a grid of 5 is worn all the time."""
    known = np.isfinite(grid.mg_dl)
    return wear_of(known, grid.step_minutes)


def wear_of(known: npt.NDArray[np.bool_], step_minutes: int) -> Wear:
    """Wear where `known` says of each step whether it is worn, bool, shape (n,)."""
    return Wear(
        share=float(known.mean()),
        days=_days(known, step_minutes),
        span_days=known.size * step_minutes / _DAY,
    )


def _days(known: npt.NDArray[np.bool_], step_minutes: int) -> int:
    length = _DAY // step_minutes
    padded = np.append(known, np.zeros(length - 1, dtype=bool))  # the last may end with the data
    total = np.concatenate([[0], np.cumsum(padded)])
    starts = np.flatnonzero(total[length:] - total[:-length] >= LEAST_WEAR * length)
    days, free = 0, 0
    while True:  # the stretch that ends first leaves most room for the others
        at = int(np.searchsorted(starts, free))
        if at == starts.size:
            return days
        days, free = days + 1, int(starts[at]) + length
