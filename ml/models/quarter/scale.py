"""The scale on which figures are averaged: arcsines of the roots of shares, and logarithms."""

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import BASE

EPSILON = 0.002
"""Added to shares and to what is left of the day: keeps slopes finite at none and all."""
LEAST_CV = 0.01
_SHARES = ("tir", "tbr", "tar")

Floats = npt.NDArray[np.float64]


def onto(metric: str, values: Floats) -> Floats:
    """Values of a metric on the working scale."""
    if metric in _SHARES:
        inside = (np.clip(values, 0.0, 1.0) + EPSILON) / (1.0 + 2 * EPSILON)
        return np.arcsin(np.sqrt(inside))
    return np.log(np.maximum(values, LEAST_CV))


def back(metric: str, values: Floats) -> Floats:
    """The inverse; shares within 0 to 1."""
    if metric in _SHARES:
        inside = np.sin(np.clip(values, 0.0, np.pi / 2)) ** 2
        return np.clip(inside * (1.0 + 2 * EPSILON) - EPSILON, 0.0, 1.0)
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
