"""SinGAN for glucose: a pyramid of generators from whole days to single readings, with ADA.

After Shaham et al. 2019, in one dimension: every scale adds detail to what coarser scales made, a
fixed noise z* at the coarsest scale and none above gives the training series back, and convolutions
are told the hour. After Karras et al. 2020, what critics see is augmented as far as they overfit.
The parts: `singan_settings`, `singan_networks`, `singan_losses`, `augmentation`, `singan_scale`
(one scale's training), `singan_training` (the whole), `singan_pyramid` (drawing).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.singan_pyramid import (
    Corpus,
    Pyramid,
    corpus_of,
    run_rows,
    scale_lengths,
    unscaled,
)
from ml.generators.singan_scale import stream
from ml.generators.singan_settings import SETTINGS, SinGanSettings
from ml.generators.singan_training import PyramidTraining, scale_card, scale_from
from ml.generators.tensors import from_bytes, part, prefixed, to_bytes
from ml.records.cgm.days import GlucoseDays
from ml.training.checkpoints import Checkpoints
from ml.training.progress import ProgressSink
from ml.training.seeds import torch_generator

_VERSION = 1
_WEIGHTS = "pyramid.safetensors"
_LEVELS = 513
_DRAWN_FOR_MAP = 8192
COHORT_TAIL = 0.001
"""Share of a cohort's readings at either end on which the quantile map says nothing."""
_MAP = 4 << 20
_FIRST_DAY = np.datetime64("2000-01-01", "D")


