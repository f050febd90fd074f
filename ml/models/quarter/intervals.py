"""90 % intervals by split conformal prediction on people whom nothing was learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.models.forecaster import TooLittleData
from ml.models.quarter.days import METRICS
from ml.models.quarter.scale import back, onto

LEVEL = 0.90
LEAST_PEOPLE = 40
"""To calibrate on: each side of the interval is an outer 5 % of them."""
_LEAST_SIZE, _LARGEST_LOG = 0.01, 2.0
_OUTERMOST = 2.5
"""SDs of a feature beyond which it counts no further."""
_PENALTY, _STEPS = 0.01, 12
_AROUND = 2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Size:
    """How large a residual is to be expected, on the working scale.

    Its logarithm is linear in the forecast, its square, the forecast GMI and CV, and the spread of
    the person's own days: a low time below range errs by less, restless days err by more.

    Attributes:
        metric: of `METRICS`.
        centre, scale: of the five features, (5,).
        weights: constant first, (6,).
    """

    metric: str
    centre: Floats
    scale: Floats
    weights: Floats

    def of(self, mids: Floats, spread: Floats) -> Floats:
        """Sizes (people, rows) of forecasts (people, rows, 5), the days' `spread` (people, 5)."""
        features = (_features(self.metric, mids, spread) - self.centre) / self.scale
        inside = np.clip(features, -_OUTERMOST, _OUTERMOST)
        log: Floats = self.weights[0] + inside @ self.weights[1:]
        return np.exp(np.clip(log, np.log(_LEAST_SIZE), _LARGEST_LOG))

    @classmethod
    def fitted(cls, metric: str, mids: Floats, spread: Floats, after: Floats) -> "Size":
        """From people outside the calibration; `mids` and `after` are (people, rows, 5)."""
        off = np.abs(_off(metric, mids, after))
        known = np.isfinite(off)
        features, y = _features(metric, mids, spread)[known], off[known]
        centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-3)
        inside = np.clip((features - centre) / scale, -_OUTERMOST, _OUTERMOST)
        design = np.column_stack([np.ones(len(y)), inside])
        bend = design.T @ design + np.diag([0.0] + [_PENALTY * len(y)] * 5)
        weights = np.array([np.log(max(float(y.mean()), _LEAST_SIZE)), *[0.0] * 5])
        for _ in range(_STEPS):  # gamma regression with a logarithmic link: the mean, not a median
            log = np.clip(design @ weights, np.log(_LEAST_SIZE), _LARGEST_LOG)
            working = log + np.clip(y * np.exp(-log) - 1.0, -1.0, 4.0)
            weights = np.linalg.solve(bend, design.T @ working)
        return cls(metric, centre, scale, weights)


@dataclass(frozen=True, eq=False)
class Intervals:
    """How far one metric's figures fall from a forecast of one kind.

    Attributes:
        size: what residuals are divided by.
        bounds: their outer quantiles over people, (day counts, rows, 2): from fourteen days, from
            thirteen and so on; the fewer the days, the wider.
    """

    size: Size
    bounds: Floats

    def around(self, mids: Floats, spread: Floats, fewer: int) -> Floats:
        """Low, mid, high (people, rows, 3) of forecasts from `fewer` days than fourteen."""
        metric = self.size.metric
        mid = mids[..., METRICS.index(metric)]
        reach = self.size.of(mids, spread)[..., None] * self.bounds[fewer]
        ends = back(metric, onto(metric, mid)[..., None] + reach)
        return np.stack(
            [np.minimum(ends[..., 0], mid), mid, np.maximum(ends[..., 1], mid)], axis=-1
        )

    def residuals(self, mids: Floats, spread: Floats, after: Floats) -> Floats:
        """Residuals over size (people, rows), NaN where nothing is known."""
        return _off(self.size.metric, mids, after) / self.size.of(mids, spread)

    def arrays(self) -> dict[str, Floats]:
        size = self.size
        return {
            "centre": size.centre,
            "scale": size.scale,
            "weights": size.weights,
            "bounds": self.bounds,
        }

    @classmethod
    def restored(cls, metric: str, arrays: Mapping[str, npt.NDArray[np.float64]]) -> "Intervals":
        size = Size(metric, arrays["centre"], arrays["scale"], arrays["weights"])
        return cls(size, arrays["bounds"])


def calibrated(
    size: Size, mids: Sequence[Floats], spreads: Sequence[Floats], after: Floats
) -> Intervals:
    """Intervals from people held out.

    Args:
        mids: forecasts from fourteen days, from thirteen and so on, each (people, rows, 5).
        spreads: of the days of each, (people, 5).
        after: what came, (people, rows, 5).

    Raises:
        TooLittleData: some week is known of too few people.
    """
    bounds = np.stack(
        [
            _bounds(_off(size.metric, mid, after) / size.of(mid, spread))
            for mid, spread in zip(mids, spreads, strict=True)
        ]
    )
    bounds[..., 0] = -_rising(-bounds[..., 0])
    bounds[..., 1] = _rising(bounds[..., 1])
    return Intervals(size, bounds)


def _rising(values: Floats) -> Floats:
    """The isotonic regression of (counts, rows) along the counts: never falling, least moved."""
    count = len(values)
    mean = {(j, k): values[j : k + 1].mean(axis=0) for j in range(count) for k in range(j, count)}
    return np.stack(
        [
            np.max([np.min([mean[j, k] for k in range(i, count)], axis=0) for j in range(i + 1)], 0)
            for i in range(count)
        ]
    )


def _features(metric: str, mids: Floats, spread: Floats) -> Floats:
    """Forecast, its square, GMI, CV, and the days' spread: (people, rows, 5)."""
    own = METRICS.index(metric)
    centre, gmi, cv = (onto(m, mids[..., METRICS.index(m)]) for m in (metric, "gmi", "cv"))
    wide = np.broadcast_to(spread[:, None, own], centre.shape)
    return np.stack([centre, centre**2, gmi, cv, wide], axis=-1)


def _off(metric: str, mids: Floats, after: Floats) -> Floats:
    own = METRICS.index(metric)
    return onto(metric, after[..., own]) - onto(metric, mids[..., own])


def _bounds(off: Floats) -> Floats:
    """Outer quantiles of each row's residuals (people, rows), with the finite-sample rank.

    A week's are taken together with those of the two weeks before and after it; the quarter's,
    the last row, stand alone.
    """
    people = np.isfinite(off).sum(axis=0)
    if people.min() < LEAST_PEOPLE:
        raise TooLittleData(
            f"{people.min()} people with a known week are too few to calibrate on: "
            f"{LEAST_PEOPLE} are needed"
        )
    weeks = off.shape[1] - 1
    spans = [(max(0, w - _AROUND), min(weeks, w + _AROUND + 1)) for w in range(weeks)]
    rows = []
    for row, (first, last) in enumerate([*spans, (weeks, weeks + 1)]):
        near = off[:, first:last]
        known = np.sort(near[np.isfinite(near)])
        share = min(1.0, np.ceil((people[row] + 1) * (1 + LEVEL) / 2) / people[row])
        rank = int(np.ceil(share * known.size)) - 1
        rows.append((known[known.size - 1 - rank], known[rank]))
    return np.array(rows)
