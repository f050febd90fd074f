"""Single columns of two tables side by side, and rows dealt into blocks that are drawn anew.

The similarities are those of SDMetrics: 1 − Kolmogorov–Smirnov distance of numbers, 1 − total
variation of categories, both of the cells that are there, and 1 − |difference| of the shares that
are missing. Their draws are functions of counts per block of people, so that an interval costs
one matrix product per column, however many rows there are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, of_draws
from ml.records.tables.schema import Column
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.intp]

MOST_BLOCKS = 200
"""With more people than this, groups of people are drawn anew: variances stay unbiased."""
GRID = 256
"""Steps of a distribution function in draws; the value itself is exact."""
_DENSE = 4_000_000


@dataclass(frozen=True, eq=False)
class Sample:
    """A table whose rows are dealt into blocks: `block` (rows,), all rows of a person in one."""

    table: Table
    block: Codes

    @classmethod
    def of_people(
        cls, table: Table, person: npt.NDArray[np.str_], rng: np.random.Generator
    ) -> "Sample":
        """Rows of people; a block each while there are at most `MOST_BLOCKS`."""
        names, whose = np.unique(person, return_inverse=True)
        dealt = rng.permutation(names.size) % min(names.size, MOST_BLOCKS)
        return cls(table, dealt[whose])

    @classmethod
    def of_rows(cls, table: Table, rng: np.random.Generator) -> "Sample":
        """Rows of nobody, drawn one by one."""
        return cls(table, rng.permutation(len(table)) % min(len(table), MOST_BLOCKS))

    @property
    def blocks(self) -> int:
        """How many there are."""
        return int(self.block.max()) + 1

    def counts(self, codes: Codes, cells: int) -> Floats:
        """Rows of each block with each code, (blocks, cells); rows below 0 are left out."""
        kept = codes >= 0
        flat = self.block[kept] * cells + codes[kept]
        return np.bincount(flat, minlength=self.blocks * cells).reshape(self.blocks, cells)

    def drawn_counts(self, codes: Codes, cells: int, weights: Floats) -> Floats:
        """`counts` under each row of `weights` (draws, blocks); (draws, cells)."""
        if self.blocks * cells <= _DENSE:
            return weights @ self.counts(codes, cells).astype(np.float64)
        kept = codes >= 0
        drawn = [
            np.bincount(codes[kept], row[self.block[kept]], minlength=cells) for row in weights
        ]
        return np.stack(drawn)


@dataclass(frozen=True, eq=False)
class Scores:
    """Similarities of several columns or pairs: `values` (n,), `drawn` (draws, n); NaN is none."""

    values: Floats
    drawn: Floats

    def mean(self, which: npt.NDArray[np.bool_] | None = None) -> Interval | None:
        """The mean similarity with its interval; None when there is none to average."""
        chosen = np.isfinite(self.values) & (True if which is None else which)
        if not chosen.any():
            return None
        drawn = _nan_mean(self.drawn[:, chosen])
        return of_similarity(float(self.values[chosen].mean()), drawn)

    def least(self) -> Interval | None:
        """The similarity of the least similar one; which it is, is kept in the draws."""
        if not np.isfinite(self.values).any():
            return None
        worst = int(np.nanargmin(self.values))
        return of_similarity(float(self.values[worst]), self.drawn[:, worst])


def of_similarity(value: float, drawn: Floats) -> Interval:
    """The interval of 1 − a distance; see `of_draws` for why draws of distances are centred."""
    away = of_draws(1 - value, 1 - drawn, distance=True)
    return Interval(value, min(1 - away.high, value), max(1 - away.low, value))


def ks_complement(real: Floats, synthetic: Floats) -> float:
    """1 − the largest difference of the distribution functions of what is not missing."""
    ours, theirs = (np.sort(side[~np.isnan(side)]) for side in (synthetic, real))
    if not ours.size or not theirs.size:
        return float("nan")
    steps = np.concatenate([ours, theirs])
    reached = [np.searchsorted(side, steps, side="right") / side.size for side in (ours, theirs)]
    return float(1 - np.abs(reached[0] - reached[1]).max())


def tv_complement(real: Floats, synthetic: Floats, categories: int) -> float:
    """1 − half the summed differences of the shares of categories of what is not missing."""
    shares = []
    for side in (real, synthetic):
        there = side[~np.isnan(side)].astype(np.intp)
        if not there.size:
            return float("nan")
        shares.append(np.bincount(there, minlength=categories) / there.size)
    return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)


def missing_similarity(real: Floats, synthetic: Floats) -> float:
    """1 − |difference| of the shares of missing cells."""
    return float(1 - abs(np.isnan(real).mean() - np.isnan(synthetic).mean()))


def column_shape(column: Column, real: Floats, synthetic: Floats) -> float:
    """`ks_complement` or `tv_complement`, as the column's kind has it."""
    if column.numeric:
        return ks_complement(real, synthetic)
    return tv_complement(real, synthetic, len(column.categories))


