"""Generators by the name they have in the tables, fitted, timed and drawn from."""

import copy
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.generators.block_bootstrap import BlockBootstrap
from ml.generators.gaussian_days import GaussianDays
from ml.generators.generator import Generator
from ml.generators.singan import COHORT_TAIL, SinGan
from ml.generators.singan_settings import SinGanSettings
from ml.records.cgm.days import GlucoseDays
from ml.training.checkpoints import Checkpoints, FileCheckpoints, NoCheckpoints
from ml.training.progress import Progress, ProgressSink

_TIMED_DAYS = 1000
TIMED_DRAWS = 7
"""How often the drawing of a thousand days is timed; the least is kept."""
_SHOWN_DAYS = 8
_SPENT = b"seconds spent\n"


@dataclass(frozen=True)
class Entry:
    """A generator of the table.

    Attributes:
        label: its name there.
        make: a new one, unfitted.
        settings: what identifies it among others of that label, for the row's key.
        seeds: trainings with different seeds.
        copies: its days are real ones and are shown to nobody.
        before: the settings that rows have whose quantile map ended at its extremes; they are
            reported, and marked, where nothing may train.
    """

    label: str
    make: Callable[[], Generator[GlucoseDays]]
    settings: object = ""
    seeds: int = 1
    copies: bool = False
    before: object = None


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
        replace(singan(settings), seeds=seeds),
        replace(singan(plain), seeds=plain_seeds),
    )


def _identity(settings: SinGanSettings) -> dict[str, Any]:
    """Settings, and where a cohort's quantile map ends: rows with other ends are other rows."""
    tail = {"map_tail": COHORT_TAIL} if settings.mode == "cohort" else {}
    return settings.as_json() | tail


def singan(settings: SinGanSettings) -> Entry:
    """A SinGAN of these settings, trained once."""
    return Entry(
        settings.name,
        lambda: SinGan(settings),
        _identity(settings),
        before=settings.as_json() if settings.mode == "cohort" else None,
    )


def fitted(
    entry: Entry,
    training: GlucoseDays,
    *,
    seed: list[int],
    days: int,
    checkpoint: Path | None,
    progress: ProgressSink,
) -> tuple[GlucoseDays, dict[str, Any], GlucoseDays | None]:
    """`days` synthetic days of a generator fitted on `training`, and how that went.

    The third is a SinGAN's same days before its quantile map, where it has one.

    Args:
        seed: of training and sampling.
        checkpoint: a file from which an interrupted training goes on.
    """
    generator = entry.make()
    rng = np.random.default_rng(seed)
    kept = TimedCheckpoints(FileCheckpoints(checkpoint) if checkpoint else NoCheckpoints())
    steps = _Count(progress)
    generator.fit(training, rng=rng, progress=steps, checkpoints=kept)
    wall, cpu = kept.spent
    again, unmapped = copy.deepcopy(rng), None
    made = generator.sample(days, rng=rng)
    drawn_in = [_seconds_to_draw(generator, rng) for _ in range(TIMED_DRAWS)]
    told: dict[str, Any] = {
        "label": entry.label,
        "seed": seed[-1],
        "training_days": len(training),
        "training_people": int(np.unique(training.person).size),
        "steps": steps.total,
        "fit_seconds": round(wall, 2),
        "fit_cpu_seconds": round(cpu, 2),
        "resumed": kept.resumed,
        "fit_whole": kept.whole,
        "sample_1000_days_seconds": round(min(wall for wall, _ in drawn_in), 3),
        "sample_1000_days_cpu_seconds": round(min(cpu for _, cpu in drawn_in), 3),
    }
    if isinstance(generator, SinGan):
        told |= {
            "iterations_a_scale": generator.settings.iterations,
            "scales": len(generator.card["scales"]),
            "ada_p": [scale["ada"]["highest"] for scale in generator.card["scales"]],
        }
        if generator.settings.mode == "cohort":
            told["map_tail"] = COHORT_TAIL
        if generator.settings.quantile_map:
            unmapped = generator.sample(days, rng=again, mapped=False)
    if not entry.copies:
        told["shown"] = [[round(float(v), 1) for v in day] for day in made.mg_dl[:_SHOWN_DAYS]]
    if checkpoint:
        checkpoint.unlink(missing_ok=True)
    return made, told, unmapped


def _seconds_to_draw(
    generator: Generator[GlucoseDays], rng: np.random.Generator
) -> tuple[float, float]:
    """Wall and CPU seconds of `_TIMED_DAYS` days; others at work on the machine are in the wall."""
    wall, cpu = time.perf_counter(), time.process_time()
    generator.sample(_TIMED_DAYS, rng=rng)
    return time.perf_counter() - wall, time.process_time() - cpu


class TimedCheckpoints:
    """Checkpoints that carry the seconds spent on a training up to them.

    Attributes:
        resumed: whether a training was taken up.
        whole: whether the seconds of all its parts are known.
    """

    def __init__(self, inner: Checkpoints) -> None:
        self._inner, self._earlier = inner, (0.0, 0.0)
        self._began = (time.perf_counter(), time.process_time())
        self.resumed, self.whole = False, True

    @property
    def spent(self) -> tuple[float, float]:
        """Wall and CPU seconds: of this part, and of earlier ones up to their last checkpoint."""
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        return self._earlier[0] + wall, self._earlier[1] + cpu

    def load(self) -> bytes | None:
        state = self._inner.load()
        self.resumed = state is not None
        self.whole = state is None or state.startswith(_SPENT)
        if state is None or not self.whole:
            return state
        wall, cpu = struct.unpack_from("<dd", state, len(_SPENT))
        self._earlier = (wall, cpu)
        return state[len(_SPENT) + struct.calcsize("<dd") :]

    def save(self, state: bytes) -> None:
        self._inner.save(_SPENT + struct.pack("<dd", *self.spent) + state)


class _Count:
    """Passes progress on and remembers how many steps there were."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink, self.total = sink, 0

    def __call__(self, progress: Progress) -> None:
        self.total = progress.total
        self._sink(progress)
