"""The distribution of one column of numbers: numbers to ranks in (0, 1), and back.

Numbers that repeat are steps: each takes the whole stretch of ranks that it covers, and every rank
in it gives the number back. Numbers that do not are joined by straight lines between quantiles,
so that what comes back lies between what was seen, not on it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]

_REPEATED = 5
_MOST_STEPS = 2000
_MOST_QUANTILES = 400
_FURTHEST = 5.0


@dataclass(frozen=True)
class Marginal:
    """A distribution function with steps and slopes.

    Attributes:
        numbers: (m,), ascending, all different.
        below, upto: (m,), share of rows below each number, and below or at it.
    """

    numbers: Floats
    below: Floats
    upto: Floats

    @classmethod
    def learn(cls, cells: Floats) -> "Marginal":
        """The distribution of `cells`, which are finite and at least one."""
        numbers, counts = np.unique(cells, return_counts=True)
        if numbers.size <= _MOST_STEPS and cells.size >= _REPEATED * numbers.size:
            upto = np.cumsum(counts) / cells.size
            return cls(numbers, np.append(0.0, upto[:-1]), upto)
        levels = np.linspace(0.0, 1.0, int(np.clip(cells.size // _REPEATED, 2, _MOST_QUANTILES)))
        quantiles = np.quantile(cells, levels)
        numbers, first = np.unique(quantiles, return_index=True)
        last = np.append(first[1:], levels.size) - 1
        return cls(numbers, levels[first], levels[last])

    def ranks(self, cells: Floats, rng: np.random.Generator | None = None) -> Floats:
        """The rank of each cell; within a step it is drawn from `rng`, or its middle."""
        if self.numbers.size == 1:
            return np.full(cells.shape, 0.5) if rng is None else rng.random(cells.shape)
        at = (np.searchsorted(self.numbers, cells, side="right") - 1).clip(0, self.numbers.size - 1)
        after = (at + 1).clip(max=self.numbers.size - 1)
        along = _along(cells, self.numbers[at], self.numbers[after])
        sloped = self.upto[at] + along * (self.below[after] - self.upto[at])
        share = 0.5 if rng is None else rng.random(cells.shape)
        stepped = self.below[at] + share * (self.upto[at] - self.below[at])
        return np.where(cells > self.numbers[at], sloped, stepped)

    def cells(self, ranks: Floats) -> Floats:
        """The number at each rank."""
        at = np.searchsorted(self.upto, ranks, side="left").clip(0, self.numbers.size - 1)
        before = (at - 1).clip(0)
        along = _along(ranks, self.upto[before], self.below[at])
        sloped = self.numbers[before] + along * (self.numbers[at] - self.numbers[before])
        return np.where(ranks >= self.below[at], self.numbers[at], sloped)

    def scores(self, cells: Floats, rng: np.random.Generator) -> Floats:
        """Each cell as a standard normal score, within +-5."""
        return np.clip(ndtri(self.ranks(cells, rng)), -_FURTHEST, _FURTHEST)

    def from_scores(self, scores: Floats) -> Floats:
        """The number at each standard normal score."""
        return self.cells(ndtr(scores))

    def packed(self) -> Floats:
        """The marginal as one array, (3, m)."""
        return np.stack([self.numbers, self.below, self.upto])

    @classmethod
    def unpacked(cls, packed: Floats) -> "Marginal":
        """The marginal that `packed` gave."""
        return cls(*packed)


def _along(x: Floats, start: Floats, end: Floats) -> Floats:
    """How far `x` is from `start` to `end`, 0 to 1; 0 where they are one."""
    gap = end - start
    return np.clip((x - start) / np.where(gap > 0, gap, 1.0), 0.0, 1.0)
