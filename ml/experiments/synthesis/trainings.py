"""Generators by the name they have in the tables, fitted, timed and drawn from."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.generators.block_bootstrap import BlockBootstrap
from ml.generators.gaussian_days import GaussianDays
from ml.generators.generator import Generator
from ml.generators.singan import SinGan
from ml.generators.singan_settings import SinGanSettings
from ml.records.cgm.days import GlucoseDays
from ml.training.checkpoints import Checkpoints, FileCheckpoints, NoCheckpoints
from ml.training.progress import Progress, ProgressSink

_TIMED_DAYS = 1000
_SHOWN_DAYS = 8


@dataclass(frozen=True)
class Entry:
    """A generator of the table.

    Attributes:
        label: its name there.
        make: a new one, unfitted.
        settings: what identifies it among others of that label, for the row's key.
        seeds: trainings with different seeds.
        copies: its days are real ones and are shown to nobody.
    """

    label: str
    make: Callable[[], Generator[GlucoseDays]]
    settings: object = ""
    seeds: int = 1
    copies: bool = False


SIMPLE = (
    Entry("gaussian_days", GaussianDays),
    Entry("block_bootstrap", BlockBootstrap, copies=True),
    Entry("block_bootstrap_6h", lambda: BlockBootstrap(360), copies=True),
)
"""The baseline, the copier of days and the copier of quarters of days."""


def singans(settings: SinGanSettings, *, seeds: int, plain_seeds: int) -> tuple[Entry, ...]:
    """The SinGAN with ADA and without it."""
    plain = settings.without_ada()
    return (
        Entry(settings.name, lambda: SinGan(settings), settings.as_json(), seeds),
        Entry(plain.name, lambda: SinGan(plain), plain.as_json(), plain_seeds),
    )


def singan(settings: SinGanSettings) -> Entry:
    """A SinGAN of these settings, trained once."""
    return Entry(settings.name, lambda: SinGan(settings), settings.as_json())


def fitted(
    entry: Entry,
    training: GlucoseDays,
    *,
    seed: list[int],
    days: int,
    checkpoint: Path | None,
    progress: ProgressSink,
) -> tuple[GlucoseDays, dict[str, Any]]:
    """`days` synthetic days of a generator fitted on `training`, and how that went.

    Args:
        seed: of training and sampling.
        checkpoint: a file from which an interrupted training goes on.
    """
    generator = entry.make()
    rng = np.random.default_rng(seed)
    kept: Checkpoints = FileCheckpoints(checkpoint) if checkpoint else NoCheckpoints()
    steps = _Count(progress)
    resumed = kept.load() is not None
    wall, cpu = time.perf_counter(), time.process_time()
    generator.fit(training, rng=rng, progress=steps, checkpoints=kept)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    made = generator.sample(days, rng=rng)
    began = time.perf_counter()
    generator.sample(_TIMED_DAYS, rng=rng)
    told: dict[str, Any] = {
        "label": entry.label,
        "seed": seed[-1],
        "training_days": len(training),
        "training_people": int(np.unique(training.person).size),
        "steps": steps.total,
        "fit_seconds": round(wall, 2),
        "fit_cpu_seconds": round(cpu, 2),
        "resumed": resumed,
        "sample_1000_days_seconds": round(time.perf_counter() - began, 3),
    }
    if isinstance(generator, SinGan):
        told |= {
            "iterations_a_scale": generator.settings.iterations,
            "scales": len(generator.card["scales"]),
            "ada_p": [scale["ada"]["highest"] for scale in generator.card["scales"]],
        }
    if not entry.copies:
        told["shown"] = [[round(float(v), 1) for v in day] for day in made.mg_dl[:_SHOWN_DAYS]]
    if checkpoint:
        checkpoint.unlink(missing_ok=True)
    return made, told


class _Count:
    """Passes progress on and remembers how many steps there were."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink, self.total = sink, 0

    def __call__(self, progress: Progress) -> None:
        self.total = progress.total
        self._sink(progress)
