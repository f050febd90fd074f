"""TabDDPM: a diffusion model for tables, conditioned on the target's class.

After Kotelnikov et al. 2023 (TabDDPM: Modelling Tabular Data with Diffusion Models): normal scores
under Gaussian diffusion, categories under multinomial diffusion, one multilayer perceptron that is
told step and class. The weights that are kept are a moving average.
"""

import copy
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.generators.tables.diffusion import Diffusion
from ml.generators.tables.learnt import LearntTables
from ml.generators.tables.plan import Plan
from ml.generators.tables.private import Privacy
from ml.generators.tables.private_encoding import public_plan, public_quantiles
from ml.generators.tables.private_steps import PrivateDescent, Protection
from ml.generators.tables.quantile_encoding import QuantileEncoding
from ml.generators.tables.sampling import Codes, Floats, Where
from ml.generators.tables.training import blend
from ml.records.tables.table import Table
from ml.training.seeds import seeded_initialisation, torch_generator

_TIME = 128


@dataclass(frozen=True)
class TabDdpmSettings:
    """One named way to train; see `learnt.Settings` for the first ones.

    Attributes:
        iterations: steps of the training, however many the rows.
        batch: rows of a step.
        diffusion: steps from data to noise.
        hidden: widths of the perceptron's layers.
        learning_rate: of AdamW, falling in a straight line to 0.
        average: of the weights over steps; 0 keeps the last.
        conditional: whether the target's class is told.
        looks: how often a private step looks at a row, each time under other noise.
    """

    name: str
    iterations: int = 5000
    batch: int = 500
    least_rows: int = 50
    match_marginals: bool = False
    diffusion: int = 100
    hidden: tuple[int, ...] = (256, 256, 256)
    learning_rate: float = 1e-3
    average: float = 0.995
    conditional: bool = True
    looks: int = 4

    def steps(self, rows: int) -> int:
        """Of the training on a table of so many rows."""
        return self.iterations

    def rows_of_a_step(self, rows: int) -> int:
        """Of a table of so many rows."""
        return min(self.batch, rows)


DEFAULT = TabDdpmSettings("default")
PAPER = replace(
    DEFAULT,
    name="paper",
    iterations=30_000,
    batch=4096,
    hidden=(512, 1024, 1024, 1024, 1024, 512),
    learning_rate=8e-4,
    average=0.0,
)
TINY = replace(
    DEFAULT,
    name="tiny",
    iterations=600,
    batch=128,
    diffusion=20,
    hidden=(96, 96),
    learning_rate=3e-3,
    average=0.98,
)
SETTINGS = {settings.name: settings for settings in (DEFAULT, PAPER, TINY)}


class TabDdpm(LearntTables):
    """Synthetic rows by TabDDPM; the target's classes can be asked for directly."""

    kind = "tabddpm"

    def __init__(
        self, settings: TabDdpmSettings | str = "default", *, private: Privacy | None = None
    ) -> None:
        self.settings: TabDdpmSettings = (
            SETTINGS[settings] if isinstance(settings, str) else settings
        )
        if private is not None:
            self.settings = replace(self.settings, match_marginals=False, conditional=False)
        super().__init__(self.settings, private)
        self._encoding: QuantileEncoding
        self._shares: Tensor
        self._network: Denoiser

    def _begin(self, data: Table, seed: int) -> "_Training":
        rng = np.random.default_rng(seed)
        if self._protection is None:
            self._encoding = QuantileEncoding.learn(data, conditional=self.settings.conditional)
        else:
            self._encoding = public_quantiles(public_plan(data.schema))
        scores, codes, classes = self._encoding.encode(data, rng)
        counts = torch.bincount(classes, minlength=self._encoding.classes)
        self._shares = counts.double() / len(classes)
        with seeded_initialisation(rng):
            network = self._fresh()
        training = _Training(
            self.settings,
            self._encoding,
            scores,
            codes,
            classes,
            network,
            torch_generator(rng),
            self._protection,
        )
        self._network = training.kept
        return training

    def _fresh(self) -> "Denoiser":
        return Denoiser(self.settings, self._encoding)

    def _draw(self, n: int, where: Where, rng: torch.Generator) -> tuple[Codes, Floats]:
        encoding = self._encoding
        diffusion = Diffusion(self.settings.diffusion, encoding.spans)
        classes = self._classes(n, where, rng)
        scores = torch.randn(n, len(encoding.marginals), generator=rng)
        ones = encoding.spans.matrix(encoding.spans.draw(torch.zeros(n, encoding.spans.total), rng))
        for at in reversed(range(diffusion.steps)):
            noise, logits = self._network(scores, ones, torch.full((n,), at), classes)
            scores, ones = diffusion.step_back(scores, ones, noise, logits, at, rng)
        return encoding.decode(scores, encoding.spans.codes(ones), classes)

    def _classes(self, n: int, where: Where, rng: torch.Generator) -> Tensor:
        """A class for every row: the one asked for, or as often as it occurs."""
        plan = self._encoding.plan
        target = plan.schema.target
        if self._encoding.apart is not None and target is not None and target in where:
            level = plan.level(target, where[target])
            if level is not None:
                return torch.full((n,), level)
        return torch.multinomial(self._shares, n, replacement=True, generator=rng)

    def _arrays(self) -> dict[str, Floats]:
        return self._encoding.arrays() | {"shares": self._shares.numpy()}

    def _kept_network(self) -> nn.Module:
        return self._network

    def _rebuild(self, plan: Plan, arrays: Mapping[str, Floats]) -> nn.Module:
        self._encoding = QuantileEncoding.from_arrays(
            plan, arrays, conditional=self.settings.conditional
        )
        self._shares = torch.from_numpy(arrays["shares"])
        self._network = self._fresh()
        return self._network

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> TabDdpmSettings:
        return TabDdpmSettings(**{**kept, "hidden": tuple(kept["hidden"])})


