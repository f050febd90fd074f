"""90 % intervals by split conformal prediction on people whom nothing was learnt from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.forecaster import TooLittleData
from ml.models.quarter.scale import back, onto

LEVEL = 0.90
LEAST_PEOPLE = 40
"""To calibrate on: each side of the interval is an outer 5 % of them."""
_LEAST_SCALE = 0.02

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intervals:
    """How far one metric's figures fall from a forecast of one kind.

    Residuals are taken on the working scale, over a size that depends on the forecast (a low time
    below range errs by less), and their outer quantiles by week and by how many days were worn.

    Attributes:
        metric: of `METRICS`.
        size: coefficients of the logarithm of the size on the forecast and its square, (3,).
        bounds: lower and upper residuals over size, (day counts, rows, 2); the fewer the days,
            the wider.
    """

    metric: str
    size: Floats
    bounds: Floats

    def around(self, mid: Floats, fewer: int) -> Floats:
        """Low, mid, high (…, rows, 3) of forecasts (…, rows) from `fewer` days than fourteen."""
        centre = onto(self.metric, mid)
        reach = sizes(self.size, centre)[..., None] * self.bounds[fewer]
        ends = back(self.metric, centre[..., None] + reach)
        low = np.minimum(ends[..., 0], mid)
        return np.stack([low, mid, np.maximum(ends[..., 1], mid)], axis=-1)

    def arrays(self) -> dict[str, Floats]:
        return {"size": self.size, "bounds": self.bounds}

    @classmethod
    def restored(cls, metric: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "Intervals":
        return cls(metric, np.asarray(arrays["size"], float), np.asarray(arrays["bounds"], float))


def sizes(coefficients: Floats, centre: Floats) -> Floats:
    """Typical residual of forecasts at `centre` on the working scale."""
    with np.errstate(over="ignore"):
        log = coefficients[0] + coefficients[1] * centre + coefficients[2] * centre**2
    return np.exp(np.clip(log, np.log(_LEAST_SCALE), 3.0))


def fitted_size(metric: str, mid: Floats, after: Floats) -> Floats:
    """Coefficients of `sizes` from people outside the calibration, arrays (people, rows)."""
    centre, off = onto(metric, mid), np.abs(onto(metric, after) - onto(metric, mid))
    known = np.isfinite(off)
    x, y = centre[known], np.log(off[known] + _LEAST_SCALE)
    spread = max(float(x.std()), 1e-3)
    shifted = (x - x.mean()) / spread
    design = np.column_stack([np.ones_like(x), shifted, shifted**2])
    penalty = np.diag([0.0, 0.01 * len(x), 0.05 * len(x)])
    a, b, c = np.linalg.solve(design.T @ design + penalty, design.T @ y)
    slope, bend = b / spread, c / spread**2
    return np.array(
        [a - slope * x.mean() + bend * x.mean() ** 2, slope - 2 * bend * x.mean(), bend]
    )


def calibrated(metric: str, size: Floats, mids: list[Floats], after: Floats) -> Intervals:
    """Intervals from people held out.

    Args:
        mids: forecasts from fourteen days, from thirteen and so on, each (people, rows).
        after: what came, (people, rows).

    Raises:
        TooLittleData: some week is known of too few people.
    """
    bounds = np.stack([_bounds(metric, size, mid, after) for mid in mids])
    bounds[..., 0] = np.minimum.accumulate(bounds[..., 0], axis=0)
    bounds[..., 1] = np.maximum.accumulate(bounds[..., 1], axis=0)
    return Intervals(metric, size, bounds)


def residuals(metric: str, size: Floats, mid: Floats, after: Floats) -> Floats:
    """Residuals over size, NaN where nothing is known."""
    centre = onto(metric, mid)
    return (onto(metric, after) - centre) / sizes(size, centre)


def _bounds(metric: str, size: Floats, mid: Floats, after: Floats) -> Floats:
    off = residuals(metric, size, mid, after)
    rows = []
    for column in off.T:
        known = np.sort(column[np.isfinite(column)])
        if known.size < LEAST_PEOPLE:
            raise TooLittleData(
                f"{known.size} people with a known week are too few to calibrate on: "
                f"{LEAST_PEOPLE} are needed"
            )
        rank = int(np.ceil((known.size + 1) * (1 + LEVEL) / 2)) - 1
        rank = min(rank, known.size - 1)
        rows.append((known[known.size - 1 - rank], known[rank]))
    return np.array(rows)
