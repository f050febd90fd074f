"""Simulated days of glucose for the tests of generators."""

import numpy as np

from ml.records.cgm.days import GlucoseDays, whole_days
from ml.records.cgm.grid import even_grid
from ml.simulation.glucose import Condition, simulate_trace


def cohort_days(*, people: int, days: int, step_minutes: int, seed: int = 0) -> GlucoseDays:
    """`days` whole days of each of `people` simulated people with type 1 or 2."""
    grids = []
    for number in range(people):
        trace = simulate_trace(
            np.random.default_rng([seed, number]),
            days + 2,
            Condition.TYPE_1 if number % 2 else Condition.TYPE_2,
            gaps_a_day=0.0,
        )
        grids.append(
            even_grid(
                trace.utc,
                trace.mg_dl.astype(np.float32),
                wall_offset=trace.local - trace.utc,
                person=f"person-{number}",
            )
        )
    every = whole_days(grids, step_minutes=step_minutes)
    kept = [np.flatnonzero(every.person == grid.person)[:days] for grid in grids]
    return every.take(np.concatenate(kept))