class Denoiser(nn.Module):
    """Noisy rows, step and class to the noise of the scores and logits of the first categories."""

    def __init__(self, settings: TabDdpmSettings, encoding: QuantileEncoding) -> None:
        super().__init__()
        self._scores = len(encoding.marginals)
        width = self._scores + encoding.spans.total
        self.rows = nn.Linear(width, _TIME)
        self.classes = nn.Embedding(encoding.classes, _TIME)
        self.time = nn.Sequential(nn.Linear(_TIME, _TIME), nn.SiLU(), nn.Linear(_TIME, _TIME))
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in itertools.pairwise((_TIME, *settings.hidden))
        )
        self.last = nn.Linear(settings.hidden[-1], width)

    def forward(
        self, scores: Tensor, ones: Tensor, at: Tensor, classes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(…, numbers) and (…, total) from scores, one-hot rows, steps (…,) and classes (…,)."""
        told = self.time(_waves(at)) + nn.functional.silu(self.classes(classes))
        x = self.rows(torch.cat([scores, ones], dim=-1)) + told
        for layer in self.layers:
            x = layer(x).relu()
        x = self.last(x)
        return x[..., : self._scores], x[..., self._scores :]


class _Training:
    """One step on one batch; see `training.Steps`."""

    def __init__(
        self,
        settings: TabDdpmSettings,
        encoding: QuantileEncoding,
        scores: Tensor,
        codes: Tensor,
        classes: Tensor,
        network: Denoiser,
        rng: torch.Generator,
        protection: Protection | None,
    ) -> None:
        self._settings = settings
        self._diffusion = Diffusion(settings.diffusion, encoding.spans)
        self._spans = encoding.spans
        self._scores, self._classes = scores, classes
        self._ones = encoding.spans.matrix(codes)
        self._batch = min(settings.batch, len(scores))
        self._network = network
        self.kept = copy.deepcopy(network) if settings.average else network
        self.networks: Mapping[str, nn.Module] = {"network": network, "kept": self.kept}
        self._protection = protection
        adam: Any = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=0.0, fused=True
        )
        if protection is not None:
            self._descent = PrivateDescent({"network": network}, adam, protection, rng)
            adam = self._descent.optimizer
        self.optimizers: Mapping[str, Optimizer] = {"adam": adam}
        self.rng = rng

    def step(self, number: int, *, figures: bool) -> dict[str, float]:
        """One step towards guessing what was there before the noise."""
        settings, adam = self._settings, self.optimizers["adam"]
        left = 1.0 - number / settings.iterations
        adam.param_groups[0]["lr"] = settings.learning_rate * left
        told: dict[str, float] = {}
        if self._protection is not None:
            self._private_step(self._protection)
        else:
            chosen = torch.randint(len(self._scores), (self._batch,), generator=self.rng)
            loss = self._losses(chosen).mean()
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            told = {"loss": float(loss.detach())} if figures else {}
        if settings.average:
            blend(self.kept, self._network, min(settings.average, (1 + number) / (10 + number)))
        return told

    def _private_step(self, protection: Protection) -> None:
        """The same by whole people, every row under several noises; its losses are nobody's."""
        looks = self._settings.looks
        chosen, weights = protection.people.draw(protection.spent.sampling_rate, self.rng)
        chosen, weights = chosen.repeat(1, looks), weights.repeat(1, looks) / looks
        self._descent.step(len(chosen), lambda: (weights * self._losses(chosen)).sum(dim=1))

    def _losses(self, chosen: Tensor) -> Tensor:
        """How far off the guesses are, for every row, of the shape of `chosen`."""
        flat = chosen.flatten()
        at = torch.randint(self._diffusion.steps, flat.shape, generator=self.rng)
        scores, ones = self._scores[flat], self._ones[flat]
        noise = torch.randn(scores.shape, generator=self.rng)
        noisy = self._diffusion.noisy_scores(scores, noise, at)
        now = self._spans.matrix(self._diffusion.noisy_codes(ones, at, self.rng))
        inputs = (noisy, now, at, self._classes[flat])
        shaped = (each.view(*chosen.shape, *each.shape[1:]) for each in inputs)
        guess, logits = (each.view(len(flat), -1) for each in self._network(*shaped))
        losses = torch.zeros(len(flat))
        if scores.shape[1]:
            losses = (guess - noise).square().mean(dim=1)
        if self._spans.total:
            losses = losses + self._diffusion.category_losses(ones, now, at, logits)
        return losses.view(chosen.shape)


def _waves(at: Tensor) -> Tensor:
    """Steps (…,) as cosines and sines of falling frequency, (…, _TIME)."""
    half = _TIME // 2
    frequency = torch.exp(-math.log(10_000.0) * torch.arange(half) / half)
    angle = at[..., None].float() * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=-1)
