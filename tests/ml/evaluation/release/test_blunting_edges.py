"""One person more or less decides what is blunted, and people are counted, not rows."""

import numpy as np
import pytest

from ml.evaluation.release.blunting import blunted
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

FEWEST = 5
WARD = Column("ward", "categorical", missing=True, categories=("a", "b"))


def wards(common: int, rare: int, gaps: int, *, rows: int = 1) -> tuple[Table, np.ndarray]:
    """So many people of either ward and of none, those of the rare one with so many rows each."""
    cells = [0.0] * common + [1.0] * rare * rows + [np.nan] * gaps
    people = [
        *range(common),
        *np.repeat(range(common, common + rare), rows),
        *range(common + rare, common + rare + gaps),
    ]
    return Table(Schema((WARD,)), np.array(cells)[:, None]), np.array([f"p{n}" for n in people])


def after(common: int, rare: int, gaps: int, *, rows: int = 1) -> tuple[tuple[object, ...], list]:
    table, person = wards(common, rare, gaps, rows=rows)
    made, _ = blunted(table, person, fewest=FEWEST)
    column = made.schema.columns[0]
    named = [None if np.isnan(cell) else column.categories[int(cell)] for cell in made.values[:, 0]]
    return column.categories, named


@pytest.mark.parametrize("rows", [1, 30])
def test_a_category_of_four_people_goes_and_one_of_five_stays(rows: int) -> None:
    assert after(20, FEWEST, 0, rows=rows)[0] == ("a", "b")
    categories, cells = after(20, FEWEST - 1, 0, rows=rows)
    assert categories == ("a",) and set(cells) == {"a"}


def test_it_becomes_missing_only_where_five_others_are_missing() -> None:
    categories, cells = after(20, 4, FEWEST)
    assert categories == ("a",) and cells.count(None) == 4 + FEWEST
    categories, cells = after(20, 4, FEWEST - 1)
    assert categories == ("a",) and cells.count(None) == 0


def test_a_target_with_a_class_of_four_people_is_refused_and_of_five_is_not() -> None:
    outcome = Column("outcome", "categorical", categories=("home", "icu"))
    for rare in (FEWEST - 1, FEWEST):
        cells = np.array([0.0] * 20 + [1.0] * rare)[:, None]
        table = Table(Schema((outcome,), (), "outcome"), cells)
        person = np.array([f"p{n}" for n in range(20 + rare)])
        if rare < FEWEST:
            with pytest.raises(ValueError, match="a class of the target 'outcome' has fewer"):
                blunted(table, person, fewest=FEWEST)
        else:
            assert blunted(table, person, fewest=FEWEST)[0].schema.columns[0] == outcome


def test_the_schema_says_the_range_that_is_left_and_no_more() -> None:
    """The five lowest and the five highest people move to one bound each."""
    column = Column("age", "integer", minimum=0, maximum=120)
    ages = np.arange(20.0, 60.0)
    person = np.array([f"p{n}" for n in range(40)])
    made, done = blunted(Table(Schema((column,)), ages[:, None]), person, fewest=FEWEST)
    left = made.schema.columns[0]
    assert (left.minimum, left.maximum) == (24, 55)
    assert (made.values.min(), made.values.max()) == (24, 55)
    assert done.moved == {"age": 8}
