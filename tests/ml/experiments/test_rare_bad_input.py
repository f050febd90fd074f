"""What bad tables get in the rare-disease experiment: one clear error, or a documented rule."""

import numpy as np
import pytest

from ml.experiments.rare.honest import honest_rows
from ml.experiments.rare.leaks import TOLD
from ml.experiments.rare.protocol import QUICK
from ml.experiments.rare.sets import HEART, KTAS, TARGET, UnusableSet, of_table
from ml.records.errors import UnreadableRecord
from ml.records.tables.reading import read_table

ROWS = 260
ARMS = ("none", "smote", "adasyn", "gaussian_copula")
HEADER = "Patient ID,Age,Blood Pressure,Sedentary Hours Per Day,Diet,Heart Attack Risk"


def csv(**more):
    """A plain CSV of 260 rows with a number, further columns, and a class of two in five."""
    rng = np.random.default_rng(3)
    ill = np.arange(ROWS) % 5 < 2
    columns = {"marker": rng.normal(ill, 1.0).round(6), **more, "outcome": np.where(ill, "i", "w")}
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    return "\n".join(lines).encode()


def read(**more):
    return of_table(KTAS, "test", read_table(csv(**more), target="outcome"), ("i",))


def measured(given):
    return honest_rows(given, ARMS, 0, QUICK)


def each(cells):
    return [cells[i % len(cells)] for i in range(ROWS)]


REFUSED = {
    "all_missing": ([""] * ROWS, "holds nothing"),
    "ten_thousand_categories": ([f"c{i % 10_000}" for i in range(ROWS)], "identifier"),
    "dates": ([f"2024-01-{1 + i % 28:02d}" for i in range(ROWS)], "date"),
    "mixed_types": ([*range(ROWS - 1), "many"], "word among numbers"),
    "free_text": ([f"pain since {i} days at night" for i in range(ROWS)], "free text"),
    "infinities": ([*np.arange(ROWS - 1) / 7, "inf"], "infinity"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_that_cannot_be_typed_is_refused_by_name(name):
    cells, reason = REFUSED[name]
    with pytest.raises(UnreadableRecord, match=reason) as refusal:
        read(**{name: cells})
    assert name in str(refusal.value)


def test_ten_thousand_categories_are_refused_with_the_number_that_is_taken():
    lines = [f"c{i % 10_000},{i % 7}.5,{'iw'[i % 2]}" for i in range(20_000)]
    data = "\n".join(["ward,marker,outcome", *lines]).encode()
    with pytest.raises(UnreadableRecord, match="1,000"):
        read_table(data, target="outcome")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("constant", ["same"] * ROWS),
        ("constant_number", [7] * ROWS),
        ("leading_zeros", each(["007", "012", "7"])),
        ("nearly_empty", [1.5, 2.5, *[""] * (ROWS - 2)]),
        ("many_categories", [f"c{i % 89}" for i in range(ROWS)]),
    ],
)
def test_an_odd_column_that_can_be_typed_goes_through_arms_of_every_kind(name, cells):
    for row in measured(read(**{name: cells})):
        assert "skipped" not in row and row["leaks"] == []
        assert all(np.isfinite(list(scores.values())).all() for scores in row["scores"].values())


def test_a_code_with_leading_zeros_is_another_category_than_its_number():
    given = read(code=each(["007", "012", "7"]))
    assert given.table.schema.column("code").categories == ("007", "012", "7")


def test_one_row_one_class_and_a_lonely_target_are_one_error_each():
    table = read_table(csv(), target="outcome")
    with pytest.raises(UnusableSet, match="one class has 0"):
        of_table(KTAS, "test", table.take(slice(0, 1)), ("i",))
    with pytest.raises(UnusableSet, match="one class has 0"):
        of_table(KTAS, "test", table.take(table.where("outcome", "i")), ("i",))
    with pytest.raises(UnusableSet, match="no column but the target"):
        of_table(KTAS, "test", table.select(["outcome"]), ("i",))
    with pytest.raises(UnusableSet, match="no column is named"):
        of_table(KTAS, "test", table.with_target(None), ("i",))


def test_a_feature_with_the_targets_name_is_refused():
    with pytest.raises(UnusableSet, match="rename"):
        read(**{TARGET: [i % 3 for i in range(ROWS)]})


def test_duplicate_rows_are_removed_before_anything_is_split_and_counted():
    lines = csv().decode().split("\n")
    doubled = "\n".join([lines[0], *lines[1:], *lines[1:]]).encode()
    given = of_table(KTAS, "test", read_table(doubled, target="outcome"), ("i",))
    assert (len(given.table), given.removed) == (ROWS, ROWS)
    assert all(row["leaks"] == [] for row in honest_rows(given, ("none",), 0, QUICK))


def test_a_target_that_leaks_into_a_feature_is_reported_on_every_row():
    given = read(note=[("sent home", "kept here")[i % 5 < 2] for i in range(ROWS)])
    assert all(row["leaks"] == [TOLD] for row in honest_rows(given, ("none", "smote"), 0, QUICK))


def test_a_damaged_heart_attack_file_loses_rows_without_class_and_no_others():
    rng = np.random.default_rng(1)
    ages, pressures = rng.integers(20, 90, 200), rng.integers(90, 180, 200)
    rows = [
        f"ABC{i},{ages[i]},{pressures[i]}/80,{rng.random():.6f},Healthy,{i % 3 % 2}"
        for i in range(200)
    ]
    rows[3] = "Jan3249,\u00a0,130/85,1.25,,1"
    rows[4] = ",30,,2.25,Average,0"
    rows[5] = "ABC5,31,120/80,3.25,Average,"
    table = read_table("\n".join([HEADER, *rows]).encode())
    given = of_table(HEART, "test", table, (1,))
    assert len(given.table) == 199 and given.removed == 0
    assert all(np.isfinite(row["scores"]["logistic"]["auprc"]) for row in measured(given))
