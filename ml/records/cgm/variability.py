"""How glucose moves: from reading to reading, over a quarter of an hour, from day to day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.mage import STEP_MINUTES, mage

Floats = npt.NDArray[np.float64]

RATE_BINS = (-np.inf, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, np.inf)
"""mg/dL a minute: the steps between the trend arrows of sensors."""
RATE_MINUTES = 15
_DAY = 1440


@dataclass(frozen=True)
class Variability:
    """Figures of one grid; NaN where there is too little to take one of.

    Attributes:
        mage: mean amplitude of excursions, mg/dL, see `ml.records.cgm.mage`.
        modd: mean of daily differences, mg/dL.
        lag1: correlation of each reading with the next, -1 to 1.
        rate_sd: standard deviation of the rate of change over 15 minutes, mg/dL a minute.
        rate_shares: share of those rates in each bin of `RATE_BINS`, 7 shares adding up to 1.
    """

    mage: float
    modd: float
    lag1: float
    rate_sd: float
    rate_shares: tuple[float, ...]


def variability(grid: GlucoseGrid) -> Variability:
    """The figures of a grid of 5 minutes, bridged steps included.

    Raises:
        ValueError: the grid has another step.
    """
    if grid.step_minutes != STEP_MINUTES:
        raise ValueError(f"variability needs a grid of {STEP_MINUTES} min")
    rates = rates_of_change(grid.mg_dl, step_minutes=STEP_MINUTES)
    return Variability(
        mage=mage(grid.mg_dl),
        modd=mean_of_daily_differences(grid.mg_dl, step_minutes=STEP_MINUTES),
        lag1=lag1(grid.mg_dl),
        rate_sd=float(rates.std(ddof=1)) if rates.size > 1 else float("nan"),
        rate_shares=rate_shares(rates),
    )


def lag1(mg_dl: npt.ArrayLike) -> float:
    """Pearson's correlation of neighbours along the last axis; pairs with a NaN are left out.

    Each side has its own mean, unlike in the autocorrelation of time-series packages (one mean,
    n beneath), which comes out lower by about 1/n.
    """
    values = np.asarray(mg_dl, dtype=np.float64)
    first, second = values[..., :-1].ravel(), values[..., 1:].ravel()
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def rates_of_change(
    mg_dl: npt.ArrayLike, *, step_minutes: int, over_minutes: int = RATE_MINUTES
) -> Floats:
    """Every known rate of change in mg/dL a minute along the last axis, flat.

    Source: Clarke & Kovatchev, Diabetes Technol Ther 11 (2009) S45-S54; over 15 minutes, as iglu.

    Raises:
        ValueError: the step does not divide `over_minutes`.
    """
    if over_minutes % step_minutes:
        raise ValueError(f"{over_minutes} min are no whole number of steps of {step_minutes}")
    steps = over_minutes // step_minutes
    values = np.asarray(mg_dl, dtype=np.float64)
    rates: Floats = ((values[..., steps:] - values[..., :-steps]) / over_minutes).ravel()
    return rates[np.isfinite(rates)]


def rate_shares(rates: Floats) -> tuple[float, ...]:
    """The share of rates in each bin of `RATE_BINS`, which hold their lower edge; NaN for none."""
    if rates.size == 0:
        return (float("nan"),) * (len(RATE_BINS) - 1)
    which = np.searchsorted(RATE_BINS[1:-1], rates, side="right")
    return tuple((np.bincount(which, minlength=len(RATE_BINS) - 1) / rates.size).tolist())


def mean_of_daily_differences(mg_dl: npt.ArrayLike, *, step_minutes: int) -> float:
    """MODD in mg/dL: mean distance between readings 24 hours apart; NaN without such a pair.

    Source: Molnar et al., Diabetologia 8 (1972) 342-348; Service & Nelson 1980.
    """
    values = np.asarray(mg_dl, dtype=np.float64)
    apart = np.abs(values[_DAY // step_minutes :] - values[: -_DAY // step_minutes])
    known = apart[np.isfinite(apart)]
    return float(known.mean()) if known.size else float("nan")
