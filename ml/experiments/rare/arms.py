"""What is done about the rare class: nothing, weights, a threshold, or more rows of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml.catalogue import find
from ml.experiments.rare.protocol import (
    ADASYN,
    DIFFUSION_STEPS,
    NONE,
    RANDOM,
    SMOTE,
    THRESHOLD,
    WEIGHTS,
)
from ml.experiments.rare.sets import TARGET
from ml.generators.generator import TooLittleData
from ml.generators.tables.sampling import CategoryOutOfReach
from ml.records.tables.table import Table
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import Progress

RESAMPLERS = (RANDOM, SMOTE, ADASYN)
ADDS_NOTHING = (NONE, WEIGHTS, THRESHOLD)


class Skipped(Exception):
    """This row cannot be measured; says why."""


@dataclass(frozen=True)
class Made:
    """Rows that a generator made.

    Attributes:
        table: the rows.
        epochs, steps: of the training; 0 where nothing is trained.
        seconds: of CPU, for fitting and drawing.
    """

    table: Table
    epochs: int
    steps: int
    seconds: float


def rare_rows(arm: str, training: Table, *, epochs: int, rng: np.random.Generator) -> Made:
    """As many rows of the rare class as the training rows lack of one to one.

    Over-sampling sees all training rows, for some of it looks at both classes; a generator learns
    the rare ones alone.

    Raises:
        Skipped: there is too little to learn from, or what it needs is not installed.
    """
    ill = training.column(TARGET) == 1
    lacking = max(int((~ill).sum() - ill.sum()), 0)
    if arm in ADDS_NOTHING or not lacking:
        return Made(training.take(slice(0, 0)), 0, 0, 0.0)
    whole = arm in RESAMPLERS
    where = {TARGET: True} if whole else {}
    data = training if whole else training.take(ill)
    return made(arm, data, lacking, epochs=epochs, rng=rng, where=where)


def made(
    arm: str,
    data: Table,
    n: int,
    *,
    epochs: int,
    rng: np.random.Generator,
    where: dict[str, bool] | None = None,
) -> Made:
    """`n` rows of a generator that learnt `data`; see `rare_rows`."""
    began, count = time.process_time(), _Count()
    try:
        generator = _make(arm, epochs)()
        generator.fit(data, rng=rng, progress=count, checkpoints=NoCheckpoints())
        table = generator.sample(n, rng=rng, **({"where": where} if where else {}))
    except (TooLittleData, CategoryOutOfReach) as fault:
        raise Skipped(f"{arm}: {fault}") from fault
    except ModuleNotFoundError as fault:
        raise Skipped(f"{arm}: {fault.name} is not installed") from fault
    return Made(table, epochs, count.total if epochs else 0, time.process_time() - began)


def _make(arm: str, epochs: int) -> Callable[[], Any]:
    found = find(arm)
    if not epochs:
        return found  # type: ignore[no-any-return]
    if arm == "tabddpm":
        from ml.generators.tables import tabddpm

        settings = replace(
            tabddpm.DEFAULT,
            name=f"{epochs}-iterations",
            iterations=epochs,
            diffusion=DIFFUSION_STEPS,
        )
        return lambda: found(settings)
    settings = replace(found().settings, epochs=epochs, name=f"{epochs}-epochs")
    return lambda: found(settings)


class _Count:
    """Remembers how many steps a training had."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, progress: Progress) -> None:
        self.total = progress.total
