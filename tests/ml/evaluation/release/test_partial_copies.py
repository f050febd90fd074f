"""Rows with some cells of one real row and the others made anew, and what strangers share.

Rates over more seeds, other generators and real tables: docs/decisions/0477.
"""

import numpy as np
import pytest
from planted_cohorts import Sides, series, split, visits

from ml.evaluation.release import Measure, judging
from ml.evaluation.release.partial import (
    alike_cells,
    equal_cells,
    equal_hours,
    linked_limit,
    partial_measures,
)
from ml.evaluation.tables.gower import ranges
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table, joined

SEEDS = 10
NUMBERS = 5
"""The first columns of a visit; the others are categories."""


def judged(made: Table, sides: Sides, rng: np.random.Generator) -> dict[str, Measure]:
    training, person, holdout, held = sides
    real = joined([training, holdout])
    views = (
        equal_cells(real.values, made.values),
        alike_cells(real.values, made.values, ranges(real)),
    )
    both = judging.Sides(made, training, person, holdout, held, real)
    return partial_measures(both, views, rng=rng)


def refused(found: dict[str, Measure]) -> bool:
    return found["partial_copies"].value > 0 or found["shared_cells"].low > 0


def with_cells_of(
    training: Table,
    others: Table,
    rng: np.random.Generator,
    *,
    share: float = 0.05,
    columns: int = 4,
    of_one: bool = False,
) -> Table:
    """In a share of the rows some columns, each row's own, are those of one training row."""
    cells = others.values.copy()
    rows = rng.choice(len(cells), max(1, round(share * len(cells))), replace=False)
    copied = np.full(rows.size, rng.integers(len(training)))
    if not of_one:
        copied = rng.integers(len(training), size=rows.size)
    for row, origin in zip(rows, copied, strict=True):
        chosen = rng.permutation(cells.shape[1])[:columns]
        cells[row, chosen] = training.values[origin, chosen]
    return Table(others.schema, cells)


@pytest.mark.parametrize("of_one", [False, True])
def test_four_columns_of_real_people_in_a_twentieth_of_the_rows_are_found_whatever_the_seed(
    of_one: bool,
) -> None:
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 8])
        sides = split(*series(rng, 60, rows=6), rng)
        others = series(rng, 240, rows=1)[0]
        assert refused(judged(with_cells_of(sides[0], others, rng, of_one=of_one), sides, rng)), (
            seed
        )


def test_all_but_one_column_of_two_rows_in_a_hundred_are_each_found() -> None:
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 9])
        sides = split(*series(rng, 60, rows=6), rng)
        made = with_cells_of(sides[0], series(rng, 240, rows=1)[0], rng, share=0.02, columns=6)
        assert judged(made, sides, rng)["partial_copies"].value >= 1, seed


def test_the_numbers_of_real_visits_under_new_categories_are_found() -> None:
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 10])
        sides = split(*visits(rng, 150), rng)
        cells = visits(rng, 100)[0].values.copy()
        cells[:5, :NUMBERS] = sides[0].values[rng.choice(len(sides[0]), 5, replace=False), :NUMBERS]
        assert refused(judged(Table(sides[0].schema, cells), sides, rng)), seed


def test_strangers_that_share_cells_by_chance_are_hardly_ever_accused() -> None:
    accused = 0
    for seed in range(2 * SEEDS):
        rng = np.random.default_rng([seed, 11])
        if seed % 2:
            sides, others = split(*visits(rng, 150), rng), visits(rng, 100)[0]
        else:
            sides, others = split(*series(rng, 60, rows=6), rng), series(rng, 240, rows=1)[0]
        accused += refused(judged(others, sides, rng))
    assert accused <= 2


def test_a_cell_that_everybody_has_links_nobody_and_a_missing_one_is_a_cell() -> None:
    rng = np.random.default_rng(12)
    column = Column("level", "integer", missing=True, minimum=0, maximum=10**6)
    schema = Schema(tuple(Column(f"l{i}", **_told(column)) for i in range(6)))
    real = rng.integers(10**6, size=(90, 6)).astype(float)
    real[:, 0] = 7.0
    real[0, 3:] = np.nan
    person = np.array([f"p{i:02d}" for i in range(90)])
    sides = Table(schema, real[:60]), person[:60], Table(schema, real[60:]), person[60:]
    made = rng.integers(10**6, size=(60, 6)).astype(float)
    made[:, 0] = 7.0
    assert judged(Table(schema, made), sides, rng)["partial_copies"].value == 0
    made[4, 1:] = real[0, 1:]
    assert judged(Table(schema, made), sides, rng)["partial_copies"].value == 1


def test_a_table_without_a_cell_in_common_says_nothing() -> None:
    rng = np.random.default_rng(13)
    schema = Schema((Column("level", "continuous", minimum=0, maximum=1),))
    person = np.array([f"p{i:02d}" for i in range(30)])
    real = Table(schema, rng.random((30, 1)))
    sides = real.take(slice(0, 20)), person[:20], real.take(slice(20, 30)), person[20:]
    assert not refused(judged(Table(schema, rng.random((30, 1))), sides, rng))


def test_more_rows_need_a_stronger_link_and_a_stranger_beyond_it_tells_that_nothing_is_known() -> (
    None
):
    strangers = np.random.default_rng(14).gumbel(6, 1, 400)
    few, many = (linked_limit(strangers, n, 300, expected=0.01) for n in (100, 10_000))
    assert max(strangers) < few < many < np.inf
    assert linked_limit(np.append(strangers, 80.0), 100, 300, expected=0.01) == np.inf


def test_a_single_row_is_judged_like_many() -> None:
    rng = np.random.default_rng(16)
    sides = split(*series(rng, 60, rows=6), rng)
    stranger = series(rng, 1, rows=1)[0]
    copied = with_cells_of(sides[0], stranger, rng, share=1.0, columns=6)
    assert judged(stranger, sides, rng)["partial_copies"].value == 0
    assert judged(copied, sides, rng)["partial_copies"].value == 1


def test_hours_are_the_same_where_every_reading_is_when_rounded() -> None:
    rng = np.random.default_rng(15)
    real = rng.integers(60, 200, (3, 48)).astype(np.float32)
    made = real[:1] + np.float32(0.3)
    made[0, 5] += 2
    cells = equal_hours(real, made)
    assert cells.real.shape == (3, 24)
    assert (cells.synthetic[0] == cells.real[0]).tolist() == [hour != 2 for hour in range(24)]


def _told(column: Column) -> dict[str, object]:
    return {"kind": column.kind, "missing": True, "minimum": 0, "maximum": 10**6}
