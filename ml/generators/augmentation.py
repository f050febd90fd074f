"""What a critic sees instead of the data when it begins to learn it by heart (ADA).

Every augmentation is differentiable and acts on real and synthetic series alike, in both steps.
Each happens to each series with probability p; below 1, what it does can be undone in
distribution, so that a generator gains nothing from imitating it (Karras et al. 2020).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

SHIFT_MINUTES = 30.0
SCALE = 0.1
OFFSET = 0.1
JITTER = 0.03
DROPPED = 0.2
"""Largest share of a series that a dropped patch takes."""


def augmented(x: Tensor, p: float, *, days: float, rng: torch.Generator) -> Tensor:
    """Series with each augmentation applied at probability `p`; `x` itself when `p` is 0.

    Args:
        x: scaled glucose, (n, 1, L), about -1 to 1.
        p: probability of each augmentation.
        days: that a series spans; only several are rolled by whole days.
        rng: decides what happens to which series.
    """
    if p <= 0.0:
        return x
    x = _shifted(x, p, days, rng)
    x = x * (1 + SCALE * _chosen(x, p, rng) * _normal(x, 1, rng))
    x = x + OFFSET * _chosen(x, p, rng) * _normal(x, 1, rng)
    x = x + JITTER * _chosen(x, p, rng) * _normal(x, x.shape[-1], rng)
    return _patched(x, p, rng)


def _chosen(x: Tensor, p: float, rng: torch.Generator) -> Tensor:
    return (torch.rand(x.shape[0], 1, 1, generator=rng) < p).to(x.dtype)


def _normal(x: Tensor, length: int, rng: torch.Generator) -> Tensor:
    return torch.randn(x.shape[0], 1, length, generator=rng)


def _shifted(x: Tensor, p: float, days: float, rng: torch.Generator) -> Tensor:
    """Rolled by whole days where there are several, and moved by up to `SHIFT_MINUTES`."""
    n, _, length = x.shape
    day = length / days
    whole = torch.randint(0, max(1, int(days)), (n, 1, 1), generator=rng) * day
    small = (2 * torch.rand(n, 1, 1, generator=rng) - 1) * day * SHIFT_MINUTES / 1440
    shift = _chosen(x, p, rng) * whole + _chosen(x, p, rng) * small
    at = torch.arange(length, dtype=x.dtype) + shift
    low = at.floor()
    share = at - low
    if days >= 2:
        left, right = low % length, (low + 1) % length
    else:
        left, right = low.clamp(0, length - 1), (low + 1).clamp(0, length - 1)
    return x.gather(2, left.long()) * (1 - share) + x.gather(2, right.long()) * share


def _patched(x: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """With one patch of random place and length set to zero."""
    n, _, length = x.shape
    width = torch.rand(n, 1, 1, generator=rng) * DROPPED * length
    start = torch.rand(n, 1, 1, generator=rng) * (length - width)
    steps = torch.arange(length, dtype=x.dtype)
    dropped = (steps >= start) & (steps < start + width) & (_chosen(x, p, rng) > 0)
    return x * (~dropped).to(x.dtype)


@dataclass
class AdaptiveProbability:
    """p, and the heuristic that moves it: up while the critic overfits, down while it does not.

    Attributes:
        p: now.
        heuristic: as it was when p last moved; r_t or r_v, see `singan_losses`.
        total, count: of the batches since then.
        highest: that p has been.
    """

    p: float = 0.0
    heuristic: float = 0.0
    total: float = 0.0
    count: int = 0
    highest: float = 0.0

    def observe(
        self, heuristic: float, *, batch: int, target: float, kimg: float, most: float
    ) -> None:
        """Take one batch's heuristic in; every fourth moves p by 4 · `batch` / (1000 · `kimg`)."""
        self.total += heuristic
        self.count += 1
        if self.count < _EVERY:
            return
        self.heuristic = self.total / self.count
        self.total, self.count = 0.0, 0
        direction = float(self.heuristic > target) - float(self.heuristic < target)
        self.p = min(most, max(0.0, self.p + direction * batch * _EVERY / (kimg * 1000)))
        self.highest = max(self.highest, self.p)


_EVERY = 4