class SinGan:
    """Synthetic days of glucose, of one person or of a cohort.

    Attributes:
        settings: what it is trained under.
    """

    kind = "singan"

    def __init__(self, settings: SinGanSettings | str = "cohort") -> None:
        self.settings = SETTINGS[settings] if isinstance(settings, str) else settings
        self._pyramid: Pyramid | None = None
        self._map: Tensor | None = None
        self._card: dict[str, Any] = {}

    def fit(
        self,
        data: GlucoseDays,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Learn from whole days at `settings.step_minutes`; see `Generator.fit`."""
        corpus = corpus_of(data, self.settings, rng)
        seed = int(rng.integers(2**63 - 1))
        training = PyramidTraining(self.settings, corpus, seed)
        pyramid = training.run(progress, checkpoints)
        self._pyramid = pyramid
        self._map = _quantile_map(pyramid, corpus, seed) if self.settings.quantile_map else None
        self._card = _card(pyramid, corpus, seed)

    def sample(self, n: int, *, rng: np.random.Generator, mapped: bool = True) -> GlucoseDays:
        """`n` synthetic days.

        A cohort's are of a new person each; one person's come in runs of days that follow each
        other, as long as the longest that was learnt.

        Args:
            mapped: False draws what the networks made, before the quantile map: for experiments
                that ask what the networks learnt.
        """
        pyramid = self._fitted()
        steps = self._card["longest"]
        length = 1440 // self.settings.step_minutes
        run = steps // length
        count = -(-n // run)
        drawn = pyramid.draw(count, steps, torch_generator(rng)) if count else torch.zeros(0)
        x = self._mapped(drawn.numpy()) if mapped else drawn.numpy()
        mg_dl = unscaled(x).reshape(-1, length)[:n]
        which = np.arange(n)
        return GlucoseDays(
            self.settings.step_minutes,
            mg_dl,
            np.array([f"synthetic-{k // run + 1:06d}" for k in which], dtype="<U16"),
            _FIRST_DAY + (which % run).astype("timedelta64[D]"),
        )

    @property
    def card(self) -> Mapping[str, Any]:
        """What it was trained on and how: settings, seed, every scale's noise, error and p."""
        self._fitted()
        return self._card

    def reconstructed(self, data: GlucoseDays) -> GlucoseDays:
        """One person's days that were learnt, as z* and no noise above give them back."""
        if self.settings.mode != "personal":
            raise ValueError("a cohort's fixed noise is made from its days and is not kept")
        corpus = corpus_of(data, self.settings, np.random.default_rng(0))
        training = PyramidTraining(self.settings, corpus, int(self._card["seed"]))
        mg_dl = np.empty_like(data.mg_dl)
        for group, rows in enumerate(run_rows(data, self.settings)):
            z, told = training.fixed_noise(group), training.told(group)
            rebuilt = self._fitted().rebuild(z, told, corpus.groups[group].shape[-1])
            mg_dl[rows] = unscaled(rebuilt.numpy()).reshape(*rows.shape, -1)
        return GlucoseDays(data.step_minutes, mg_dl, data.person, data.day)

    def to_artifact(self) -> Artifact:
        """The scales' generators and the quantile map; no z*, no critic and no series.

        Of the data itself the map holds `_LEVELS` quantiles of all training readings together,
        which are levels that were read, without whose or when. A cohort's end at `COHORT_TAIL`,
        so that nobody's extreme is among them; one person's end at that person's extremes.
        """
        tensors: dict[str, Tensor] = {}
        for k, scale in enumerate(self._fitted().scales):
            tensors |= prefixed(f"scale.{k}", scale.generator.state_dict())
        if self._map is not None:
            tensors["quantile_map"] = self._map
        return Artifact(self.kind, _VERSION, self._card, {_WEIGHTS: to_bytes(tensors)})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "SinGan":
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        require(artifact, cls.kind, _VERSION)
        try:
            card = dict(artifact.card)
            made = cls(SinGanSettings.from_json(card["settings"]))
            tensors = from_bytes(artifact.files[_WEIGHTS])
            if not all(bool(torch.isfinite(weights).all()) for weights in tensors.values()):
                raise ValueError("a weight is not finite")
            scales = [
                scale_from(made.settings, kept, part(tensors, f"scale.{k}"))
                for k, kept in enumerate(card["scales"])
            ]
            lengths = _lengths(made.settings, card)
            if lengths != tuple(scale.length for scale in scales):
                raise ValueError("the scales are not those of the longest run")
            made._pyramid = Pyramid(made.settings, lengths, scales)
            made._map = (
                _checked_map(tensors["quantile_map"]) if made.settings.quantile_map else None
            )
        except BrokenArtifact:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as fault:
            raise BrokenArtifact(
                "the SinGAN's weights do not fit its card: train it again"
            ) from fault
        made._card = card
        return made

    def _fitted(self) -> Pyramid:
        if self._pyramid is None:
            raise ValueError("this SinGAN has learnt nothing yet: fit it, or load a fitted one")
        return self._pyramid

    def _mapped(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._map is None:
            return x
        made, real = self._map.numpy()
        within = np.clip(x, made[0], made[-1])
        return (np.interp(within, made, real) + x - within).astype(np.float32)


def _lengths(settings: SinGanSettings, card: Mapping[str, Any]) -> tuple[int, ...]:
    """Lengths of the scales that a card speaks of; ValueError where it speaks of no whole days."""
    longest = card["longest"]
    if not isinstance(longest, int) or longest <= 0 or longest * settings.step_minutes % 1440:
        raise ValueError("the longest run is not of whole days")
    int(card["seed"])
    return scale_lengths(longest, settings.coarsest, settings.ratio)


def _checked_map(kept: Tensor) -> Tensor:
    """A map of the right size that ascends; ValueError for another."""
    if kept.shape != (2, _LEVELS) or not torch.isfinite(kept).all() or (kept.diff() < 0).any():
        raise ValueError("the quantile map does not ascend")
    return kept


def _quantile_map(pyramid: Pyramid, corpus: Corpus, seed: int) -> Tensor:
    """Quantiles of what the pyramid draws and of what it learnt from, (2, _LEVELS), ascending.

    What is drawn beyond them is moved as far as they are.
    """
    steps = corpus.longest
    run = max(1, round(pyramid.days_of(steps)))
    drawn = pyramid.draw(-(-_DRAWN_FOR_MAP // run), steps, stream(seed, _MAP)).numpy()
    real = np.concatenate([group.numpy().ravel() for group in corpus.groups])
    tail = COHORT_TAIL if pyramid.settings.mode == "cohort" else 0.0
    levels = np.linspace(tail, 1 - tail, _LEVELS)
    made = np.quantile(drawn, levels) + np.arange(_LEVELS) * 1e-9
    return torch.from_numpy(np.stack([made, np.quantile(real, levels)]))


def _card(pyramid: Pyramid, corpus: Corpus, seed: int) -> dict[str, Any]:
    settings = pyramid.settings
    return {
        "settings": settings.as_json(),
        "seed": str(seed),
        "people": corpus.people,
        "days": corpus.days,
        "longest": corpus.longest,
        "iterations": settings.iterations * len(pyramid.scales),
        "scales": [scale_card(scale) for scale in pyramid.scales],
        "licence": "that of the data it was trained on",
        "release": (
            "never: it gives one person's days back"
            if settings.mode == "personal"
            else "only what passed the gate"
        ),
    }
