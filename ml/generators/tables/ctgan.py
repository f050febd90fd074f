"""CTGAN: a conditional generator for tables, trained against a packed Wasserstein critic.

After Xu et al. 2019 (Modeling Tabular Data using Conditional GAN): mode-specific normalisation,
training by sampling, a cross-entropy that holds the generator to the category it was asked for,
PacGAN, and WGAN with gradient penalty. Not the paper's, unless the setting is ``paper``: numbers
are moved to the training marginals at the end, the weights that are kept are a moving average,
small tables are taken in smaller batches, and the learning rate is higher.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.generators.tables.conditions import Conditions, RowsByCategory
from ml.generators.tables.ctgan_networks import ConditionalGenerator, PackedCritic
from ml.generators.tables.learnt import LearntTables
from ml.generators.tables.mode_encoding import ModeEncoding
from ml.generators.tables.plan import Plan
from ml.generators.tables.sampling import Codes, Floats, Where
from ml.generators.tables.training import blend
from ml.records.tables.table import Table
from ml.training.seeds import seeded_initialisation, torch_generator


@dataclass(frozen=True)
class CtganSettings:
    """One named way to train; see `learnt.Settings` for the first ones.

    Attributes:
        epochs: of as many steps as batches fit into the rows.
        batch: rows of a step.
        least_batches: of an epoch, so that few rows are taken in smaller batches.
        noise: dimensions of the noise.
        hidden, critic_hidden: widths of the layers.
        pack: rows that the critic judges together; `batch` is a multiple of it.
        dropout: of the critic.
        penalty: weight of the gradient penalty.
        temperature: of the softened one-hot spans.
        learning_rate, betas, decay: of both Adams; weights decay by `decay`.
        average: of the generator's weights over steps; 0 keeps the last.
    """

    name: str
    epochs: int = 300
    batch: int = 500
    least_batches: int = 8
    least_rows: int = 50
    match_marginals: bool = True
    noise: int = 128
    hidden: tuple[int, ...] = (256, 256)
    critic_hidden: tuple[int, ...] = (256, 256)
    pack: int = 10
    dropout: float = 0.5
    penalty: float = 10.0
    temperature: float = 0.2
    learning_rate: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.9)
    decay: float = 1e-6
    average: float = 0.99

    def steps(self, rows: int) -> int:
        """Of the training on a table of so many rows."""
        return self.epochs * max(1, rows // self.rows_of_a_step(rows))

    def rows_of_a_step(self, rows: int) -> int:
        """Of a table of so many rows; whole packs."""
        packs = min(self.batch, rows // self.least_batches) // self.pack
        return max(1, packs) * self.pack


DEFAULT = CtganSettings("default")
PAPER = replace(
    DEFAULT,
    name="paper",
    least_batches=1,
    match_marginals=False,
    learning_rate=2e-4,
    average=0.0,
)
"""The published CTGAN."""
TINY = replace(
    DEFAULT,
    name="tiny",
    epochs=150,
    batch=100,
    least_batches=1,
    hidden=(64,),
    critic_hidden=(64,),
    pack=5,
    noise=32,
    learning_rate=2e-3,
)
SETTINGS = {settings.name: settings for settings in (DEFAULT, PAPER, TINY)}


class Ctgan(LearntTables):
    """Synthetic rows by CTGAN; every discrete column can be asked for directly."""

    kind = "ctgan"

    def __init__(self, settings: CtganSettings | str = "default") -> None:
        self.settings: CtganSettings = SETTINGS[settings] if isinstance(settings, str) else settings
        super().__init__(self.settings)
        self._encoding: ModeEncoding
        self._conditions: Conditions
        self._network: ConditionalGenerator

    def _begin(self, data: Table, seed: int) -> "_Training":
        rng = np.random.default_rng(seed)
        self._encoding = ModeEncoding.learn(data)
        rows, codes = self._encoding.encode(data, rng)
        pool = RowsByCategory(self._encoding.categories, codes)
        self._conditions = Conditions(self._encoding.categories, pool.counts)
        with seeded_initialisation(rng):
            generator = self._fresh()
            critic = PackedCritic(
                self._encoding.width + self._conditions.width,
                self.settings.critic_hidden,
                self.settings.pack,
                self.settings.dropout,
            )
        training = _Training(
            self.settings,
            self._encoding,
            self._conditions,
            pool,
            rows,
            generator,
            critic,
            torch_generator(rng),
        )
        self._network = training.kept
        return training

    def _fresh(self) -> ConditionalGenerator:
        return ConditionalGenerator(
            self.settings.noise,
            self._conditions.width,
            self.settings.hidden,
            self._encoding.offsets,
            self._encoding.spans,
        )

    def _draw(self, n: int, where: Where, rng: torch.Generator) -> tuple[Codes, Floats]:
        inputs = torch.randn(n, self.settings.noise, generator=rng)
        if self._conditions.width:
            positions = self._asked(where)
            if positions:
                chosen = torch.randint(len(positions), (n,), generator=rng)
                drawn = torch.tensor(positions, dtype=torch.long)[chosen]
            else:
                drawn = self._conditions.draw_as_seen(n, rng)
            inputs = torch.cat([inputs, self._conditions.matrix(drawn)], dim=1)
        offsets, logits = self._network(inputs)
        return self._encoding.decode(offsets, self._encoding.spans.draw(logits, rng))

    def _asked(self, where: Where) -> list[int]:
        """Positions of the categories asked for; a row is asked for one of them."""
        positions = []
        for name, category in where.items():
            place = self._encoding.plan.position(name)
            level = self._encoding.plan.level(name, category)
            if place is not None and level is not None:
                span = self._encoding.span_of(place)
                positions.append(self._encoding.spans.starts[span] + level)
        return positions

    def _arrays(self) -> dict[str, Floats]:
        counts = self._conditions.counts.double().numpy()
        return self._encoding.arrays() | {"counts": counts}

    def _kept_network(self) -> nn.Module:
        return self._network

    def _rebuild(self, plan: Plan, arrays: Mapping[str, Floats]) -> nn.Module:
        self._encoding = ModeEncoding.from_arrays(plan, arrays)
        counts = torch.from_numpy(arrays["counts"]).long()
        self._conditions = Conditions(self._encoding.categories, counts)
        self._network = self._fresh()
        return self._network

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> CtganSettings:
        lists = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
        return CtganSettings(**{**kept, **lists})


class _Training:
    """Critic step, generator step; see `training.Steps`."""

    def __init__(
        self,
        settings: CtganSettings,
        encoding: ModeEncoding,
        conditions: Conditions,
        pool: RowsByCategory,
        rows: Tensor,
        generator: ConditionalGenerator,
        critic: PackedCritic,
        rng: torch.Generator,
    ) -> None:
        self._settings = settings
        self._encoding, self._conditions, self._pool, self._rows = encoding, conditions, pool, rows
        self._batch = settings.rows_of_a_step(len(rows))
        self._generator, self._critic = generator, critic
        self.kept = copy.deepcopy(generator) if settings.average else generator
        self.networks: Mapping[str, nn.Module] = {
            "generator": generator,
            "critic": critic,
            "kept": self.kept,
        }
        self.optimizers: Mapping[str, Optimizer] = {
            "generator_adam": _adam(generator, settings),
            "critic_adam": _adam(critic, settings),
        }
        self.rng = rng

    def step(self, number: int, *, figures: bool) -> dict[str, float]:
        """One critic step and one generator step."""
        critic_loss = self._critic_step()
        generator_loss = self._generator_step()
        if self._settings.average:
            decay = min(self._settings.average, (1 + number) / (10 + number))
            blend(self.kept, self._generator, decay)
        if not figures:
            return {}
        return {"critic": float(critic_loss), "generator": float(generator_loss)}

    def _critic_step(self) -> Tensor:
        positions, condition = self._asked()
        with torch.no_grad():
            offsets, logits = self._generator(self._inputs(condition))
            fake = self._generator.soften(offsets, logits, self._settings.temperature, self.rng)
        real = torch.cat([self._rows[self._chosen(positions)], condition], dim=1)
        fake = torch.cat([fake, condition], dim=1)
        scores = self._critic(torch.cat([real, fake]), self.rng)
        half = len(scores) // 2
        loss = scores[half:].mean() - scores[:half].mean()
        loss = loss + self._settings.penalty * self._critic.penalty(real, fake, self.rng)
        _descend(loss, self.optimizers["critic_adam"])
        return loss.detach()

    def _generator_step(self) -> Tensor:
        _, condition = self._asked()
        offsets, logits = self._generator(self._inputs(condition))
        fake = self._generator.soften(offsets, logits, self._settings.temperature, self.rng)
        self._critic.requires_grad_(False)
        loss = -self._critic(torch.cat([fake, condition], dim=1), self.rng).mean()
        if self._conditions.width:
            logs = self._encoding.categories.log_softmax(logits[:, : self._conditions.width])
            loss = loss - (condition * logs).sum() / len(fake)
        _descend(loss, self.optimizers["generator_adam"])
        self._critic.requires_grad_(True)
        return loss.detach()

    def _asked(self) -> tuple[Tensor | None, Tensor]:
        """What every row of a batch is asked for, as positions and as a matrix."""
        if not self._conditions.width:
            return None, torch.zeros(self._batch, 0)
        positions = self._conditions.draw(self._batch, self.rng)
        return positions, self._conditions.matrix(positions)

    def _chosen(self, positions: Tensor | None) -> Tensor:
        if positions is None:
            return torch.randint(len(self._rows), (self._batch,), generator=self.rng)
        return self._pool.draw(positions, self.rng)

    def _inputs(self, condition: Tensor) -> Tensor:
        noise = torch.randn(self._batch, self._settings.noise, generator=self.rng)
        return torch.cat([noise, condition], dim=1)


def _adam(network: nn.Module, settings: CtganSettings) -> torch.optim.Adam:
    return torch.optim.Adam(
        network.parameters(),
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.decay,
        fused=True,
    )


def _descend(loss: Tensor, optimizer: Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
