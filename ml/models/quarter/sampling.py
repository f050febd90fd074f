"""By how much a person's figures would differ on other days like theirs."""

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import GMI_PER_MG_DL, DayTable, figures
from ml.models.quarter.scale import EPSILON

_LEAST_SPREAD = 0.02

Floats = npt.NDArray[np.float64]


def sampling_covariance(days: DayTable) -> Floats:
    """Covariance of one day's influence on the `BASE` figures, working scale, (people, 4, 4).

    Divided by the number of days it is that of their figures (delta method, days independent).
    """
    weighted = _influence(days)[..., 1:]
    covariance: Floats = np.einsum("ndi,ndj->nij", weighted, weighted)
    return covariance / _freedom(days)[:, None, None]


def day_spread(days: DayTable) -> Floats:
    """Logarithm of the SD of one day's influence on each of `METRICS`, (people, 5)."""
    variance = (_influence(days) ** 2).sum(axis=1) / _freedom(days)[:, None]
    spread: Floats = np.log(np.sqrt(variance) + _LEAST_SPREAD)
    return spread


def _influence(days: DayTable) -> Floats:
    """Of each day on each of `METRICS`, times the root of its wear: (people, days, 5)."""
    below, above, gmi, cv = figures(days).T[..., None]
    mean = (np.nan_to_num(days.mean) * days.wear).sum(axis=1) / days.wear.sum(axis=1)
    off = days.mean - mean[:, None]
    variance = np.maximum(cv * mean[:, None], 1.0) ** 2
    square = days.square - 2 * mean[:, None] * days.mean + mean[:, None] ** 2 - variance
    inside = 1.0 - below - above
    influence = np.stack(
        [
            (1.0 - days.below - days.above - inside) * _slope(inside),
            (days.below - below) * _slope(below),
            (days.above - above) * _slope(above),
            off * GMI_PER_MG_DL / gmi,
            square / (2 * variance) - off / mean[:, None],
        ],
        axis=2,
    )
    return np.where(days.wear[..., None] > 0, np.sqrt(days.wear)[..., None] * influence, 0.0)


def _freedom(days: DayTable) -> Floats:
    freedom: Floats = np.maximum(days.wear.sum(axis=1) - 1.0, 1.0)
    return freedom


def _slope(share: Floats) -> Floats:
    inside = (share + EPSILON) / (1.0 + 2 * EPSILON)
    return 0.5 / np.sqrt(inside * (1.0 - inside)) / (1.0 + 2 * EPSILON)
