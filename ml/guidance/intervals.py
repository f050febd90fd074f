"""Intervals that hold for small numbers: a share, a median, the shift between two groups."""

from functools import lru_cache
from math import comb, erf, sqrt

import numpy as np
import numpy.typing as npt

_Z95 = 1.959963984540054
_EXACT_UP_TO = 900


def wilson(events: int, days: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) of nothing."""
    if days == 0:
        return 0.0, 1.0
    share, z2 = events / days, _Z95**2
    middle = (share + z2 / (2 * days)) / (1 + z2 / days)
    half = _Z95 * sqrt(share * (1 - share) / days + z2 / (4 * days**2)) / (1 + z2 / days)
    return max(0.0, middle - half), min(1.0, middle + half)


def median_interval(values: npt.ArrayLike) -> tuple[float, float] | None:
    """Order statistics that hold the median in at least 95 %; None under six values."""
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    n = ordered.size
    below, rank = 0, 0
    while 2 * (below + comb(n, rank)) <= 0.05 * 2**n:
        below += comb(n, rank)
        rank += 1
    return None if rank == 0 else (float(ordered[rank - 1]), float(ordered[n - rank]))


def shift(
    first: npt.ArrayLike, second: npt.ArrayLike, *, alpha: float
) -> tuple[float, float, float] | None:
    """By how much `first` lies above `second`: (estimate, low, high), distribution-free.

    Hodges and Lehmann's median of all differences; the interval inverts the Mann-Whitney test,
    exactly for small groups. None where `alpha` cannot be reached by groups of these sizes.
    """
    one, two = (np.asarray(v, dtype=np.float64).ravel() for v in (first, second))
    differences = np.sort((one[:, None] - two[None, :]).ravel())
    rank = _rank(min(one.size, two.size), max(one.size, two.size), alpha)
    if rank == 0:
        return None
    low, high = differences[rank - 1], differences[differences.size - rank]
    return float(np.median(differences)), float(low), float(high)


@lru_cache(maxsize=256)
def _rank(smaller: int, larger: int, alpha: float) -> int:
    """How many differences lie outside the interval at either end, plus one; 0 if none may."""
    pairs = smaller * larger
    if pairs > _EXACT_UP_TO:
        spread = sqrt(pairs * (smaller + larger + 1) / 12)
        z = 0.0
        while 1 - 0.5 * (1 + erf(z / sqrt(2))) > alpha / 2:
            z += 0.001
        return max(0, int(pairs / 2 - z * spread))
    counts, total = _ways(smaller, larger), comb(smaller + larger, smaller)
    rank, below = 0, 0
    while rank < len(counts) and 2 * (below + counts[rank]) <= alpha * total:
        below += counts[rank]
        rank += 1
    return rank


def _ways(smaller: int, larger: int) -> list[int]:
    """In how many orders of two groups the Mann-Whitney U takes each value 0 to n*m."""
    counts = [1] + [0] * (smaller * larger)
    for i in range(1, smaller + 1):
        for u in range(len(counts) - 1, larger + i - 1, -1):
            counts[u] -= counts[u - larger - i]
        for u in range(i, len(counts)):
            counts[u] += counts[u - i]
    return counts
