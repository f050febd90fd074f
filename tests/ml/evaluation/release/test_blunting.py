"""Nothing that a generator can learn of a range or a category has too few people behind it."""

import numpy as np
import pytest

from ml.evaluation.release.blunting import blunted, conformed
from ml.records.tables.schema import Column, Dependency, Schema
from ml.records.tables.table import Table

FEWEST = 5


def behind(table: Table, person: np.ndarray) -> list[int]:
    """People at or beyond every bound, and in every category."""
    counts = []
    for column in table.schema.columns:
        cells = table.column(column.name)
        masks = (
            [cells <= column.minimum, cells >= column.maximum]
            if column.numeric
            else [cells == code for code in range(len(column.categories))]
        )
        masks += [np.isnan(cells)] if column.missing else []
        counts += [np.unique(person[mask]).size for mask in masks]
    return counts


def mixed(rng: np.random.Generator, rows: int = 400) -> tuple[Table, np.ndarray]:
    person = np.array([f"p{i}" for i in rng.integers(0, 60, rows)])
    schema = Schema(
        (
            Column("level", "continuous", missing=True, minimum=-1e6, maximum=1e6, decimals=2),
            Column("visits", "integer", minimum=3, maximum=903, step=5),
            Column("ward", "categorical", missing=True, categories=tuple("abcdefgh")),
            Column("site", "categorical", categories=("north", "south", "once")),
            Column("grade", "ordinal", categories=tuple("123456789")),
            Column("rare", "boolean", categories=(False, True)),
            Column("class", "categorical", categories=("ill", "well")),
        ),
        target="class",
    )
    level = np.round(rng.standard_t(2, rows) * 10, 2)
    level[rng.random(rows) < 0.1] = np.nan
    ward = rng.choice(8, rows, p=[0.4, 0.3, 0.2, 0.08, 0.005, 0.005, 0.005, 0.005]).astype(float)
    ward[rng.random(rows) < 0.2] = np.nan
    values = np.column_stack(
        [
            level,
            3 + 5 * rng.poisson(3, rows),
            ward,
            np.where(np.arange(rows) == 9, 2, rng.integers(0, 2, rows)),
            rng.binomial(8, 0.5, rows),
            np.arange(rows) == 3,
            rng.integers(0, 2, rows),
        ]
    ).astype(float)
    return Table(schema, values), person


@pytest.mark.parametrize("seed", range(5))
def test_every_bound_category_and_gap_has_enough_people_behind_it(seed: int) -> None:
    table, person = mixed(np.random.default_rng(seed))
    after, done = blunted(table, person, fewest=FEWEST)
    assert min(behind(after.select([n for n in after.schema.names if n != "rare"]), person)) >= 5
    assert done.moved["level"] > 0
    assert done.merged["rare"] == 1
    assert len(after) == len(table)
    untouched = after.column("level") == table.column("level")
    assert untouched.mean() > 0.8


def test_what_enough_people_share_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    schema = Schema(
        (Column("visits", "integer", maximum=3), Column("x", "boolean", categories=(False, True)))
    )
    table = Table(schema, rng.integers(0, 2, (200, 2)).astype(float))
    after, done = blunted(table, np.array([f"p{i}" for i in range(200)]), fewest=5)
    assert np.array_equal(after.values, table.values)
    assert not (done.moved or done.merged or done.filled or done.left_out)


def test_a_person_with_many_extreme_rows_is_one_person() -> None:
    column = Column("level", "continuous", minimum=0, maximum=1000)
    level = np.concatenate([np.full(50, 900.0), np.arange(30.0)])
    person = np.array(["loud"] * 50 + [f"p{i}" for i in range(30)])
    after, _ = blunted(Table(Schema((column,)), level[:, None]), person, fewest=5)
    assert after.column("level").max() == 26  # 29, 28, 27, 26 and the loud one
    assert after.schema.column("level").maximum == 26
    assert after.column("level").min() == 4


def test_few_gaps_are_filled_and_a_column_of_few_answers_is_left_out() -> None:
    few = np.full(40, np.nan)
    few[:4] = 1.0
    gaps = np.arange(40.0)
    gaps[:3] = np.nan
    columns = tuple(
        Column(name, "continuous", missing=True, maximum=50) for name in ("few", "gaps")
    )
    person = np.array([f"p{i}" for i in range(40)])
    table = Table(Schema(columns), np.column_stack([few, gaps]))
    after, done = blunted(table, person, fewest=5)
    assert done.left_out == ("few",)
    assert done.filled == {"gaps": 3}
    assert after.schema.names == ("gaps",)
    assert not after.schema.column("gaps").missing
    assert (after.column("gaps")[:3] == 21).all()


def test_a_dependency_stays_while_it_holds() -> None:
    schema = Schema(
        (
            Column("code", "categorical", categories=tuple("abcd")),
            Column("name", "categorical", categories=tuple("ABCD")),
            Column("area", "categorical", categories=("n", "s")),
        ),
        (Dependency("code", "name"), Dependency("code", "area")),
    )
    code = np.array([0.0] * 20 + [1.0] * 10 + [2.0] * 10 + [3.0] * 2)
    table = Table(schema, np.column_stack([code, code, code % 2]))
    person = np.array([f"p{i}" for i in range(42)])
    after, done = blunted(table, person, fewest=5)
    assert done.merged == {"code": 2, "name": 2}
    assert after.schema.dependencies == (Dependency("code", "name"),)


def test_a_rare_class_and_too_few_people_are_refused_without_naming_a_cell() -> None:
    table, person = mixed(np.random.default_rng(2))
    values = table.values.copy()
    values[:, -1] = 0
    values[:3, -1] = 1
    with pytest.raises(ValueError, match="a class of the target 'class' has fewer than 5"):
        blunted(Table(table.schema, values), person, fewest=5)
    with pytest.raises(ValueError, match="fewer than 5 people"):
        blunted(table.take(slice(0, 3)), person[:3], fewest=5)


def test_other_peoples_rows_come_under_the_blunted_schema() -> None:
    rng = np.random.default_rng(3)
    training, person = mixed(rng)
    after, _ = blunted(training, person, fewest=5)
    others = conformed(mixed(rng)[0], after)
    assert others.schema == after.schema
    assert len(others) == 400
