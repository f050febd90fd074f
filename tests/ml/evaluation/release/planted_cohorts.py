"""Tables of simulated people, generators with planted faults, and the rules of a release.

Two kinds: many rows of a few people, mostly numbers; and one row each of many people, mixed.
"""

from collections.abc import Callable

import numpy as np

from ml.evaluation.release import ReleaseEvidence
from ml.evaluation.tables.gower import nearest_rows, ranges
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table, joined, snapped

Maker = Callable[[np.random.Generator, int], tuple[Table, np.ndarray]]
Sides = tuple[Table, np.ndarray, Table, np.ndarray]


def _numbers(name: str, low: float, high: float, decimals: int) -> Column:
    return Column(name, "continuous", minimum=low, maximum=high, decimals=decimals)


_SERIES = Schema(
    (
        _numbers("pulse", 30, 200, 1),
        _numbers("respiration", 4, 60, 1),
        _numbers("temperature", 33, 42, 2),
        _numbers("oxygen", 60, 100, 1),
        _numbers("systolic", 60, 240, 1),
        _numbers("glucose", 40, 400, 1),
        Column("sex", "categorical", categories=("f", "m")),
    )
)
_VISITS = Schema(
    (
        Column("age", "integer", minimum=0, maximum=110),
        _numbers("bmi", 10, 70, 1),
        _numbers("creatinine", 0, 20, 2),
        _numbers("crp", 0, 500, 1),
        _numbers("haemoglobin", 3, 22, 1),
        Column("ward", "categorical", categories=tuple("ABCDE")),
        Column("smoker", "boolean", categories=(False, True)),
        Column("triage", "ordinal", categories=tuple("12345")),
        Column("outcome", "categorical", categories=("home", "ward", "icu")),
    )
)


def series(rng: np.random.Generator, people: int, *, rows: int = 20) -> tuple[Table, np.ndarray]:
    """`rows` rows of each person, who differ from each other."""
    whose = np.repeat(np.arange(people), rows)
    mix = np.linalg.cholesky(0.4 * np.ones((6, 6)) + 0.6 * np.eye(6))
    level = rng.normal(size=(people, 6)) @ mix.T * 0.6
    x = level[whose] + rng.normal(size=(len(whose), 6)) @ mix.T * 0.8
    scale = np.array([12, 3, 0.4, 2, 15, 30])
    numbers = np.array([80, 16, 36.8, 95, 125, 120]) + scale * x
    sex = (rng.random(people) < 0.5)[whose].astype(float)
    return _table(_SERIES, np.column_stack([numbers, sex])), _names(whose, rng)


def visits(rng: np.random.Generator, people: int) -> tuple[Table, np.ndarray]:
    """One row of each person."""
    z, e = rng.normal(size=(people, 3)), rng.normal(size=(people, 9))
    values = np.column_stack(
        [
            55 + 18 * z[:, 0] + 4 * e[:, 0],
            26 + 4 * z[:, 1] + 2 * e[:, 1],
            np.exp(0.3 * z[:, 0] + 0.3 * e[:, 2]),
            np.exp(2 + z[:, 2] + 0.5 * e[:, 3]),
            13 - z[:, 2] + e[:, 4],
            np.digitize(e[:, 5] + 0.5 * z[:, 2], [-0.7, 0, 0.5, 1]),
            e[:, 6] + z[:, 1] > 0.5,
            np.digitize(z[:, 2] + e[:, 7], [-1.5, -0.2, 0.8, 1.8]),
            np.digitize(z[:, 0] + z[:, 2] + e[:, 8], [0.5, 1.8]),
        ]
    )
    return _table(_VISITS, values), _names(np.arange(people), rng)


def split(table: Table, person: np.ndarray, rng: np.random.Generator) -> Sides:
    """Two thirds of the people for training, the rest held out."""
    names = np.unique(person)
    trained = np.isin(person, rng.permutation(names)[: 2 * len(names) // 3])
    return table.take(trained), person[trained], table.take(~trained), person[~trained]


def noisy(table: Table, like: Table, share: float, rng: np.random.Generator) -> Table:
    """Every number off by a normal error of this share of its range in `like`."""
    off = np.nan_to_num(ranges(like)) * share * rng.normal(size=table.values.shape)
    return _table(table.schema, table.values + off)


def put_in(rows: Table, planted: Table) -> Table:
    """`rows` with `planted` in the place of the last of them."""
    return joined([rows.take(slice(0, len(rows) - len(planted))), planted])


def loneliest(table: Table, person: np.ndarray) -> Table:
    """The row furthest from everybody else's."""
    near = nearest_rows(table, table, k=1, owner=person, other_owner=person)
    return table.take(np.array([near.distance[:, 0].argmax()]))


def blurred_copies(table: Table, n: int, rng: np.random.Generator, share: float = 0.1) -> Table:
    """What a generator makes that overfits: training rows under errors too large for a copy."""
    return noisy(table.take(rng.integers(len(table), size=n)), table, share, rng)


def faults(evidence: ReleaseEvidence, *, refitted: bool = False) -> set[str]:
    """The measures for which the release policy refuses; membership only where it was refitted."""
    found = evidence.measures
    most = dict.fromkeys(_COUNTS, 0.0) | {"near_copies": 0.01, "dcr_share": 0.5}
    most |= {"nndr_below": 0.05, "attribute_advantage": 0.0, "shared_cells": 0.0}
    broken = {name for name, limit in most.items() if found[name].low > limit}
    if refitted and found["membership_auc"].high > 0.55:
        broken.add("membership_auc")
    return broken


_COUNTS = (
    "exact_matches",
    "too_near",
    "partial_copies",
    "outlier_exposure",
    "people_across_split",
)


def _names(whose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    run = rng.integers(10**9)
    return np.array([f"person-{run}-{number:05d}" for number in whose])


def _table(schema: Schema, values: np.ndarray) -> Table:
    kept = np.empty(values.shape)
    for position, column in enumerate(schema.columns):
        cells = values[:, position].astype(float)
        if column.numeric:
            cells = np.clip(snapped(column, cells), column.minimum, column.maximum)
        kept[:, position] = cells
    return Table(schema, kept)
