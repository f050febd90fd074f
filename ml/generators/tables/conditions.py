"""Training by sampling: which category a CTGAN is asked for, and rows that have it.

A step asks every row for one category of one discrete column: the column is drawn evenly, the
category by the logarithm of its count, so that rare ones are seen (Xu et al. 2019).
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.generators.tables.onehots import OneHots

Codes = npt.NDArray[np.intp]


class Conditions:
    """Draws conditions by position: the column of the category in the one-hot matrix.

    Attributes:
        width: columns of a condition, one per category; 0 when nothing is discrete.
    """

    def __init__(self, spans: OneHots, counts: Tensor) -> None:
        self.width = spans.total
        self._spans = len(spans.widths)
        self._counts = counts
        self._evenly = _cumulated(spans, (counts.double() + 1).log())
        self._as_seen = _cumulated(spans, counts.double())

    @property
    def counts(self) -> Tensor:
        """Rows of each category, (width,)."""
        return self._counts

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Positions for training, (n,): rare categories more often than they occur."""
        return self._drawn(self._evenly, n, rng)

    def draw_as_seen(self, n: int, rng: torch.Generator) -> Tensor:
        """Positions for sampling, (n,): as often as they occur."""
        return self._drawn(self._as_seen, n, rng)

    def matrix(self, positions: Tensor) -> Tensor:
        """Positions as ones in zeros, (n, width)."""
        return torch.zeros(len(positions), self.width).scatter_(1, positions[:, None], 1.0)

    def _drawn(self, cumulated: Tensor, n: int, rng: torch.Generator) -> Tensor:
        span = torch.randint(self._spans, (n,), generator=rng)
        level = span + torch.rand(n, generator=rng, dtype=torch.float64)
        return torch.searchsorted(cumulated, level, right=True).clamp_(max=self.width - 1)


class RowsByCategory:
    """Draws training rows that have a category."""

    def __init__(self, spans: OneHots, codes: Codes) -> None:
        positions = codes + np.array(spans.starts, dtype=np.intp)
        order = np.argsort(positions, axis=0, kind="stable").T.reshape(-1)
        counts = np.bincount(positions.reshape(-1), minlength=spans.total)
        self._order = torch.from_numpy(order)
        self.counts = torch.from_numpy(counts)
        self._first = torch.from_numpy(np.append(0, np.cumsum(counts)[:-1]))

    def draw(self, positions: Tensor, rng: torch.Generator) -> Tensor:
        """A row for each position, every one that has the category equally likely, (n,)."""
        counts = self.counts[positions]
        chosen = (torch.rand(len(positions), generator=rng, dtype=torch.float64) * counts).long()
        return self._order[self._first[positions] + chosen.minimum(counts - 1)]


def _cumulated(spans: OneHots, weights: Tensor) -> Tensor:
    """Cumulated shares within every span, span k lying between k and k + 1, (width,)."""
    parts = [
        k + torch.cumsum(part, 0) / part.sum()
        for k, part in enumerate(weights.split(list(spans.widths)))
    ]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)
