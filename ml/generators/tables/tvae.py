"""TVAE: a variational autoencoder for tables.

After Xu et al. 2019 (Modeling Tabular Data using Conditional GAN, appendix): the rows of CTGAN,
a normal likelihood with a learnt deviation for offsets, a categorical one for spans. Not the
paper's, unless the setting is ``paper``: encoder and decoder are told the target's class, so that
it can be asked for, numbers are moved to the training marginals at the end, and small tables are
taken in smaller batches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.generators.tables.learnt import LearntTables
from ml.generators.tables.mode_encoding import ModeEncoding
from ml.generators.tables.plan import Plan
from ml.generators.tables.private import Privacy
from ml.generators.tables.private_encoding import public_modes, public_plan
from ml.generators.tables.private_steps import PrivateDescent, Protection
from ml.generators.tables.sampling import Codes, Floats, Where
from ml.records.tables.table import Table
from ml.training.seeds import seeded_initialisation, torch_generator

_LOG_VARIANCE = 8.0
_DEVIATIONS = (0.01, 1.0)


@dataclass(frozen=True)
class TvaeSettings:
    """One named way to train; see `learnt.Settings` for the first ones.

    Attributes:
        epochs: of as many steps as batches fit into the rows.
        batch: rows of a step.
        least_batches: of an epoch, so that few rows are taken in smaller batches.
        latent: dimensions of the latent.
        hidden: widths of the encoder's layers; the decoder's are the same, backwards.
        reconstruction: weight of the reconstruction loss.
        learning_rate, decay: of Adam; weights decay by `decay`.
        conditional: whether the target's class is told.
    """

    name: str
    epochs: int = 300
    batch: int = 500
    least_batches: int = 8
    least_rows: int = 50
    match_marginals: bool = True
    latent: int = 128
    hidden: tuple[int, ...] = (128, 128)
    reconstruction: float = 2.0
    learning_rate: float = 1e-3
    decay: float = 1e-5
    conditional: bool = True

    def steps(self, rows: int) -> int:
        """Of the training on a table of so many rows."""
        return self.epochs * max(1, rows // self.rows_of_a_step(rows))

    def rows_of_a_step(self, rows: int) -> int:
        """Of a table of so many rows."""
        return max(1, min(self.batch, rows // self.least_batches))


DEFAULT = TvaeSettings("default")
PAPER = replace(DEFAULT, name="paper", least_batches=1, match_marginals=False, conditional=False)
TINY = replace(
    DEFAULT,
    name="tiny",
    epochs=150,
    batch=100,
    least_batches=1,
    latent=16,
    hidden=(64,),
    learning_rate=3e-3,
)
PRIVATE = replace(
    TINY, name="private", epochs=75, batch=2000, least_batches=2, latent=4, learning_rate=2e-2
)
"""For private trainings: few weights to put noise on, large batches, few steps."""
SETTINGS = {settings.name: settings for settings in (DEFAULT, PAPER, TINY, PRIVATE)}


class Tvae(LearntTables):
    """Synthetic rows by TVAE; the target's classes can be asked for directly."""

    kind = "tvae"

    def __init__(
        self, settings: TvaeSettings | str = "default", *, private: Privacy | None = None
    ) -> None:
        self.settings: TvaeSettings = SETTINGS[settings] if isinstance(settings, str) else settings
        if private is not None:
            self.settings = replace(self.settings, match_marginals=False, conditional=False)
        super().__init__(self.settings, private)
        self._encoding: ModeEncoding
        self._shares: Tensor
        self._network: Decoder

    def _begin(self, data: Table, seed: int) -> "_Training":
        rng = np.random.default_rng(seed)
        if self._protection is None:
            self._encoding = ModeEncoding.learn(data)
        else:
            self._encoding = public_modes(public_plan(data.schema))
        rows, codes = self._encoding.encode(data, rng)
        self._shares = torch.zeros(0, dtype=torch.float64)
        classes = torch.zeros(len(rows), 0)
        place = self._target()
        if place is not None:
            drawn = torch.from_numpy(codes[:, self._encoding.span_of(place)])
            classes = nn.functional.one_hot(drawn).float()
            self._shares = classes.double().mean(dim=0)
        with seeded_initialisation(rng):
            encoder = Encoder(self.settings, self._encoding.width + classes.shape[1])
            self._network = self._fresh()
        return _Training(
            self.settings,
            self._encoding,
            rows,
            classes,
            encoder,
            self._network,
            torch_generator(rng),
            self._protection,
        )

    def _target(self) -> int | None:
        """The discrete column that is told, None when there is none."""
        plan = self._encoding.plan
        if plan.schema.target is None or not self.settings.conditional:
            return None
        return plan.position(plan.schema.target)

    def _fresh(self) -> "Decoder":
        return Decoder(self.settings, len(self._shares), self._encoding)

    def _draw(self, n: int, where: Where, rng: torch.Generator) -> tuple[Codes, Floats]:
        latent = torch.randn(n, self.settings.latent, generator=rng)
        told = self._told(n, where, rng)
        if told is not None:
            ones = nn.functional.one_hot(told, len(self._shares)).float()
            latent = torch.cat([latent, ones], dim=1)
        offsets, logits, deviations = self._network(latent)
        noise = torch.randn(offsets.shape, generator=rng)
        codes = self._encoding.spans.draw(logits, rng)
        if told is not None:
            place = self._target()
            assert place is not None
            codes[:, self._encoding.span_of(place)] = told
        return self._encoding.decode((offsets + deviations * noise).clamp(-1, 1), codes)

    def _told(self, n: int, where: Where, rng: torch.Generator) -> Tensor | None:
        """A class of the target for every row: the one asked for, or as often as it occurs."""
        if not len(self._shares):
            return None
        plan = self._encoding.plan
        target = plan.schema.target
        if target is not None and target in where:
            level = plan.level(target, where[target])
            if level is not None:
                return torch.full((n,), level)
        return torch.multinomial(self._shares, n, replacement=True, generator=rng)

    def _arrays(self) -> dict[str, Floats]:
        return self._encoding.arrays() | {"shares": self._shares.numpy()}

    def _kept_network(self) -> nn.Module:
        return self._network

    def _rebuild(self, plan: Plan, arrays: Mapping[str, Floats]) -> nn.Module:
        self._encoding = ModeEncoding.from_arrays(plan, arrays)
        self._shares = torch.from_numpy(arrays["shares"])
        self._network = self._fresh()
        return self._network

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> TvaeSettings:
        return TvaeSettings(**{**kept, "hidden": tuple(kept["hidden"])})


