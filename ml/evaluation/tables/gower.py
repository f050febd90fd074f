"""Gower distances between table rows: the nearest rows of other tables, exact, in bounded memory.

A cell differs by |a − b| / range, 1 at most, where it holds numbers, and by 0 or 1 where it holds a
category; a missing cell differs by 1 from anything but a missing cell; a column that does not vary
differs by 0 or 1. The distance of two rows is the mean over columns. This is what SDMetrics calls
the distance to closest record (`sdmetrics.single_table.privacy.dcr_utils`); there the range is
that of the reference table, here it may be given, so that two references are measured alike.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from ml.evaluation.neighbours import Neighbours
from ml.evaluation.tables.gower_kernel import compiled_nearest
from ml.records.tables.table import Table

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Names = npt.NDArray[np.str_]
Codes = npt.NDArray[np.int32]

BLOCK = 256
"""Reference rows looked at together: with 20 columns 20 KB, which the fastest cache holds."""
_TILE = 2048  # query rows handed to a thread at a time
_MISSING = np.float32(1e30)  # further than 1 from any number, and equal to itself


def ranges(table: Table) -> Floats:
    """Largest less smallest cell of every numeric column, (columns,); NaN for categories and
    where no cell is."""
    found = np.full(len(table.schema.columns), np.nan)
    for position, column in enumerate(table.schema.columns):
        cells = table.values[:, position]
        seen = cells[~np.isnan(cells)]
        if column.numeric and seen.size:
            found[position] = seen.max() - seen.min()
    return found


def nearest_rows(
    rows: Table,
    others: Table,
    *,
    k: int = 2,
    spans: Floats | None = None,
    owner: Names | None = None,
    other_owner: Names | None = None,
    one_each: bool = False,
) -> Neighbours:
    """The `k` nearest of `others` to each of `rows`; which of equally near ones is left open.

    Args:
        spans: by which differences of numbers are divided, as `ranges` gives; by default those of
            `others`.
        owner, other_owner, one_each: see `nearest_cells`.

    Raises:
        ValueError: the columns differ, or there is nothing to be near to.
    """
    if rows.schema.names != others.schema.names:
        raise ValueError("the tables have different columns: compare rows of one schema")
    spans = ranges(others) if spans is None else spans
    return nearest_cells(
        rows.values, others.values, spans,
        k=k, owner=owner, other_owner=other_owner, one_each=one_each,
    )  # fmt: skip


def nearest_cells(
    rows: Floats,
    others: Floats,
    spans: Floats,
    *,
    k: int,
    owner: Names | None = None,
    other_owner: Names | None = None,
    one_each: bool = False,
    threads: int | None = None,
) -> Neighbours:
    """`nearest_rows` of the tables' values, (rows, columns) and (others, columns).

    Args:
        owner, other_owner: whose a row is; with both, nobody's rows are neighbours of their own.
        one_each: of every owner only the nearest row counts; needs `other_owner`.
        threads: by default as many as there are cores for this process.

    Raises:
        ValueError: there is nothing to be near to.
    """
    if len(others) == 0:
        raise ValueError("the reference has no row: nothing is near to it")
    query, reference = _encoded(rows, others, spans)
    mine, theirs = _codes(owner, other_owner, len(rows), len(others))
    blocks = _blocked(reference)
    work = compiled_nearest()
    index = np.full((len(rows), k), -1, dtype=np.int64)
    distance = np.full((len(rows), k), np.inf, dtype=np.float32)

    def do(part: slice) -> None:
        work(
            query[part], blocks, len(reference), mine[part], theirs, one_each,
            distance[part], index[part],
        )  # fmt: skip

    parts = [slice(i, min(i + _TILE, len(rows))) for i in range(0, len(rows), _TILE)]
    _spread(do, parts, threads or len(os.sched_getaffinity(0)))
    exact = np.full(index.shape, np.inf)  # in doubles once more, so that 0 means equal
    for place in range(k):
        there = index[:, place] >= 0
        exact[there, place] = gower(rows[there], others[index[there, place]], spans)
    return Neighbours(exact, index)


def gower(rows: Floats, others: Floats, spans: Floats) -> Floats:
    """Distances of rows to others one to one, both (n, columns), in doubles, (n,)."""
    total = np.zeros(len(rows))
    for ours, theirs, span in zip(rows.T, others.T, spans, strict=True):
        total += difference(ours, theirs, span)
    return total / max(len(spans), 1)


def difference(cells: Floats, others: Floats, span: float) -> Floats:
    """Of cells of one column from others, 0 to 1, (n,); `span` as `ranges` gives."""
    if span > 0:
        apart = np.minimum(np.abs(cells - others) / span, 1.0)
    else:
        apart = (cells != others).astype(np.float64)
    gone = np.isnan(cells), np.isnan(others)
    return np.where(gone[0] | gone[1], gone[0] ^ gone[1], apart)


def _spread(do: Callable[[slice], None], parts: list[slice], threads: int) -> None:
    if threads == 1 or len(parts) == 1:
        for part in parts:
            do(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(do, parts))


def _encoded(rows: Floats, others: Floats, spans: Floats) -> tuple[Singles, Singles]:
    """Numbers over their span and all else as whole numbers: then every cell of two rows differs
    by min(|a − b|, 1)."""
    made = np.empty(rows.shape, np.float32), np.empty(others.shape, np.float32)
    for position, span in enumerate(spans):
        pair = rows[:, position], others[:, position]
        gone = [np.isnan(cells) for cells in pair]
        if span > 0:
            least = _least(pair[1], gone[1])
            pair = (pair[0] - least) / span, (pair[1] - least) / span
        else:
            known = np.unique(np.concatenate(pair))
            first, second = (np.searchsorted(known, cells) for cells in pair)
            pair = first.astype(np.float64), second.astype(np.float64)
        for matrix, cells, none in zip(made, pair, gone, strict=True):
            matrix[:, position] = np.where(none, _MISSING, cells)
    return made


def _least(cells: Floats, gone: npt.NDArray[np.bool_]) -> float:
    return float(np.min(cells, where=~gone, initial=np.inf)) if not gone.all() else 0.0


def _blocked(reference: Singles) -> npt.NDArray[np.float32]:
    """Rows in blocks of `BLOCK`, each column of a block in one piece: (blocks, columns, BLOCK)."""
    blocks = -(-len(reference) // BLOCK)
    padded = np.full((blocks * BLOCK, reference.shape[1]), -_MISSING, dtype=np.float32)
    padded[: len(reference)] = reference
    return np.ascontiguousarray(
        padded.reshape(blocks, BLOCK, reference.shape[1]).transpose(0, 2, 1)
    )


def _codes(
    owner: Names | None, other_owner: Names | None, rows: int, others: int
) -> tuple[Codes, Codes]:
    """Owners as numbers; nobody (-1) where a row has none, every other a row of its own."""
    if other_owner is None:
        return np.full(rows, -1, np.int32), np.arange(others, dtype=np.int32)
    names, theirs = np.unique(other_owner, return_inverse=True)
    if owner is None:
        return np.full(rows, -1, np.int32), theirs.astype(np.int32)
    at = np.minimum(np.searchsorted(names, owner), names.size - 1)
    return np.where(names[at] == owner, at, -1).astype(np.int32), theirs.astype(np.int32)
