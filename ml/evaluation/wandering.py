"""How far measured coverage strays from the truth because few people were measured.

A forecaster whose intervals cover 90 % of everybody's outcomes in every hour still covers more of
one person and less of another, and of six people the worst hour lies well below 90 %. How far is
simulated: people have a coverage of their own, their hours (or bands) one about that, all of them
90 % in the mean. How much people and their cells differ is taken from the forecasts measured.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHARE = 0.9
WITHIN = (0.85, 0.95)
_LEAST_OUTCOMES = 24
"""In a cell, to be reckoned with: those of one forecast."""
_MOST_VARIANCE = 0.9
"""Of a share's variance where each is 0 or 1: a beta distribution has to stay one."""


@dataclass(frozen=True)
class Differences:
    """Variances of coverage: between people, and of a cell of n outcomes, `cell` + `outcome` / n.

    The last part is what chance leaves in a cell, outcomes that follow each other included.
    """

    person: float
    cell: float
    outcome: float


@dataclass(frozen=True)
class Wandering:
    """What is measured of a perfect forecaster, 2.5th and 97.5th percentile.

    Attributes:
        overall: share covered.
        least, most: of the cells.
        holds: in what share of cases every cell lies within `WITHIN`.
    """

    overall: tuple[float, float]
    least: tuple[float, float]
    most: tuple[float, float]
    holds: float


def differences(hits: Array, counts: Array) -> Differences:
    """How coverage differs, by moments.

    Args:
        hits, counts: outcomes covered, and all, of each person's cells, shape (people, cells).

    Raises:
        ValueError: fewer than two people have outcomes.
    """
    own = counts.sum(axis=1)
    if (own > 0).sum() < 2:
        raise ValueError("how coverage differs between people cannot be told from one person")
    hits, counts, own = hits[own > 0], counts[own > 0], own[own > 0]
    cell, outcome = _of_cells(hits, counts)
    known = counts > 0
    noise = (counts**2 * (cell + outcome / np.maximum(counts, 1)) * known).sum(axis=1) / own**2
    person = max(float(np.mean(_away(hits.sum(axis=1) / own) ** 2 - noise)), 0.0)
    return Differences(person, cell, outcome)


def wandering(
    counts: Array, between: Differences, *, rng: np.random.Generator, draws: int = 2000
) -> Wandering:
    """What such people would be measured to be covered, each draw with people anew.

    Args:
        counts: outcomes of each person's cells, shape (people, cells).
        between: how coverage differs.
    """
    share = _beta(np.full((draws, len(counts)), SHARE), np.full(len(counts), between.person), rng)
    variance = between.cell + between.outcome / np.maximum(counts, 1)
    cells = _beta(np.repeat(share[:, :, None], counts.shape[1], axis=2), variance, rng)
    inside = (cells * counts).sum(axis=1)
    told = inside[:, counts.sum(axis=0) > 0] / counts.sum(axis=0)[counts.sum(axis=0) > 0]
    low, high = told.min(axis=1), told.max(axis=1)
    return Wandering(
        overall=_range(inside.sum(axis=1) / counts.sum()),
        least=_range(low),
        most=_range(high),
        holds=float(((low >= WITHIN[0]) & (high <= WITHIN[1])).mean()),
    )


def _of_cells(hits: Array, counts: Array) -> tuple[float, float]:
    """Variance of a cell about its person, and what falls with the number of outcomes.

    Least squares of the squared distances on 1 and 1 / n, neither below zero. What all people
    share in a cell is a fault of calibration, not chance, and taken off first.
    """
    shared = hits.sum(axis=0) / np.maximum(counts.sum(axis=0), 1) - hits.sum() / counts.sum()
    own = hits.sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True)
    enough = counts >= _LEAST_OUTCOMES
    away = (hits / np.maximum(counts, 1) - own - shared)[enough] ** 2
    inverse = 1.0 / counts[enough]
    if inverse.size < 2 or np.ptp(inverse) == 0:
        return float(away.mean()) if away.size else 0.0, 0.0
    slope, flat = np.polyfit(inverse, away, 1)
    if slope < 0:
        return float(away.mean()), 0.0
    if flat < 0:
        return 0.0, float((inverse * away).sum() / (inverse**2).sum())
    return float(flat), float(slope)


def _away(values: Array) -> Array:
    return values - values.mean()


def _beta(mean: Array, variance: Array, rng: np.random.Generator) -> Array:
    """Shares of this mean and, as far as shares can have it, this variance at `SHARE`."""
    part = np.minimum(variance / (SHARE * (1.0 - SHARE)), _MOST_VARIANCE)
    strength = 1.0 / np.maximum(part, 1e-9) - 1.0
    safe = np.clip(mean, 1e-6, 1.0 - 1e-6)
    return rng.beta(safe * strength, (1.0 - safe) * strength)


def _range(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
