"""Simulated people on an even grid, as models read real ones."""

from collections.abc import Sequence

import numpy as np

from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.simulation.glucose import Condition, simulate_trace

_SENSOR_LOWEST, _SENSOR_HIGHEST = 40, 400


def simulated_grids(
    rng: np.random.Generator,
    people: int,
    *,
    days: float,
    conditions: Sequence[Condition] = tuple(Condition),
    gaps_a_day: float = 0.4,
) -> list[GlucoseGrid]:
    """`people` simulated people named ``simulated/0`` and on, conditions taken in turn."""
    grids = []
    for index in range(people):
        trace = simulate_trace(
            rng, days, conditions[index % len(conditions)], gaps_a_day=gaps_a_day
        )
        shown = np.clip(trace.mg_dl, _SENSOR_LOWEST, _SENSOR_HIGHEST).astype(np.float32)
        offset = trace.local - trace.utc
        grids.append(even_grid(trace.utc, shown, wall_offset=offset, person=f"simulated/{index}"))
    return grids
