"""Columns and pairs are as similar as SDMetrics says, and intervals hold what they should."""

import numpy as np
import pandas as pd
import pytest
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import KSComplement, TVComplement

from ml.evaluation.statistics import resampled_weights
from ml.evaluation.tables.fidelity_pairs import pair_names, pair_similarities, pair_similarity
from ml.evaluation.tables.fidelity_sides import independent_columns
from ml.evaluation.tables.marginals import (
    Sample,
    column_shape,
    column_shapes,
    ks_complement,
    missing_similarities,
    tv_complement,
)
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

SCHEMA = Schema(
    (
        Column("age", "integer", minimum=0, maximum=100),
        Column("dose", "continuous", minimum=-50, maximum=50, missing=True),
        Column("ward", "categorical", categories=("a", "b", "c"), missing=True),
        Column("ill", "boolean", categories=(False, True)),
    ),
    target="ill",
)


def rows(seed: int, size: int, *, slope: float = 0.3) -> Table:
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(50, 15, size).round(), 0, 100)
    dose = np.clip(slope * (age - 50) + rng.normal(0, 5, size), -50, 50)
    ward = rng.choice(3, size, p=[0.6, 0.3, 0.1]).astype(float)
    ill = (rng.random(size) < 1 / (1 + np.exp(-(age - 60) / 10))).astype(float)
    dose[rng.random(size) < 0.1] = np.nan
    ward[rng.random(size) < 0.05] = np.nan
    return Table(SCHEMA, np.stack([age, dose, ward, ill], axis=1))


@pytest.fixture(scope="module")
def pair() -> tuple[Table, Table]:
    return rows(1, 300), rows(2, 400, slope=0.1)


def frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.values, columns=list(table.schema.names))


def weights(real: Sample, made: Sample, draws: int = 100) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    first, second = (resampled_weights(s.blocks, draws=draws, rng=rng) for s in (real, made))
    return first, second


def test_columns_have_the_similarity_of_sdmetrics(pair: tuple[Table, Table]) -> None:
    real, made = (frame(table) for table in pair)
    for column in SCHEMA.columns:
        cells = [side[column.name].to_numpy() for side in (real, made)]
        judge = KSComplement if column.numeric else TVComplement
        expected = judge.compute(real[column.name], made[column.name])
        assert column_shape(column, cells[0], cells[1]) == pytest.approx(expected, abs=1e-12)


def test_pairs_have_the_similarity_of_sdmetrics(pair: tuple[Table, Table]) -> None:
    real, made = (frame(table) for table in pair)
    for first, second in pair_names(pair[0]):
        named = [first, second]
        numeric = [name for name in named if SCHEMA.column(name).numeric]
        if len(numeric) == 2:
            expected = CorrelationSimilarity.compute(real[named], made[named])
        else:
            expected = ContingencySimilarity.compute(
                real[named].copy(), made[named].copy(), continuous_column_names=numeric or None
            )
        found = pair_similarity(pair[0], pair[1], first, second)
        assert found == pytest.approx(expected, abs=1e-10), named


def test_a_table_is_wholly_like_itself(pair: tuple[Table, Table]) -> None:
    sample = Sample.of_rows(pair[0], np.random.default_rng(0))
    drawn = weights(sample, sample)
    for scores in (
        column_shapes(sample, sample, drawn),
        missing_similarities(sample, sample, drawn),
        pair_similarities(sample, sample, drawn),
    ):
        known = scores.values[np.isfinite(scores.values)]
        assert known == pytest.approx(np.ones(known.size))


def test_independent_columns_keep_their_shapes_and_lose_their_pairs(
    pair: tuple[Table, Table],
) -> None:
    rng = np.random.default_rng(3)
    real, floor = pair[0], independent_columns(pair[0], 2000, rng=rng)
    assert min(
        column_shape(column, real.values[:, at], floor.values[:, at])
        for at, column in enumerate(SCHEMA.columns)
    ) == pytest.approx(1, abs=0.08)
    assert pair_similarity(real, floor, "age", "dose") < 0.75
    assert pair_similarity(real, floor, "age", "ill") < 0.9
    given = independent_columns(pair[0], 2000, rng=rng, within="ill")
    assert pair_similarity(real, given, "age", "ill") > 0.9
    assert pair_similarity(real, given, "age", "dose") < 0.85


def test_the_interval_of_a_mean_similarity_holds_it_and_shrinks_with_people() -> None:
    widths = []
    for size in (100, 1600):
        rng = np.random.default_rng(4)
        person = np.arange(size).astype(str)
        real = Sample.of_people(rows(5, size), person, rng)
        made = Sample.of_rows(rows(6, size), rng)
        scores = column_shapes(real, made, weights(real, made))
        interval = scores.mean()
        assert interval is not None and interval.low <= interval.value <= interval.high <= 1
        widths.append(interval.high - interval.low)
    assert widths[1] < widths[0] / 2


def test_rows_of_one_person_are_drawn_together() -> None:
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(20), 15).astype(str)
    real = Sample.of_people(rows(7, 300), person, rng)
    assert real.blocks == 20
    assert all(np.unique(real.block[person == name]).size == 1 for name in np.unique(person))
    many = Sample.of_people(rows(7, 300), np.arange(300).astype(str), rng)
    assert many.blocks == 200


def test_columns_without_a_cell_have_no_similarity() -> None:
    empty = np.full(5, np.nan)
    assert np.isnan(ks_complement(empty, np.ones(5)))
    assert np.isnan(tv_complement(np.zeros(5), empty, 2))


def test_a_constant_real_column_has_no_correlation_and_a_constant_synthetic_one_has_nought() -> (
    None
):
    real, made = rows(8, 100), rows(9, 100)
    flat = made.values.copy()
    flat[:, 0] = 50.0
    still = Table(SCHEMA, flat)
    assert np.isnan(pair_similarity(still, real, "age", "dose"))
    there = ~np.isnan(real.values[:, 1])
    known = np.corrcoef(real.values[there, 0], real.values[there, 1])[0, 1]
    assert pair_similarity(real, still, "age", "dose") == pytest.approx(1 - abs(known) / 2)
