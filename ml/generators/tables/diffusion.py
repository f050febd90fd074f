"""Noise on rows and its reversal: Gaussian for scores, multinomial for one-hot spans.

Ho et al. 2020 for numbers, Hoogeboom et al. 2021 for categories, the cosine schedule of Nichol
and Dhariwal 2021.
"""

import math

import torch
from torch import Tensor

from ml.generators.tables.onehots import OneHots

_LEAST = 1e-30
_FURTHEST = 5.0


class Diffusion:
    """`steps` steps from data to noise; step 0 is almost data."""

    def __init__(self, steps: int, spans: OneHots) -> None:
        self.steps = steps
        self._spans = spans
        self._evenly = 1.0 / spans.entries(spans.widths)
        at = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
        curve = ((at + 0.008) / 1.008 * math.pi / 2).cos().square()
        beta = (1 - curve[1:] / curve[:-1]).clamp(max=0.999)
        alpha = 1 - beta
        kept = alpha.cumprod(0)
        before = torch.cat([torch.ones(1, dtype=torch.float64), kept[:-1]])
        self._alpha, self._kept, self._before = alpha.float(), kept.float(), before.float()
        self._spread = (beta * (1 - before) / (1 - kept)).sqrt().float()
        self._towards_data = (before.sqrt() * beta / (1 - kept)).float()
        self._towards_now = (alpha.sqrt() * (1 - before) / (1 - kept)).float()

    def noisy_scores(self, scores: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """Scores (n, k) after `at` (n,) steps."""
        kept = self._kept[at][:, None]
        return kept.sqrt() * scores + (1 - kept).sqrt() * noise

    def noisy_codes(self, ones: Tensor, at: Tensor, rng: torch.Generator) -> Tensor:
        """Codes (n, spans) after `at` steps of one-hot rows (n, total)."""
        kept = self._kept[at][:, None]
        chances = kept * ones + (1 - kept) * self._evenly
        return self._spans.draw(chances.log(), rng)

    def one_back(self, data: Tensor, now: Tensor, at: Tensor) -> Tensor:
        """Chances of the categories one step earlier, (n, total).

        Args:
            data: one-hot rows, or chances of what they were at first, (n, total).
            now: one-hot rows after `at` steps.
            at: (n,).
        """
        alpha, before = self._alpha[at][:, None], self._before[at][:, None]
        came = alpha * now + (1 - alpha) * self._evenly
        chances = came * (before * data + (1 - before) * self._evenly)
        return self._spans.normalised(chances.clamp_min(_LEAST))

    def category_loss(self, ones: Tensor, now: Tensor, at: Tensor, logits: Tensor) -> Tensor:
        """Divergence of the guessed step back from the true one, mean over rows and spans.

        At step 0 that is the negative log-likelihood of the data.
        """
        return self.category_losses(ones, now, at, logits).mean()

    def category_losses(self, ones: Tensor, now: Tensor, at: Tensor, logits: Tensor) -> Tensor:
        """The same for every row, (n,), mean over spans."""
        guessed = self.one_back(self._spans.softmax(logits), now, at).log()
        true = self.one_back(ones, now, at)
        first = (at == 0)[:, None]
        true = torch.where(first, ones, true)
        losses = (true * (true.clamp_min(_LEAST).log() - guessed)).sum(dim=1)
        return losses / max(1, len(self._spans.widths))

    def step_back(
        self,
        scores: Tensor,
        ones: Tensor,
        noise: Tensor,
        logits: Tensor,
        at: int,
        rng: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Scores and one-hot rows one step earlier, from what a network guesses at step `at`."""
        kept = self._kept[at]
        data = (scores - (1 - kept).sqrt() * noise) / kept.sqrt()
        data = data.clamp(-_FURTHEST, _FURTHEST)
        scores = self._towards_data[at] * data + self._towards_now[at] * scores
        if at > 0:
            scores = scores + self._spread[at] * torch.randn(scores.shape, generator=rng)
        if not self._spans.total:
            return scores, ones
        where = torch.full((len(scores),), at)
        chances = self.one_back(self._spans.softmax(logits), ones, where)
        return scores, self._spans.matrix(self._spans.draw(chances.log(), rng))