class Encoder(nn.Module):
    """Rows to mean and log variance of the latent; any leading dimensions."""

    def __init__(self, settings: TvaeSettings, width: int) -> None:
        super().__init__()
        self.layers = _layers(width, settings.hidden)
        self.last = nn.Linear(settings.hidden[-1], 2 * settings.latent)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(…, latent) each."""
        mean, log_variance = self.last(self.layers(rows)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-_LOG_VARIANCE, _LOG_VARIANCE)


class Decoder(nn.Module):
    """Latent and class to rows."""

    def __init__(self, settings: TvaeSettings, classes: int, encoding: ModeEncoding) -> None:
        super().__init__()
        self._offsets = encoding.offsets
        self.layers = _layers(settings.latent + classes, settings.hidden[::-1])
        self.last = nn.Linear(settings.hidden[0], encoding.width)
        self.deviations = nn.Parameter(torch.full((encoding.offsets,), 0.1))

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean offsets (…, offsets), logits of spans (…, total), deviations (offsets,)."""
        x = self.last(self.layers(latent))
        means = x[..., : self._offsets].tanh()
        return means, x[..., self._offsets :], self.deviations.clamp(*_DEVIATIONS)


class _Training:
    """One step on one batch; see `training.Steps`."""

    def __init__(
        self,
        settings: TvaeSettings,
        encoding: ModeEncoding,
        rows: Tensor,
        classes: Tensor,
        encoder: Encoder,
        decoder: Decoder,
        rng: torch.Generator,
        protection: Protection | None,
    ) -> None:
        self._settings = settings
        self._encoding, self._rows, self._classes = encoding, rows, classes
        self._encoder, self._decoder = encoder, decoder
        self._batch = settings.rows_of_a_step(len(rows))
        self.networks: Mapping[str, nn.Module] = {"encoder": encoder, "decoder": decoder}
        self._protection = protection
        decoder.deviations.requires_grad_(protection is None)
        parameters = [*encoder.parameters(), *decoder.parameters()]
        adam: Any = torch.optim.Adam(
            [each for each in parameters if each.requires_grad],
            lr=settings.learning_rate,
            weight_decay=settings.decay,
            fused=True,
        )
        if protection is not None:
            self._descent = PrivateDescent(self.networks, adam, protection, rng)
            adam = self._descent.optimizer
        self.optimizers: Mapping[str, Optimizer] = {"adam": adam}
        self.rng = rng

    def step(self, number: int, *, figures: bool) -> dict[str, float]:
        """One step down the evidence bound."""
        if self._protection is not None:
            return self._private_step(self._protection)
        chosen = torch.randint(len(self._rows), (self._batch,), generator=self.rng)
        loss = self._bounds(self._rows[chosen], self._classes[chosen]).mean()
        optimizer = self.optimizers["adam"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return {"bound": float(loss.detach())} if figures else {}

    def _private_step(self, protection: Protection) -> dict[str, float]:
        """The same by whole people; its losses are nobody's to see."""
        chosen, weights = protection.people.draw(protection.spent.sampling_rate, self.rng)
        rows, classes = self._rows[chosen], self._classes[chosen]
        self._descent.step(len(rows), lambda: (weights * self._bounds(rows, classes)).sum(dim=1))
        return {}

    def _bounds(self, rows: Tensor, classes: Tensor) -> Tensor:
        """How much every row, (…, width), falls short of the evidence, (…,)."""
        mean, log_variance = self._encoder(torch.cat([rows, classes], dim=-1))
        noise = torch.randn(mean.shape, generator=self.rng)
        latent = mean + noise * (0.5 * log_variance).exp()
        unlikely = self._unlikeliness(rows, torch.cat([latent, classes], dim=-1))
        away = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=-1)
        return self._settings.reconstruction * unlikely + away

    def _unlikeliness(self, rows: Tensor, latent: Tensor) -> Tensor:
        """Negative log-likelihood of the rows, (…,)."""
        offsets = self._encoding.offsets
        means, logits, deviations = self._decoder(latent)
        apart = ((rows[..., :offsets] - means) / deviations).square()
        logs = self._encoding.spans.log_softmax(logits.flatten(0, -2)).view(logits.shape)
        likely = (rows[..., offsets:] * logs).sum(dim=-1)
        return 0.5 * apart.sum(dim=-1) + deviations.log().sum() - likely


def _layers(width: int, hidden: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
    return nn.Sequential(*layers)
