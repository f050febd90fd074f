"""Which rows train and which test: five stratified folds, dealt anew every five runs."""

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.experiments.rare.sets import TARGET, RareSet
from ml.records.tables.table import Table

FOLDS = 5


@dataclass(frozen=True)
class Fold:
    """One run's rows: real ones on both sides, no row on both."""

    training: Table
    test: Table


def seeded(seed: int, *parts: object) -> np.random.Generator:
    """A stream of its own for what `parts` name, the same in every process."""
    named = [zlib.crc32(str(part).encode()) for part in parts]
    return np.random.default_rng([seed, *named])


def fold_of(given: RareSet, run: int, *, seed: int, size: float = 1.0) -> Fold:
    """Fold `run` mod 5 of deal `run` // 5; of its training rows a stratified share `size`.

    Every five runs test every row once, so a mean over whole deals has no luck of the draw in it.
    """
    rng = seeded(seed, given.name, "deal", run // FOLDS)
    part = dealt(given.table, FOLDS, rng)
    test = part == run % FOLDS
    training = given.table.take(~test)
    if size < 1:
        rng = seeded(seed, given.name, "size", run)
        training = training.take(np.sort(share(training, size, rng)))
    return Fold(training, given.table.take(test))


def dealt(table: Table, parts: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Which of `parts` stratified parts each row is dealt to, (rows,)."""
    part = np.empty(len(table), dtype=np.intp)
    ill = table.column(TARGET) == 1
    for rows in (np.flatnonzero(ill), np.flatnonzero(~ill)):
        part[rng.permutation(rows)] = np.arange(len(rows)) % parts
    return part


def share(table: Table, size: float, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """A stratified share of the rows, at least two of each class."""
    ill = table.column(TARGET) == 1
    chosen = [
        rng.permutation(rows)[: max(2, round(size * len(rows)))]
        for rows in (np.flatnonzero(ill), np.flatnonzero(~ill))
    ]
    return np.concatenate(chosen)