def column_shapes(real: Sample, synthetic: Sample, weights: tuple[Floats, Floats]) -> Scores:
    """`column_shape` of every column, drawn under the weights of either side's blocks."""
    return _of_columns(real, synthetic, weights, column_shape, _drawn_shape)


def missing_similarities(real: Sample, synthetic: Sample, weights: tuple[Floats, Floats]) -> Scores:
    """`missing_similarity` of the columns that may miss cells; NaN for the others."""

    def value(column: Column, ours: Floats, theirs: Floats) -> float:
        return missing_similarity(ours, theirs) if column.missing else float("nan")

    return _of_columns(real, synthetic, weights, value, _drawn_missing)


def _of_columns(
    real: Sample,
    synthetic: Sample,
    weights: tuple[Floats, Floats],
    value: Callable[[Column, Floats, Floats], float],
    drawn: Callable[[Column, tuple[Sample, Sample], int, tuple[Floats, Floats]], Floats],
) -> Scores:
    columns = real.table.schema.columns
    sides = (real, synthetic)
    found = [
        value(column, real.table.values[:, at], synthetic.table.values[:, at])
        for at, column in enumerate(columns)
    ]
    draws = [drawn(column, sides, at, weights) for at, column in enumerate(columns)]
    return Scores(np.array(found), np.stack(draws, axis=1))


def _drawn_shape(
    column: Column, sides: tuple[Sample, Sample], at: int, weights: tuple[Floats, Floats]
) -> Floats:
    cells = [side.table.values[:, at] for side in sides]
    if column.numeric:
        codes, size = _on_grid(cells)
    else:
        codes, size = [_positions(side) for side in cells], len(column.categories)
    shares = [
        _shares(side.drawn_counts(code, size, weight))
        for side, code, weight in zip(sides, codes, weights, strict=True)
    ]
    gap = shares[0] - shares[1]
    if column.numeric:
        return 1 - np.abs(np.cumsum(gap, axis=1)).max(axis=1)
    return 1 - np.abs(gap).sum(axis=1) / 2


def _drawn_missing(
    column: Column, sides: tuple[Sample, Sample], at: int, weights: tuple[Floats, Floats]
) -> Floats:
    if not column.missing:
        return np.full(len(weights[0]), np.nan)
    shares = [
        _shares(side.drawn_counts(np.isnan(side.table.values[:, at]).astype(np.intp), 2, weight))
        for side, weight in zip(sides, weights, strict=True)
    ]
    return 1 - np.abs(shares[0] - shares[1])[:, 1]


def _on_grid(cells: list[Floats]) -> tuple[list[Codes], int]:
    """The step of a common grid on which each number lies, −1 where missing."""
    pooled = np.concatenate([side[~np.isnan(side)] for side in cells])
    steps = np.unique(pooled)
    if steps.size > GRID:
        steps = np.unique(np.quantile(pooled, np.linspace(0, 1, GRID), method="higher"))
    codes = [np.where(np.isnan(side), -1, np.searchsorted(steps, side)) for side in cells]
    return [code.astype(np.intp) for code in codes], max(steps.size, 1)


def _positions(cells: Floats) -> Codes:
    return np.where(np.isnan(cells), -1, cells).astype(np.intp)


def _shares(counts: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        found: Floats = counts / counts.sum(axis=1, keepdims=True)
    return found


def _nan_mean(drawn: Floats) -> Floats:
    """The mean of each row over what is finite, NaN where nothing is."""
    there = np.isfinite(drawn)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(there, drawn, 0.0).sum(axis=1) / there.sum(axis=1)
    return found
