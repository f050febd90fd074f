"""The training of a whole pyramid, scale after scale, and its way back after an interruption."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ml.artifacts import Artifact, pack, require, unpack
from ml.generators.augmentation import AdaptiveProbability
from ml.generators.singan_networks import ScaleCritic, ScaleGenerator, resized
from ml.generators.singan_pyramid import (
    Corpus,
    Pyramid,
    Scale,
    fixed_of_cohort,
    latents_of_cohort,
    scale_lengths,
    scale_widths,
)
from ml.generators.singan_scale import ScaleGroup, ScaleTraining, detail_of, stream
from ml.generators.singan_settings import SinGanSettings
from ml.generators.tensors import from_bytes, part, prefixed, to_bytes
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

KIND = "singan-training"
VERSION = 1
_POOL_BATCHES = 128
_STATE = "state.safetensors"
_FIXED, _POOL, _NETWORKS = 1 << 20, 2 << 20, 3 << 20


class PyramidTraining:
    """A pyramid on its way.

    Everything random is drawn from `seed`, the scale and the iteration, so that a training that
    goes on from a checkpoint draws what an uninterrupted one would have drawn.

    Attributes:
        pyramid: the scales that are finished.
        corpus: what it learns from.
    """

    def __init__(self, settings: SinGanSettings, corpus: Corpus, seed: int) -> None:
        self._settings = settings
        self._seed = seed
        self.corpus = corpus
        lengths = scale_lengths(corpus.longest, settings.coarsest, settings.ratio)
        self.pyramid = Pyramid(settings, lengths)
        self._widths = scale_widths(settings, len(lengths))
        self._critic: ScaleCritic | None = None

    def run(self, progress: ProgressSink, checkpoints: Checkpoints) -> Pyramid:
        """Train what is not trained yet, from the last checkpoint on."""
        settings, scales = self._settings, len(self.pyramid.lengths)
        training = self._resumed(checkpoints.load())
        while len(self.pyramid.scales) < scales:
            scale = len(self.pyramid.scales)
            training = training or self._scale(scale)
            while training.iteration < settings.iterations:
                figures = training.iterate()
                if self._is_due(training.iteration):
                    checkpoints.save(self._state(training))
                progress(
                    Progress(
                        f"scale {scale + 1} of {scales}",
                        scale * settings.iterations + training.iteration,
                        scales * settings.iterations,
                        tuple(figures.items()),
                    )
                )
            self._finish(training)
            training = None
        return self.pyramid

    def _is_due(self, iteration: int) -> bool:
        settings = self._settings
        return iteration % settings.checkpoint_every == 0 or iteration == settings.iterations

    def fixed_noise(self, group: int) -> Tensor:
        """z* of a group of runs at the coarsest scale, (n, 1, L)."""
        real = self.corpus.groups[group]
        length = self.pyramid.length_at(0, real.shape[-1])
        if self._settings.mode == "cohort":
            return fixed_of_cohort(resized(real, length), self._settings.latents)
        rng = stream(self._seed, _FIXED, group)
        return torch.randn(len(real), 1, length, generator=rng)

    def told(self, group: int) -> Tensor:
        """What is told of each run of a group, (n, latents, 1)."""
        return latents_of_cohort(self.corpus.groups[group], self._settings.latents)

    def _scale(self, scale: int) -> ScaleTraining:
        """The training of a scale before its first iteration."""
        groups = [self._group(scale, index) for index in range(len(self.corpus.groups))]
        noise = 1.0 if scale == 0 else self._settings.noise * detail_of(groups)
        return ScaleTraining(
            self._settings, groups, noise, self._networks(scale), self._seed, scale
        )

    def _group(self, scale: int, index: int) -> ScaleGroup:
        full = self.corpus.groups[index]
        steps = full.shape[-1]
        length = self.pyramid.length_at(scale, steps)
        fixed = self.fixed_noise(index)
        aside = [runs for runs in self.corpus.held_out if runs.shape[-1] <= steps]
        held_out = aside[0] if aside else torch.zeros(0, 1, steps)
        told = self.told(index)
        rng = stream(self._seed, _POOL, scale, index)
        pool_size = _POOL_BATCHES * self._settings.batch
        pool_of = torch.randint(len(full), (pool_size,), generator=rng)
        pool_told = told[pool_of]
        rebuilt, pool = torch.zeros(len(full), 1, length), torch.zeros(len(pool_told), 1, length)
        if scale > 0:
            rebuilt = resized(self.pyramid.rebuild(fixed, told, steps), length)
            pool = resized(self.pyramid.draw_of(pool_told, steps, rng), length)
            fixed = torch.zeros(len(full), 1, length)
        return ScaleGroup(
            days=self.pyramid.days_of(steps),
            real=resized(full, length),
            rebuilt=rebuilt,
            fixed=fixed,
            told=told,
            pool=pool,
            pool_told=pool_told,
            pool_of=pool_of,
            held_out=self._at(held_out, scale) if len(held_out) else held_out,
            held_out_days=self.pyramid.days_of(held_out.shape[-1]),
        )

    def _at(self, runs: Tensor, scale: int) -> Tensor:
        return resized(runs, self.pyramid.length_at(scale, runs.shape[-1]))

    def _networks(self, scale: int) -> tuple[ScaleGenerator, ScaleCritic]:
        """Fresh networks, or heirs of the previous scale's weights where the width is the same."""
        width = self._widths[scale]
        seed = stream(self._seed, _NETWORKS, scale).initial_seed()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            generator = ScaleGenerator(self._settings, width)
            critic = ScaleCritic(self._settings, width)
        if scale > 0 and self._widths[scale - 1] == width and self._critic is not None:
            generator.load_state_dict(self.pyramid.scales[-1].generator.state_dict())
            critic.load_state_dict(self._critic.state_dict())
        return generator, critic

    def _finish(self, training: ScaleTraining) -> None:
        """Keep the scale's generator, and measure how well it reconstructs."""
        scale = len(self.pyramid.scales)
        ada = (training.ada.p, training.ada.highest, training.ada.heuristic)
        generator = training.average.eval().requires_grad_(False)
        width, length = self._widths[scale], self.pyramid.lengths[scale]
        self.pyramid.scales.append(Scale(length, width, training.noise, 0.0, generator, ada))
        rmse = self._reconstruction_rmse()
        self.pyramid.scales[-1] = Scale(length, width, training.noise, rmse, generator, ada)
        self._critic = training.critic

    def _reconstruction_rmse(self) -> float:
        scale = len(self.pyramid.scales) - 1
        squares, count = 0.0, 0
        for index, full in enumerate(self.corpus.groups):
            steps = full.shape[-1]
            rebuilt = self.pyramid.rebuild(self.fixed_noise(index), self.told(index), steps)
            real = resized(full, self.pyramid.length_at(scale, steps))
            squares += float((rebuilt - real).square().sum())
            count += real.numel()
        return float(np.sqrt(squares / count))

    def _identity(self) -> dict[str, object]:
        return {
            "settings": self._settings.as_json(),
            "seed": str(self._seed),
            "data": self.corpus.digest,
        }

    def _state(self, training: ScaleTraining) -> bytes:
        tensors: dict[str, Tensor] = {}
        for k, scale in enumerate(self.pyramid.scales):
            tensors |= prefixed(f"finished.{k}", scale.generator.state_dict())
        for name, network in (
            ("generator", training.generator),
            ("average", training.average),
            ("critic", training.critic),
        ):
            tensors |= prefixed(name, network.state_dict())
        for name, adam in zip(("generator_adam", "critic_adam"), training.adams, strict=True):
            for index, moments in adam.state_dict()["state"].items():
                tensors |= prefixed(f"{name}.{index}", moments)
        card = {
            "identity": self._identity(),
            "iteration": training.iteration,
            "noise": training.noise,
            "ada": vars(training.ada),
            "scales": [scale_card(scale) for scale in self.pyramid.scales],
        }
        return pack(Artifact(KIND, VERSION, card, {_STATE: to_bytes(tensors)}))

    def _resumed(self, state: bytes | None) -> ScaleTraining | None:
        """The scale that `state` was saved in; None without one, or with one of another training:
        other data, other settings or another seed end in another generator."""
        if state is None:
            return None
        artifact = unpack(state)
        require(artifact, KIND, VERSION)
        card = artifact.card
        if card["identity"] != self._identity():
            return None
        tensors = from_bytes(artifact.files[_STATE])
        for k, kept in enumerate(card["scales"]):
            self.pyramid.scales.append(
                scale_from(self._settings, kept, part(tensors, f"finished.{k}"))
            )
        training = self._scale(len(self.pyramid.scales))
        training.iteration, training.noise = int(card["iteration"]), float(card["noise"])
        training.ada = AdaptiveProbability(**card["ada"])
        training.generator.load_state_dict(part(tensors, "generator"))
        training.average.load_state_dict(part(tensors, "average"))
        training.critic.load_state_dict(part(tensors, "critic"))
        for name, adam in zip(("generator_adam", "critic_adam"), training.adams, strict=True):
            _load_moments(adam, part(tensors, name))
        return training


