"""The scale on which figures are averaged and intervals are symmetric: logits and logarithms."""

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import BASE, GMI_PER_MG_DL, DayTable, figures

EPSILON = 0.003
"""Added to shares before their logit: four minutes a day, about what one reading weighs."""
LEAST_CV = 0.01
_SHARES = ("tir", "tbr", "tar")

Floats = npt.NDArray[np.float64]


def onto(metric: str, values: Floats) -> Floats:
    """Values of a metric on the working scale."""
    if metric in _SHARES:
        inside = np.clip(values, 0.0, 1.0) + EPSILON
        return np.log(inside / (1.0 + 2 * EPSILON - inside))
    return np.log(np.maximum(values, LEAST_CV))


def back(metric: str, values: Floats) -> Floats:
    """The inverse; shares within 0 to 1."""
    if metric in _SHARES:
        return np.clip((1.0 + 2 * EPSILON) / (1.0 + np.exp(-values)) - EPSILON, 0.0, 1.0)
    return np.exp(values)


def base_onto(values: Floats) -> Floats:
    """`BASE` figures, last axis 4, on the working scale."""
    return np.stack([onto(m, values[..., i]) for i, m in enumerate(BASE)], axis=-1)


def base_back(values: Floats) -> Floats:
    """The inverse; where time below and above would exceed the day they are scaled to fill it."""
    natural = np.stack([back(m, values[..., i]) for i, m in enumerate(BASE)], axis=-1)
    outside = np.maximum(natural[..., :2].sum(axis=-1, keepdims=True), 1.0)
    natural[..., :2] /= outside
    return natural


def sampling_covariance(days: DayTable) -> Floats:
    """By how much the figures of these days would differ on other such days: (people, 4, 4).

    The covariance of each figure's influence of a day (delta method on the working scale) over
    the person's days: that of one day; divide by the number of days for that of their average.
    """
    base = figures(days)
    mean = np.nansum(days.wear * np.nan_to_num(days.mean), axis=1) / days.wear.sum(axis=1)
    below, above, gmi, cv = base.T
    spread = np.maximum(cv * mean, 1.0) ** 2
    off = days.mean - mean[:, None]
    square = days.square - 2 * mean[:, None] * days.mean + mean[:, None] ** 2 - spread[:, None]
    influence = np.stack(
        [
            (days.below - below[:, None]) * _slope(below)[:, None],
            (days.above - above[:, None]) * _slope(above)[:, None],
            off * GMI_PER_MG_DL / gmi[:, None],
            square / (2 * spread[:, None]) - off / mean[:, None],
        ],
        axis=2,
    )
    weighted = np.where(days.wear[..., None] > 0, np.sqrt(days.wear)[..., None] * influence, 0.0)
    freedom = np.maximum(days.wear.sum(axis=1) - 1.0, 1.0)
    return np.einsum("ndi,ndj->nij", weighted, weighted) / freedom[:, None, None]


def _slope(share: Floats) -> Floats:
    inside = share + EPSILON
    return 1.0 / inside + 1.0 / (1.0 + 2 * EPSILON - inside)
