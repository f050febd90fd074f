"""Generator and critic of a CTGAN; the critic's gradient penalty needs no second derivative."""

import itertools

import torch
from torch import Tensor, nn

from ml.generators.tables.onehots import OneHots, gumbel

_LEAK = 0.2


class ConditionalGenerator(nn.Module):
    """Noise and condition to rows: layers that each hand on their input beside their output."""

    def __init__(
        self, noise: int, condition: int, hidden: tuple[int, ...], offsets: int, spans: OneHots
    ) -> None:
        super().__init__()
        self._offsets = offsets
        self._spans = spans
        width = noise + condition
        self.layers = nn.ModuleList()
        for size in hidden:
            self.layers.append(
                nn.Sequential(nn.Linear(width, size), nn.BatchNorm1d(size), nn.ReLU())
            )
            width += size
        self.last = nn.Linear(width, offsets + spans.total)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets within -1 to 1, (n, offsets), and logits of the spans, (n, total)."""
        for layer in self.layers:
            x = torch.cat([layer(x), x], dim=1)
        x = self.last(x)
        return x[:, : self._offsets].tanh(), x[:, self._offsets :]

    def soften(
        self, offsets: Tensor, logits: Tensor, temperature: float, rng: torch.Generator
    ) -> Tensor:
        """Rows with softened one-hot spans (Gumbel), (n, offsets + total)."""
        noisy = (logits + gumbel(logits.detach(), rng)) / temperature
        return torch.cat([offsets, self._spans.softmax(noisy)], dim=1)


class PackedCritic(nn.Module):
    """Judges several rows at once, so that a generator of few different rows is found out."""

    def __init__(self, width: int, hidden: tuple[int, ...], pack: int, dropout: float) -> None:
        super().__init__()
        self._pack = pack
        self._dropout = dropout
        sizes = (width * pack, *hidden, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

    def forward(self, rows: Tensor, rng: torch.Generator) -> Tensor:
        """A score per pack, (n / pack, 1)."""
        x = rows.reshape(len(rows) // self._pack, -1)
        for layer in self.layers[:-1]:
            x = nn.functional.leaky_relu(layer(x), _LEAK)
            x = x * self._mask(x, rng)
        return self.layers[-1](x)

    def penalty(self, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        """Mean squared distance of the gradient's norm from 1 between real and fake packs.

        The critic is piecewise linear: between its bends the gradient is a product of weights
        and slopes, so it is written down instead of being derived.
        """
        packs = len(real) // self._pack
        share = torch.rand(packs, 1, generator=rng)
        with torch.no_grad():
            x = share * real.reshape(packs, -1) + (1 - share) * fake.reshape(packs, -1)
            slopes = []
            for layer in self.layers[:-1]:
                x = layer(x)
                slope = torch.where(x > 0, 1.0, _LEAK) * self._mask(x, rng)
                x = x * slope
                slopes.append(slope)
        gradient = self.layers[-1].weight
        for layer, slope in zip(reversed(self.layers[:-1]), reversed(slopes), strict=True):
            gradient = (gradient * slope) @ layer.weight
        return (gradient.norm(2, dim=1) - 1).square().mean()

    def _mask(self, x: Tensor, rng: torch.Generator) -> Tensor:
        kept = torch.empty_like(x).uniform_(generator=rng) >= self._dropout
        return kept / (1.0 - self._dropout)
