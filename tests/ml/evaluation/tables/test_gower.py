"""The nearest rows are those that SDMetrics finds, and those that looking at every pair finds."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.tables.gower import gower, nearest_cells, nearest_rows, ranges
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

LETTERS = tuple("abcdef")
SCHEMA = Schema(
    (
        Column("level", "continuous", missing=True, minimum=-100, maximum=100),
        Column("visits", "integer", missing=True, minimum=0, maximum=30),
        Column("ward", "categorical", missing=True, categories=LETTERS),
        Column("smokes", "boolean", categories=(False, True)),
        Column("site", "continuous", missing=True, minimum=7, maximum=8),
        Column("never_asked", "continuous", missing=True, minimum=0, maximum=1),
    )
)


def table(rng: np.random.Generator, rows: int, *, site: float = 7.0, wide: float = 1.0) -> Table:
    values = np.column_stack(
        [
            np.round(rng.normal(0, 20 * wide, rows), 3).clip(-100, 100),
            rng.integers(0, 31, rows),
            rng.integers(0, len(LETTERS), rows),
            rng.integers(0, 2, rows),
            np.full(rows, site),
            np.full(rows, np.nan),
        ]
    ).astype(float)
    holes = rng.random((rows, 3)) < 0.1
    values[:, :3][holes] = np.nan
    values[: rows // 10, 4] = np.nan
    return Table(SCHEMA, values)


def every_pair(rows: Table, others: Table, spans: np.ndarray) -> np.ndarray:
    return np.stack(
        [
            gower(np.repeat(row[None], len(others), axis=0), others.values, spans)
            for row in rows.values
        ]
    )


def frame(made: Table) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column.name: made.values[:, position]
            if column.numeric
            else pd.Series(
                [
                    None if np.isnan(cell) else column.categories[int(cell)]
                    for cell in made.values[:, position]
                ],
                dtype=object,
            )
            for position, column in enumerate(made.schema.columns)
        }
    )


@pytest.mark.parametrize("site", [7.0, 8.0])
def test_distances_are_those_of_sdmetrics(site: float) -> None:
    dcr_utils = pytest.importorskip("sdmetrics.single_table.privacy.dcr_utils")
    rng = np.random.default_rng(1)
    rows, others = table(rng, 100, site=site, wide=2.0), table(rng, 150)
    metadata = {
        "columns": {
            column.name: {"sdtype": "numerical" if column.numeric else "categorical"}
            for column in SCHEMA.columns
        }
    }
    theirs = dcr_utils.calculate_dcr(frame(rows), frame(others), metadata)
    assert nearest_rows(rows, others).distance[:, 0] == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("reference", [1, 255, 256, 700])
def test_the_nearest_are_those_among_every_pair(reference: int) -> None:
    rng = np.random.default_rng(2)
    rows, others = table(rng, 90, wide=2.0), table(rng, reference)
    spans = ranges(table(rng, 500))
    found = nearest_rows(rows, others, k=3, spans=spans)
    wanted = np.sort(every_pair(rows, others, spans), axis=1)[:, :3]
    kept = wanted.shape[1]
    assert found.distance[:, :kept] == pytest.approx(wanted, abs=1e-6)
    assert (found.index[:, kept:] == -1).all()
    assert np.isinf(found.distance[:, kept:]).all()
    assert [len(set(row)) for row in found.index[:, :kept].tolist()] == [kept] * len(rows)


def test_nobody_is_a_neighbour_of_their_own_and_each_person_counts_once() -> None:
    rng = np.random.default_rng(3)
    rows = table(rng, 300)
    person = np.array([f"p{i}" for i in rng.integers(0, 40, 300)])
    spans = ranges(rows)
    found = nearest_rows(
        rows, rows, k=3, owner=person, other_owner=person, one_each=True, spans=spans
    )
    pairs = every_pair(rows, rows, spans)
    names = np.unique(person)
    for row in range(len(rows)):
        whose = person[found.index[row]]
        assert person[row] not in whose
        assert len(set(whose)) == 3
        of_each = np.array([pairs[row, person == name].min() for name in names])
        of_each[names == person[row]] = np.inf
        assert found.distance[row] == pytest.approx(np.sort(of_each)[:3], abs=1e-6)


def test_equal_rows_are_at_distance_zero_missing_cells_included() -> None:
    rng = np.random.default_rng(4)
    rows = table(rng, 500)
    assert (nearest_rows(rows, rows).distance[:, 0] == 0).all()


def test_many_threads_find_what_one_finds() -> None:
    rng = np.random.default_rng(5)
    rows, others = table(rng, 5000), table(rng, 600)
    one, many = (
        nearest_cells(rows.values, others.values, ranges(others), k=2, threads=threads)
        for threads in (1, 3)
    )
    assert (one.index == many.index).all()


def test_tables_of_other_columns_and_empty_references_are_refused() -> None:
    rows = table(np.random.default_rng(6), 20)
    with pytest.raises(ValueError, match="different columns"):
        nearest_rows(rows, rows.select(["level", "ward"]))
    with pytest.raises(ValueError, match="no row"):
        nearest_rows(rows, rows.take(slice(0, 0)))


def test_the_compiler_is_loaded_by_the_first_search_and_not_before() -> None:
    code = "import sys, ml.evaluation.release.tables;sys.exit(int('numba' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
