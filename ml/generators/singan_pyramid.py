"""The pyramid: what it learns from, its scales, and how series are drawn through them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import ndtri
from torch import Tensor

from ml.generators.generator import TooLittleData
from ml.generators.singan_networks import ScaleGenerator, clock, described, resized
from ml.generators.singan_settings import SinGanSettings
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays

_CHUNK_POINTS = 2**16
_SHRINKAGE = 0.02


def scaled(mg_dl: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Glucose as networks see it: its logarithm, -1 at `LOWEST` and 1 at `HIGHEST`."""
    share = np.log(np.clip(mg_dl, LOWEST, HIGHEST) / LOWEST) / np.log(HIGHEST / LOWEST)
    return (2 * share - 1).astype(np.float32)


def unscaled(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """mg/dL of scaled glucose, within `LOWEST` and `HIGHEST`."""
    share = (np.clip(x, -1, 1).astype(np.float64) + 1) / 2
    mg_dl = LOWEST * np.exp(share * np.log(HIGHEST / LOWEST))
    return np.clip(mg_dl, LOWEST, HIGHEST).astype(np.float32)


def scale_lengths(longest: int, coarsest: int, ratio: float) -> tuple[int, ...]:
    """Lengths from `coarsest` to `longest`, each at least `ratio` of the next as SinGAN has it.

    4,032 points from 32 at 0.75 make 18 scales.
    """
    if longest <= coarsest:
        return (longest,)
    steps = int(np.ceil(np.log(coarsest / longest) / np.log(ratio)))
    exact = (coarsest / longest) ** (1 / steps)
    return tuple(round(longest * exact**k) for k in range(steps, -1, -1))


def scale_widths(settings: SinGanSettings, scales: int) -> tuple[int, ...]:
    """Channels of every scale, coarsest first."""
    return tuple(
        min(settings.channels * 2 ** (k // settings.double_every), settings.most_channels)
        for k in range(scales)
    )


@dataclass(frozen=True, eq=False)
class Corpus:
    """What a pyramid learns from: runs of days, those of equal length stacked.

    Attributes:
        groups: scaled glucose, each (runs, 1, steps), the longest runs first.
        held_out: the same for the days kept aside for r_v; may be empty.
        people, days: how many are learnt from.
        digest: SHA-256 of all of it.
    """

    groups: tuple[Tensor, ...]
    held_out: tuple[Tensor, ...]
    people: int
    days: int
    digest: str

    @property
    def longest(self) -> int:
        return self.groups[0].shape[-1]


def corpus_of(data: GlucoseDays, settings: SinGanSettings, rng: np.random.Generator) -> Corpus:
    """`data` as the pyramid learns it.

    Raises:
        TooLittleData: there are fewer days or people than `settings` asks for.
        ValueError: the days have another step, or are of several people in personal mode.
    """
    _check(data, settings)
    kept = _capped(data, settings.most_days_a_person, rng)
    aside = _aside(kept, settings) if settings.ada and settings.loss == "wgan-gp" else []
    learnt = kept.take(np.setdiff1d(np.arange(len(kept)), aside))
    groups = _runs(learnt, settings)
    held_out = _runs(kept.take(np.array(aside, dtype=np.intp)), settings)
    seen = hashlib.sha256()
    for group in groups + held_out:
        seen.update(str(tuple(group.shape)).encode() + group.numpy().tobytes())
    return Corpus(groups, held_out, len(np.unique(learnt.person)), len(learnt), seen.hexdigest())


def _check(data: GlucoseDays, settings: SinGanSettings) -> None:
    people = len(np.unique(data.person))
    if data.step_minutes != settings.step_minutes:
        raise ValueError(
            f"the setting {settings.name!r} learns days at {settings.step_minutes} min, "
            f"these are at {data.step_minutes}"
        )
    if settings.mode == "personal" and people > 1:
        raise ValueError(f"a personal generator learns one person's days, these are of {people}")
    if len(data) < settings.least_days or people < settings.least_people:
        raise TooLittleData(
            f"there are {len(data)} whole days of {people} people; the setting "
            f"{settings.name!r} needs {settings.least_days} days of {settings.least_people}"
        )


def _capped(data: GlucoseDays, most: int, rng: np.random.Generator) -> GlucoseDays:
    if most <= 0:
        return data
    chosen = [
        np.sort(rng.permutation(np.flatnonzero(data.person == name))[:most])
        for name in np.unique(data.person)
    ]
    return data.take(np.concatenate(chosen))


def _aside(data: GlucoseDays, settings: SinGanSettings) -> list[int]:
    """Days to measure r_v on: the last people of a cohort, the last days of a person."""
    if settings.mode == "personal":
        count = max(1, round(settings.held_out * len(data)))
        return np.argsort(data.day, kind="stable")[-count:].tolist()
    people = np.unique(data.person)
    last = people[-max(1, round(settings.held_out * people.size)) :]
    return np.flatnonzero(np.isin(data.person, last)).tolist()


def _runs(data: GlucoseDays, settings: SinGanSettings) -> tuple[Tensor, ...]:
    values = scaled(data.mg_dl)
    return tuple(
        torch.from_numpy(values[rows].reshape(len(rows), 1, -1))
        for rows in run_rows(data, settings)
    )


def run_rows(data: GlucoseDays, settings: SinGanSettings) -> list[npt.NDArray[np.intp]]:
    """Which days make the runs: one array (runs, days of each) per length, the longest first.

    A cohort's runs are single days; a person's are days that follow each other.
    """
    if not len(data):
        return []
    if settings.mode == "cohort":
        return [np.arange(len(data))[:, None]]
    order = np.argsort(data.day, kind="stable")
    breaks = np.flatnonzero(np.diff(data.day[order]) != np.timedelta64(1, "D")) + 1
    runs = np.split(order, breaks)
    lengths = sorted({run.size for run in runs}, reverse=True)
    return [np.stack([run for run in runs if run.size == length]) for length in lengths]


def fixed_of_cohort(coarse: Tensor, latents: int) -> Tensor:
    """Fixed z* of a cohort: its coarsest days, decorrelated and made normal, (n, 1, L).

    A random z* for each of a thousand days cannot be learnt by heart by a small network, which
    would answer with their mean; this one asks for the colouring of white noise instead. Level
    and spread are taken out where latents tell them.
    """
    x = coarse[:, 0].double().numpy()
    if latents:
        x = (x - x.mean(axis=1, keepdims=True)) / (x.std(axis=1, keepdims=True) + 1e-3)
    return torch.from_numpy(_whitened(x)).float()[:, None]


def latents_of_cohort(days: Tensor, latents: int) -> Tensor:
    """What `described` says of each day, decorrelated and normal, (n, latents, 1)."""
    if not latents:
        return torch.zeros(len(days), 0, 1)
    normal = _normal_scores(described(days).double().numpy())
    return torch.from_numpy(_whitened(normal)).float()[:, :, None]


def _whitened(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows turned so that columns are uncorrelated and, one by one, normal."""
    covariance = np.cov(x, rowvar=False)
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(covariance)
    white = (x - x.mean(axis=0)) @ (vectors / np.sqrt(values)) @ vectors.T
    return _normal_scores(white)


def _normal_scores(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    ranks = x.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return ndtri((ranks + 0.5) / len(ranks))


@dataclass(frozen=True, eq=False)
class Scale:
    """One trained scale.

    Attributes:
        length: for the longest run.
        width: channels.
        noise: amplitude.
        rmse: of the reconstruction at this scale, scaled glucose.
        generator: in evaluation mode.
        ada: p at the end, the highest p, and the last heuristic.
    """

    length: int
    width: int
    noise: float
    rmse: float
    generator: ScaleGenerator
    ada: tuple[float, float, float]


@dataclass(eq=False)
class Pyramid:
    """Trained scales, coarsest first.

    Attributes:
        settings: they were trained under.
        lengths: of all scales for the longest run.
        scales: trained so far.
    """

    settings: SinGanSettings
    lengths: tuple[int, ...]
    scales: list[Scale] = field(default_factory=list)

    def beyond(self, scale: int) -> int:
        """Steps of noise beyond the ends of a series, both together."""
        return 2 * self.settings.reach if self.settings.open_ends and scale > 0 else 0

    def length_at(self, scale: int, steps: int) -> int:
        """Length at `scale` of a series that has `steps` at the finest."""
        return max(1, round(steps * self.lengths[scale] / self.lengths[-1]))

    def days_of(self, steps: int) -> float:
        """Days that `steps` at the finest scale span."""
        return steps * self.settings.step_minutes / 1440

    def draw(self, n: int, steps: int, rng: torch.Generator) -> Tensor:
        """`n` series of `steps` at the finest scale, as far as scales are trained: (n, 1, L)."""
        return self.draw_of(self.latents(n, rng), steps, rng)

    def latents(self, n: int, rng: torch.Generator) -> Tensor:
        """What `n` new days are told, (n, latents, 1).

        Normal numbers drawn as a Latin hypercube, one in every n-th of the distribution, so that
        a few hundred days already have the spread of people that was learnt.
        """
        columns = [
            (torch.randperm(n, generator=rng) + torch.rand(n, generator=rng)) / n
            for _ in range(self.settings.latents)
        ]
        if not columns:
            return torch.zeros(n, 0, 1)
        return torch.special.ndtri(torch.stack(columns, dim=1).clamp(1e-6, 1 - 1e-6))[:, :, None]

    def draw_of(self, latent: Tensor, steps: int, rng: torch.Generator) -> Tensor:
        """One series for each row of `latent`, (n, 1, L)."""

        def noise(k: int, n: int, length: int) -> Tensor:
            drawn = torch.randn(n, 1, length + self.beyond(k), generator=rng)
            return self.scales[k].noise * drawn

        with torch.no_grad():
            most = max(1, _CHUNK_POINTS // steps)
            return torch.cat([self._through(steps, noise, part) for part in latent.split(most)])

    def rebuild(self, z: Tensor, latent: Tensor, steps: int) -> Tensor:
        """What the scales make of fixed noise `z` at the coarsest and none above, (n, 1, L)."""

        def noise(k: int, n: int, length: int) -> Tensor:
            return z if k == 0 else torch.zeros(n, 1, length)

        with torch.no_grad():
            return self._through(steps, noise, latent)

    def _through(
        self, steps: int, noise: Callable[[int, int, int], Tensor], latent: Tensor
    ) -> Tensor:
        n = len(latent)
        x = torch.zeros(n, 1, 1)
        for k, scale in enumerate(self.scales):
            length = self.length_at(k, steps)
            below = resized(x, length)
            hours = clock(length, self.days_of(steps), self.settings.reach)
            x = scale.generator(noise(k, n, length), below, latent, hours)
        return x