def scale_card(scale: Scale) -> dict[str, object]:
    """What a card says about a scale."""
    p, highest, heuristic = scale.ada
    return {
        "length": scale.length,
        "width": scale.width,
        "noise": scale.noise,
        "rmse": scale.rmse,
        "ada": {"p": p, "highest": highest, "heuristic": heuristic},
    }


def scale_from(
    settings: SinGanSettings, card: Mapping[str, object], weights: Mapping[str, Tensor]
) -> Scale:
    """The scale that `scale_card` and its generator's weights describe."""
    generator = ScaleGenerator(settings, int(card["width"]))
    generator.load_state_dict(dict(weights))
    generator.eval().requires_grad_(False)
    ada = card["ada"]
    return Scale(
        int(card["length"]),
        int(card["width"]),
        float(card["noise"]),
        float(card["rmse"]),
        generator,
        (float(ada["p"]), float(ada["highest"]), float(ada["heuristic"])),
    )


def _load_moments(adam: torch.optim.Adam, tensors: Mapping[str, Tensor]) -> None:
    indices = sorted({int(name.partition(".")[0]) for name in tensors})
    adam.load_state_dict(
        {
            "state": {index: part(tensors, str(index)) for index in indices},
            "param_groups": adam.state_dict()["param_groups"],
        }
    )
