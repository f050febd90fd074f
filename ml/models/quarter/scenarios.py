"""Days put together to months whose weeks have sampled summaries: examples, and the daily bands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.models.forecaster import TooLittleData
from ml.models.quarter.days import GMI_PER_MG_DL, WEEKS
from ml.models.quarter.forecast import AGP_MINUTES, MONTHS, Scenario
from ml.records.cgm.agp import PERCENTILES
from ml.records.cgm.days import GlucoseDays, whole_days
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.metrics import glucose_management_indicator

DaySource = GlucoseDays | Callable[[int, np.random.Generator], GlucoseDays]
"""Synthetic days to build from: the days themselves, or what makes `n` of them."""
Source = Literal["own_days", "synthetic_days"]

LOWEST, HIGHEST = 40.0, 400.0
PATHS = 160
"""Sampled quarters behind the monthly bands."""
_DRAWN = 120
_LEAST_DAYS = 5
_BINS = 1440 // AGP_MINUTES
_SMOOTH = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
_MONTH_ENDS = (0, 30, 60, 91)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DayPool:
    """Days that scenarios are made of.

    Attributes:
        source: where they come from.
        mg_dl: float64, (days, 96), midnight first.
    """

    source: Source
    mg_dl: Floats


def pool_of(grid: GlucoseGrid, days: DaySource | None, *, rng: np.random.Generator) -> DayPool:
    """The days handed in, or the record's own whole ones.

    Raises:
        ValueError: the days handed in are not 15 minutes apart or finer by a whole factor.
        TooLittleData: the record has too few whole days of its own.
    """
    if days is not None:
        made = days if isinstance(days, GlucoseDays) else days(_DRAWN, rng)
        if AGP_MINUTES % made.step_minutes:
            raise ValueError(f"scenarios need days of 15 min or finer, not {made.step_minutes}")
        values = made.mg_dl.astype(np.float64)
        return DayPool("synthetic_days", values.reshape(len(values), _BINS, -1).mean(axis=2))
    own = whole_days([grid], step_minutes=AGP_MINUTES, least_known=0.7)
    if len(own) < _LEAST_DAYS:
        raise TooLittleData(
            f"the record has {len(own)} whole days from midnight to midnight; a daily profile "
            f"needs {_LEAST_DAYS}"
        )
    return DayPool("own_days", own.mg_dl[-2 * _LEAST_DAYS - 4 :].astype(np.float64))


def sampled_quarters(
    pool: DayPool, gmi: Floats, cv: Floats, *, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Days of the pool, each week moved to its mean and CV.

    Args:
        gmi, cv: of the weeks of each path, (paths, WEEKS).

    Returns:
        mg/dL, (paths, 91, 96), float32, 40 to 400. The logarithm is moved and stretched, so that
        a week has the mean and the CV it should have up to which days were drawn.
    """
    log = np.log(np.clip(pool.mg_dl, LOWEST, HIGHEST))
    off = log - log.mean()
    mean = np.clip((gmi - glucose_management_indicator(0.0)) / GMI_PER_MG_DL, 60.0, 350.0)
    wanted = np.sqrt(np.log1p(np.clip(cv, 0.03, 0.8) ** 2))
    stretch = (wanted / max(float(off.std()), 0.02))[..., None, None]
    drawn = off[rng.integers(0, len(off), (*gmi.shape, 7))] * stretch
    centre = np.log(mean) - np.log(np.exp(off[None, None] * stretch).mean(axis=(2, 3)))
    clipped = np.clip(np.exp(drawn + centre[..., None, None]), LOWEST, HIGHEST)
    quarters: npt.NDArray[np.float32] = clipped.astype(np.float32)
    return quarters.reshape(len(gmi), WEEKS * 7, _BINS)


def monthly_bands(quarters: npt.NDArray[np.float32]) -> Floats:
    """Percentiles by time of day over paths and days of each month, (MONTHS, 96, 5), smoothed."""
    bands = np.empty((MONTHS, _BINS, len(PERCENTILES)))
    for month in range(MONTHS):
        days = quarters[:, _MONTH_ENDS[month] : _MONTH_ENDS[month + 1]].reshape(-1, _BINS)
        raw = np.percentile(days, PERCENTILES, axis=0).T
        around = np.concatenate([raw[-2:], raw, raw[:2]])
        for column in range(len(PERCENTILES)):
            bands[month, :, column] = np.convolve(around[:, column], _SMOOTH, mode="valid")
    return np.sort(bands, axis=2)


def labelled(pool: DayPool, quarters: npt.NDArray[np.float32]) -> tuple[Scenario, ...]:
    """Paths as scenarios."""
    return tuple(Scenario("scenario", pool.source, AGP_MINUTES, path) for path in quarters)
