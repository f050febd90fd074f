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
        share: of the span from first to last reading that is worn, 0 to 1.
        days: disjoint stretches of 24 hours of which `LEAST_WEAR` is.
        span_days: from the first step to the last.
    """

    share: float
    days: int
    span_days: float


def wear(grid: GlucoseGrid) -> Wear:
    """Wear of `grid`; a sensor of 15 minutes on a grid of 5 is worn all the time."""
    return wear_of(worn_steps(grid), grid.step_minutes)


def worn_steps(grid: GlucoseGrid) -> npt.NDArray[np.bool_]:
    """The steps that a reading stands for, bool, shape (n,).

    A reading stands for one cadence around it, the commonest step between two readings. So a
    sensor that loses every other reading is worn half of the time, although the grid bridges it.
    """
    at = np.flatnonzero(grid.observed)
    if at.size == 0:
        return grid.observed.copy()
    cadence = int(np.argmax(np.bincount(np.diff(at)))) if at.size > 1 else 1
    edges = np.zeros(len(grid) + 1, dtype=np.int64)
    np.add.at(edges, np.maximum(at - (cadence - 1) // 2, 0), 1)
    np.add.at(edges, np.minimum(at + cadence // 2 + 1, len(grid)), -1)
    return np.cumsum(edges[:-1]) > 0


def wear_of(worn: npt.NDArray[np.bool_], step_minutes: int) -> Wear:
    """Wear where `worn` says of each step whether it is, bool, shape (n,)."""
    return Wear(
        share=float(worn.mean()),
        days=_days(worn, step_minutes),
        span_days=worn.size * step_minutes / _DAY,
    )


def _days(worn: npt.NDArray[np.bool_], step_minutes: int) -> int:
    length = _DAY // step_minutes
    padded = np.append(worn, np.zeros(length - 1, dtype=bool))  # the last may end with the data
    total = np.concatenate([[0], np.cumsum(padded)])
    starts = np.flatnonzero(total[length:] - total[:-length] >= LEAST_WEAR * length)
    days, free = 0, 0
    while True:  # the stretch that ends first leaves most room for the others
        at = int(np.searchsorted(starts, free))
        if at == starts.size:
            return days
        days, free = days + 1, int(starts[at]) + length
