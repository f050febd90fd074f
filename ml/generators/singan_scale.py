"""The training of one scale: its networks, its optimisers, one iteration after another."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ml.generators.augmentation import AdaptiveProbability, augmented
from ml.generators.singan_losses import (
    critic_loss,
    generator_loss,
    r1_penalty,
    r_t,
    r_v,
    wgan_penalty,
)
from ml.generators.singan_networks import ScaleCritic, ScaleGenerator, clock, described
from ml.generators.singan_settings import SinGanSettings


def stream(seed: int, *path: int) -> torch.Generator:
    """Random numbers of one place in a training, whatever was drawn before."""
    state = np.random.SeedSequence([seed, *path]).generate_state(2, np.uint64)
    rng = torch.Generator()
    rng.manual_seed(int(state[0] >> np.uint64(1)))
    return rng


@dataclass(frozen=True, eq=False)
class ScaleGroup:
    """Runs of one length, as one scale learns them; arrays are (n, 1, L).

    Attributes:
        days: that each run spans.
        real: the runs.
        rebuilt: what coarser scales reconstruct of them; zeros at the coarsest.
        fixed: noise of the reconstruction: z* at the coarsest, zeros above.
        told: what is told of each run, (n, latents, 1).
        pool: what coarser scales draw, (m, 1, L); zeros at the coarsest.
        pool_told: what is told of each draw, (m, latents, 1).
        pool_of: the run of which it is told, (m,).
        held_out: runs kept aside, (h, 1, L'); may have no rows.
        held_out_days: that each of these spans.
    """

    days: float
    real: Tensor
    rebuilt: Tensor
    fixed: Tensor
    told: Tensor
    pool: Tensor
    pool_told: Tensor
    pool_of: Tensor
    held_out: Tensor
    held_out_days: float


class ScaleTraining:
    """One scale on its way; everything that an iteration needs and changes.

    Attributes:
        iteration: done so far.
        noise: amplitude of this scale.
        generator, critic: being trained; `average` is what is kept.
        ada: the augmentation's probability.
    """

    def __init__(
        self,
        settings: SinGanSettings,
        groups: list[ScaleGroup],
        noise: float,
        networks: tuple[ScaleGenerator, ScaleCritic],
        seed: int,
        scale: int,
    ) -> None:
        self._settings = settings
        self._groups = groups
        self._place = (seed, scale)
        self._detail = detail_of(groups)
        self._beyond = 2 * settings.reach if settings.open_ends and scale > 0 else 0
        self._described = [described(group.real) for group in groups]
        self.iteration = 0
        self.noise = noise
        self.generator, self.critic = networks
        self.critic.pace = max(
            1e-4, float(torch.cat([g.real.diff().ravel() for g in groups]).std())
        )
        self.average = copy.deepcopy(self.generator)
        self.ada = AdaptiveProbability()
        betas = (settings.beta1, 0.999)
        self.adams = tuple(
            torch.optim.Adam(network.parameters(), lr=settings.learning_rate, betas=betas)
            for network in networks
        )
        self._clocks = [
            (
                clock(group.real.shape[-1], group.days, settings.reach),
                clock(group.real.shape[-1], group.days),
            )
            for group in groups
        ]
        points = torch.tensor([float(group.real.numel()) for group in groups])
        self._shares = points / points.sum()

    def iterate(self) -> dict[str, float]:
        """One iteration: critic steps, generator steps; the last losses."""
        settings = self._settings
        self._set_rate()
        rng = stream(*self._place, self.iteration)
        which = int(torch.multinomial(self._shares, 1, generator=rng))
        critic_steps, generator_steps = settings.steps
        critic = generator = rebuilt = 0.0
        for step in range(critic_steps):
            critic = self._critic_step(which, self.iteration * critic_steps + step, rng)
        for _ in range(generator_steps):
            generator, rebuilt = self._generator_step(which, rng)
        self.iteration += 1
        return {"critic": critic, "generator": generator, "rebuilt": rebuilt, "p": self.ada.p}

    def _set_rate(self) -> None:
        settings = self._settings
        late = self.iteration >= settings.decay_at * settings.iterations
        for adam in self.adams:
            for parameters in adam.param_groups:
                parameters["lr"] = settings.learning_rate * (0.1 if late else 1.0)

    def _critic_step(self, which: int, count: int, rng: torch.Generator) -> float:
        settings, group = self._settings, self._groups[which]
        hours = self._clocks[which][1]

        def critic(x: Tensor) -> Tensor:
            return self.critic(x, hours)

        real = self._seen(_some(group.real, settings.batch, rng), group, rng)
        with torch.no_grad():
            fake, _ = self._fake(which, rng)
        fake = self._seen(fake, group, rng)
        real_score, fake_score = critic(real), critic(fake)
        loss = critic_loss(settings.loss, real_score, fake_score)
        total = loss
        if settings.loss == "wgan-gp":
            total = loss + settings.penalty * wgan_penalty(critic, real, fake, rng)
        elif count % settings.penalty_every == 0:
            weight = settings.penalty * settings.penalty_every * self._detail**2
            total = loss + weight * r1_penalty(critic, real)
        self._step(1, total)
        if settings.ada:
            self._adapt(which, real, fake, real_score.detach(), rng)
        return float(loss.detach())

    def _adapt(
        self, which: int, real: Tensor, fake: Tensor, real_score: Tensor, rng: torch.Generator
    ) -> None:
        settings, group = self._settings, self._groups[which]
        if settings.loss == "logistic":
            heuristic = r_t(real_score)
        elif len(group.held_out):
            heuristic = self._held_out_heuristic(group, real, fake, rng)
        else:
            return
        self.ada.observe(
            heuristic,
            batch=settings.batch,
            target=settings.ada_target,
            kimg=settings.ada_kimg,
            most=settings.ada_most,
        )

    def _held_out_heuristic(
        self, group: ScaleGroup, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> float:
        """r_v on stretches of learnt and synthetic days as long as the held-out ones."""
        days, length = group.held_out_days, group.held_out.shape[-1]
        first = int(torch.randint(int(group.days - days) + 1, (1,), generator=rng))
        start = min(round(first * real.shape[-1] / group.days), real.shape[-1] - length)
        aside = _some(group.held_out, self._settings.batch, rng)
        aside = augmented(aside, self.ada.p, days=days, rng=rng)
        hours = clock(length, days)
        with torch.no_grad():
            scores = [
                self.critic(x, hours)
                for x in (
                    real[..., start : start + length],
                    aside,
                    fake[..., start : start + length],
                )
            ]
        return r_v(*scores)

    def _generator_step(self, which: int, rng: torch.Generator) -> tuple[float, float]:
        settings, group = self._settings, self._groups[which]
        wide, hours = self._clocks[which]
        fake, described_as = self._fake(which, rng)
        loss = generator_loss(settings.loss, self.critic(self._seen(fake, group, rng), hours))
        some = torch.randint(len(group.real), (settings.batch,), generator=rng)
        rebuilt = self.generator(group.fixed[some], group.rebuilt[some], group.told[some], wide)
        distance = (rebuilt - group.real[some]).square().mean()
        total = loss + settings.reconstruction * distance
        if settings.telling:
            missed = (described(fake) - described_as) / self._described[which].std(dim=0)
            total = total + settings.telling * missed.square().mean()
        self._step(0, total)
        self._take_average()
        return float(loss.detach()), float(distance.detach())

    def _fake(self, which: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch as the generator makes it now, and how it was told to be."""
        group = self._groups[which]
        some = torch.randint(len(group.pool), (self._settings.batch,), generator=rng)
        below = group.pool[some]
        length = below.shape[-1] + self._beyond
        noise = self.noise * torch.randn(len(below), 1, length, generator=rng)
        fake = self.generator(noise, below, group.pool_told[some], self._clocks[which][0])
        return fake, self._described[which][group.pool_of[some]]

    def _seen(self, x: Tensor, group: ScaleGroup, rng: torch.Generator) -> Tensor:
        return augmented(x, self.ada.p, days=group.days, rng=rng) if self._settings.ada else x

    def _step(self, which: int, loss: Tensor) -> None:
        self.adams[which].zero_grad(set_to_none=True)
        loss.backward()
        self.adams[which].step()

    def _take_average(self) -> None:
        keep = min(self._settings.average, (1 + self.iteration) / (10 + self.iteration))
        keep = keep if self._settings.average else 0.0
        with torch.no_grad():
            for kept, new in zip(
                self.average.parameters(), self.generator.parameters(), strict=True
            ):
                kept.lerp_(new, 1 - keep)
            for kept, new in zip(self.average.buffers(), self.generator.buffers(), strict=True):
                kept.copy_(new)


def detail_of(groups: list[ScaleGroup]) -> float:
    """RMSE of what coarser scales reconstruct: how much this scale has to add.

    At the coarsest it is the root mean square of the data.
    """
    squares = sum(float((group.rebuilt - group.real).square().sum()) for group in groups)
    return float(np.sqrt(squares / sum(group.real.numel() for group in groups)))


def _some(x: Tensor, n: int, rng: torch.Generator) -> Tensor:
    return x[torch.randint(len(x), (n,), generator=rng)]
