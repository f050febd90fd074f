"""Simulated people for the tests of the three-month forecast, and a forecaster that knows them."""

from functools import cache

import numpy as np
import numpy.typing as npt

from ml.models.quarter import QuarterCohort, QuarterForecaster, cohort_of_days
from ml.models.quarter.cohort import SPAN
from ml.models.quarter.days import day_table
from ml.records.cgm.grid import GlucoseGrid
from ml.simulation.cohort import simulate_cohort


@cache
def people(count: int = 1000, seed: int = 5, prefix: str = "learnt") -> QuarterCohort:
    """A cohort; the same arguments give the same people."""
    made = simulate_cohort(count, rng=np.random.default_rng(seed), days=SPAN, prefix=prefix)
    return cohort_of_days(made.person, made.condition, day_table(made.mg_dl))


@cache
def forecaster() -> QuarterForecaster:
    """Fitted without the GRU: numpy alone."""
    fitted = QuarterForecaster(recurrent=False)
    fitted.fit(people(), rng=np.random.default_rng(0), whom="simulated people")
    return fitted


def grid(
    mg_dl: npt.NDArray[np.float32], *, start: str = "2026-03-02T00:00:00", person: str = "somebody"
) -> GlucoseGrid:
    """Readings 15 minutes apart from a wall time on."""
    moments = np.datetime64(start, "s") + np.arange(mg_dl.size) * np.timedelta64(900, "s")
    minutes = (moments - moments.astype("datetime64[D]")).astype("timedelta64[m]").astype(np.int16)
    return GlucoseGrid(person, 15, moments, minutes, mg_dl, np.isfinite(mg_dl))


def same_day(days: int, *, seed: int = 1) -> npt.NDArray[np.float32]:
    """One day over and over: a person whose future equals the past."""
    hours = np.arange(96) / 4
    day = 150 + 60 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(seed).normal(0, 8, 96)
    return np.tile(day.astype(np.float32), days)
