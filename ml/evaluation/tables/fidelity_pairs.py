"""Pairs of columns of two tables side by side: correlations and contingency tables.

As in SDMetrics' Quality Report two columns of numbers are compared by their correlation, any other
pair by its joint distribution, numbers in ten bins; the bins are those of the real column (the
report bins either side by its own range, which lets a shifted column pass). Missing cells are a
category of their own there.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from ml.evaluation.tables.marginals import Codes, Floats, Sample, Scores
from ml.records.tables.table import Table

BINS = 10
_FLAT = 1e-12
_MOST_CELLS = 20_000


def pair_names(table: Table) -> list[tuple[str, str]]:
    """The pairs in the order of `pair_similarities`."""
    return list(combinations(table.schema.names, 2))


def numeric_pairs(table: Table) -> npt.NDArray[np.bool_]:
    """Which pairs are of numbers alone, in the order of `pair_similarities`."""
    columns = table.schema.columns
    return np.array([a.numeric and b.numeric for a, b in combinations(columns, 2)], dtype=bool)


def pair_similarities(real: Sample, synthetic: Sample, weights: tuple[Floats, Floats]) -> Scores:
    """The similarity of every pair, drawn under the weights of either side's blocks.

    Numbers: 1 − |difference of Pearson's correlations| / 2, NaN where a real column is constant;
    a synthetic column that is constant correlates with nothing. Others: 1 − total variation.
    """
    pairs = list(combinations(range(len(real.table.schema.columns)), 2))
    values = np.full(len(pairs), np.nan)
    drawn = np.full((len(weights[0]), len(pairs)), np.nan)
    sides = (real, synthetic)
    codes = [_binned(real.table, side.table) for side in sides]
    numeric = [at for at, column in enumerate(real.table.schema.columns) if column.numeric]
    correlated = _correlation_similarities(sides, numeric, weights)
    for at, (first, second) in enumerate(pairs):
        if first in numeric and second in numeric:
            place = numeric.index(first), numeric.index(second)
            values[at], drawn[:, at] = correlated[0][0][place], correlated[1][:, *place]
        else:
            joint, cells = _joint(*codes, first, second)
            values[at], drawn[:, at] = _joint_similarity(sides, joint, cells, weights)
    return Scores(values, drawn)


def pair_similarity(real: Table, synthetic: Table, first: str, second: str) -> float:
    """The similarity of one pair of columns; see `pair_similarities`."""
    sides = [
        Sample(side.select([first, second]), np.zeros(len(side), np.intp))
        for side in (real, synthetic)
    ]
    found = pair_similarities(sides[0], sides[1], (np.ones((1, 1)), np.ones((1, 1))))
    return float(found.values[0])


def _correlation_similarities(
    sides: tuple[Sample, Sample], columns: list[int], weights: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """(1, p, p) of the tables as they are, and (draws, p, p)."""
    real = sides[0].table.values[:, columns]
    middle, spread = _centre(real)
    whole, drawn = [], []
    for side, weight in zip(sides, weights, strict=True):
        scaled = (side.table.values[:, columns] - middle) / spread
        sums = _block_products(scaled, side.block, side.blocks)
        whole.append(_correlations([s.sum(axis=0, keepdims=True) for s in sums]))
        drawn.append(_correlations([np.tensordot(weight, s, 1) for s in sums]))
    return _alike(*whole), _alike(*drawn)


def _alike(real: Floats, synthetic: Floats) -> Floats:
    found: Floats = 1 - np.abs(real - np.nan_to_num(synthetic, nan=0.0)) / 2
    return found


def _centre(values: Floats) -> tuple[Floats, Floats]:
    """Mean and mean deviation of every column, so that sums of products stay small."""
    there = ~np.isnan(values)
    count = np.maximum(there.sum(axis=0), 1)
    middle = np.where(there, values, 0).sum(axis=0) / count
    spread = np.abs(np.where(there, values - middle, 0.0)).sum(axis=0) / count
    return middle, np.where(spread > 0, spread, 1.0)


def _block_products(scaled: Floats, block: Codes, blocks: int) -> list[Floats]:
    """Per block, over rows where both columns are there: n, Σx, Σx², Σxy; each (blocks, p, p)."""
    order = np.argsort(block, kind="stable")
    ends = np.searchsorted(block[order], np.arange(blocks + 1))
    width = scaled.shape[1]
    sums = [np.zeros((blocks, width, width)) for _ in range(4)]
    for at in range(blocks):
        rows = scaled[order[ends[at] : ends[at + 1]]]
        there = ~np.isnan(rows)
        filled, mask = np.where(there, rows, 0.0), there.astype(np.float64)
        sums[0][at] = mask.T @ mask
        sums[1][at] = filled.T @ mask
        sums[2][at] = (filled**2).T @ mask
        sums[3][at] = filled.T @ filled
    return sums


def _correlations(sums: list[Floats]) -> Floats:
    """Pearson's correlations from `_block_products` summed over blocks; NaN where one is flat."""
    count, first, squares, products = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = first / count
        variance = squares / count - mean**2
        other = np.swapaxes(variance, -1, -2)
        shared = products / count - mean * np.swapaxes(mean, -1, -2)
        found = shared / np.sqrt(np.maximum(variance, 0) * np.maximum(other, 0))
    flat = (variance <= _FLAT * (1 + mean**2)) | (other <= _FLAT) | ~np.isfinite(found)
    return np.where(flat, np.nan, np.clip(found, -1, 1))


def _binned(real: Table, table: Table) -> list[tuple[Codes, int]]:
    """Every column as codes and how many there are: numbers in bins of the real column.

    The last code is for missing cells.
    """
    found = []
    for at, column in enumerate(table.schema.columns):
        cells = table.values[:, at]
        if column.numeric:
            known = real.values[:, at]
            edges = np.histogram_bin_edges(known[~np.isnan(known)], bins=BINS)[1:-1]
            codes, last = np.digitize(cells, edges), BINS
        else:
            codes, last = np.nan_to_num(cells, nan=0.0).astype(np.intp), len(column.categories)
        found.append((np.where(np.isnan(cells), last, codes).astype(np.intp), last + 1))
    return found


def _joint(
    real: list[tuple[Codes, int]], synthetic: list[tuple[Codes, int]], first: int, second: int
) -> tuple[list[Codes], int]:
    """The pair's codes on either side, numbered alike, and how many there are."""
    size = real[first][1] * real[second][1]
    codes = [side[first][0] * side[second][1] + side[second][0] for side in (real, synthetic)]
    if size <= _MOST_CELLS:
        return codes, size
    cells, numbered = np.unique(np.concatenate(codes), return_inverse=True)
    return np.split(numbered.astype(np.intp), [len(codes[0])]), cells.size


def _joint_similarity(
    sides: tuple[Sample, Sample],
    codes: list[Codes],
    cells: int,
    weights: tuple[Floats, Floats],
) -> tuple[float, Floats]:
    whole, drawn = [], []
    for side, code, weight in zip(sides, codes, weights, strict=True):
        whole.append(np.bincount(code, minlength=cells) / len(code))
        counted = side.drawn_counts(code, cells, weight)
        drawn.append(counted / np.maximum(counted.sum(axis=1, keepdims=True), 1e-12))
    value = 1 - np.abs(whole[0] - whole[1]).sum() / 2
    found: Floats = 1 - np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2
    return float(value), found
