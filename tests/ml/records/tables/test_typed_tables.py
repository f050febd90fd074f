"""Columns become typed by one rule each, and a table keeps to its schema for good."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.errors import UnreadableRecord
from ml.records.tables.csv_files import from_csv, to_csv
from ml.records.tables.dependencies import broken_dependencies, find_dependencies, learn_mappings
from ml.records.tables.frames import from_frame, to_frame
from ml.records.tables.inference import typed
from ml.records.tables.parquet import from_parquet, to_parquet
from ml.records.tables.schema import Column, Dependency, InvalidSchema, Schema
from ml.records.tables.table import InvalidTable, Table, copies

NAN = float("nan")


def people(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    country = rng.choice(["Chile", "Kenya", "Korea", "Peru"], n)
    continent = {"Chile": "America", "Kenya": "Africa", "Korea": "Asia", "Peru": "America"}
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "bmi": np.round(rng.normal(25, 4, n), 1),
            "dose": rng.integers(2, 20, n) * 50,
            "sex": rng.choice(["f", "m"], n),
            "country": country,
            "continent": [continent[name] for name in country],
            "stage": rng.integers(1, 4, n),
            "smoker": rng.choice(["yes", "no"], n),
            "lab": np.where(rng.random(n) < 0.3, np.nan, rng.normal(1, 0.1, n)),
        }
    )


def test_every_kind_is_told_by_its_rule():
    schema = typed(people()).schema
    kinds = {column.name: column.kind for column in schema.columns}
    assert kinds == {
        "age": "integer",
        "bmi": "continuous",
        "dose": "integer",
        "sex": "categorical",
        "country": "categorical",
        "continent": "categorical",
        "stage": "ordinal",
        "smoker": "boolean",
        "lab": "continuous",
    }
    assert schema.column("bmi").decimals == 1
    assert schema.column("dose").step == 50
    assert schema.column("smoker").categories == ("no", "yes")
    assert schema.column("lab").missing and not schema.column("age").missing
    assert schema.dependencies == (Dependency("country", "continent"),)


def test_a_kind_can_be_overruled_by_name():
    table = typed(people(), kinds={"stage": "integer", "age": "continuous", "sex": ("m", "f")})
    assert table.schema.column("stage").kind == "integer"
    assert table.schema.column("age").kind == "continuous"
    assert table.schema.column("sex").categories == ("m", "f")


def test_a_target_of_whole_numbers_becomes_classes():
    frame = people(20)
    assert typed(frame, target="stage").schema.column("stage").categories == (1, 2, 3)
    with pytest.raises(UnreadableRecord, match="holds numbers"):
        typed(frame, target="bmi")


def test_codes_with_leading_zeros_stay_text():
    table = typed(pd.DataFrame({"code": ["007", "010", "007", "123"]}))
    assert table.schema.column("code").categories == ("007", "010", "123")
    assert to_csv(table) == b"code\n007\n010\n007\n123\n"


def test_words_for_nothing_are_missing_cells():
    table = typed(pd.DataFrame({"x": ["1.5", "??", "#BOŞ!", "", " N/A ", "\u00a0", "2.5"]}))
    assert np.isnan(table.column("x")).tolist() == [False, True, True, True, True, True, False]


def test_a_decimal_comma_is_told_column_by_column():
    table = typed(pd.DataFrame({"a": ["1,50", "2", "3,25"], "b": ["1.5", "2", "3.2"]}))
    assert table.column("a").tolist() == [1.5, 2.0, 3.25]
    assert table.column("b").tolist() == [1.5, 2.0, 3.2]


BAD = {
    "dates": (["2024-01-03", "2024-02-03", "2024-01-03"], "dates or times"),
    "moments": (["2024-01-03 10:00", "2024-02-03 11:30:01"], "dates or times"),
    "times of day": (["10:00", "11:30"], "dates or times"),
    "words among numbers": ([*map(str, range(30)), "high"], "word among numbers"),
    "identifiers": ([f"BMW{i}" for i in range(40)], "identifier"),
    "running numbers": (list(range(100, 140)), "identifier"),
    "free text": ([f"pain since day {i % 30}" for i in range(60)], "free text"),
    "an infinity": ([1.0, float("inf"), 2.5], "infinity"),
    "a spelled infinity": (["1.0", "inf", "2.5"], "infinity"),
    "nothing": ([None, None], "holds nothing"),
    "ten thousand categories": ([f"c{i % 10_000}" for i in range(30_000)], "10,000 categories"),
    "lists": ([[1], [2]], "plain values"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_column_is_refused_by_name(name):
    cells, reason = BAD[name]
    column = pd.Series(cells, dtype=object)
    if name == "lists":
        column = column.map(tuple)
    with pytest.raises(UnreadableRecord, match=reason) as refusal:
        typed(pd.DataFrame({"the column": column}))
    assert "the column" in str(refusal.value)


def test_pandas_dates_are_refused():
    with pytest.raises(UnreadableRecord, match="dates"):
        typed(pd.DataFrame({"when": pd.to_datetime(["2024-01-01", "2024-01-02"])}))


def test_no_row_no_column_and_double_names_are_refused():
    with pytest.raises(UnreadableRecord, match="no row or no column"):
        typed(pd.DataFrame({"a": []}))
    with pytest.raises(UnreadableRecord, match="two columns"):
        typed(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(UnreadableRecord, match="no column 'b'"):
        typed(pd.DataFrame({"a": [1]}), leave_out=("b",))


def test_one_row_one_column_and_constants_are_tables():
    one = typed(pd.DataFrame({"a": [3]}))
    assert len(one) == 1 and one.schema.column("a").constant
    constant = typed(pd.DataFrame({"a": ["x"] * 30, "b": [1.5] * 30}))
    assert [column.constant for column in constant.schema.columns] == [True, True]
    assert constant.schema.dependencies == ()


def test_duplicate_rows_are_kept_and_can_be_removed():
    table = typed(pd.DataFrame({"a": [1, 2, 1, 1], "b": ["x", None, "x", "y"]}))
    assert len(table) == 4
    assert table.distinct() == table.take(np.array([0, 1, 3]))


def test_copied_rows_are_found_missing_cells_included():
    table = typed(pd.DataFrame({"a": [1.5, 2.5, None, 4.5], "b": ["x", "y", None, "y"]}))
    others = table.take(np.array([2, 0]))
    assert copies(table, others).tolist() == [True, False, True, False]
    assert copies(table, others, columns=("b",)).tolist() == [True, False, True, False]


def test_a_table_never_changes():
    table = typed(people(20))
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 1


SCHEMA = Schema(
    (
        Column("number", "continuous", True, -1.0, 2.0, 1),
        Column("whole", "integer", False, 10, 40, None, 5),
        Column("word", "categorical", True, categories=("a", "b")),
    )
)


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ([2.1, 10, 0], "outside -1 to 2"),
        ([0.55, 10, 0], "decimals"),
        ([0.5, 12, 0], "multiple of 5"),
        ([0.5, NAN, 0], "missing"),
        ([0.5, 10, 2], "position"),
        ([0.5, 10, 0.5], "position"),
        ([float("inf"), 10, 0], "infinity"),
    ],
)
def test_a_value_that_breaks_the_schema_is_refused(cells, rule):
    assert len(Table(SCHEMA, np.array([[0.5, 10, 0]]))) == 1
    with pytest.raises(InvalidTable, match=rule):
        Table(SCHEMA, np.array([[0.5, 10, 0], cells]))


def test_a_schema_that_contradicts_itself_is_refused():
    column = Column("a", "categorical", categories=("x", "y"))
    other = Column("b", "categorical", categories=("x",))
    with pytest.raises(InvalidSchema, match="circle"):
        Schema((column, other), (Dependency("a", "b"), Dependency("b", "a")))
    with pytest.raises(InvalidSchema, match="called 'a'"):
        Schema((column, column))
    with pytest.raises(InvalidSchema, match="capitals"):
        Schema((column, Column("A", "integer")))
    with pytest.raises(InvalidSchema, match="twice"):
        Column("c", "categorical", categories=("x", "x"))


def test_a_column_is_not_called_dependent_on_little_evidence():
    rng = np.random.default_rng(0)
    rare = np.zeros(300, dtype=int)
    rare[0] = 1
    frame = pd.DataFrame({"group": rng.integers(0, 60, 300) * 3 + 7, "rare": rare})
    assert find_dependencies(typed(frame)) == ()


def test_dependencies_are_learnt_and_derived_missing_cells_included():
    n = 400
    rng = np.random.default_rng(1)
    age = rng.integers(20, 60, n).astype(float)
    age[:40] = np.nan
    group = np.where(np.isnan(age), None, np.where(age < 40, "young", "old"))
    table = typed(pd.DataFrame({"age": age, "group": group}))
    assert table.schema.dependencies == (Dependency("age", "group"),)
    (mapping,) = learn_mappings(table)
    cells = np.array([20.0, 59.0, 75.0, NAN])
    old = float(table.schema.column("group").code("old"))
    young = float(table.schema.column("group").code("young"))
    np.testing.assert_array_equal(mapping.derive(cells), [young, old, old, NAN])
    assert broken_dependencies(table) == ()
    mixed = table.values.copy()
    mixed[50, 1] = 1 - mixed[50, 1]
    assert broken_dependencies(Table(table.schema, mixed)) == table.schema.dependencies


def test_a_target_depends_on_nothing_so_that_it_can_be_asked_for():
    schema = typed(people(), target="continent").schema
    assert schema.dependencies == ()


def test_a_schema_comes_back_from_json():
    import json

    schema = typed(people(), target="stage").schema
    assert Schema.from_json(json.loads(json.dumps(schema.as_json()))) == schema


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 12))
    columns, values = [], []
    for index in range(draw(st.integers(1, 5))):
        missing = draw(st.booleans())
        if draw(st.booleans()):
            decimals = draw(st.sampled_from([0, 1, 3, None]))
            kind = "integer" if decimals == 0 else "continuous"
            cells = draw(st.lists(st.floats(-1e6, 1e6), min_size=rows, max_size=rows).map(np.array))
            cells = cells if decimals is None else np.round(cells, decimals)
            decimals = None if decimals == 0 else decimals
            column = Column(f"n,{index}", kind, missing, -1e6, 1e6, decimals)
        else:
            words = draw(
                st.lists(
                    st.text('ab"\n, é0', min_size=1, max_size=4),
                    min_size=1,
                    max_size=4,
                    unique=True,
                )
            )
            kind = draw(st.sampled_from(["categorical", "ordinal"]))
            column = Column(f"w{index}", kind, missing, categories=tuple(words))
            cells = np.array(
                draw(st.lists(st.integers(0, len(words) - 1), min_size=rows, max_size=rows)),
                dtype=float,
            )
        if missing and rows:
            cells[draw(st.integers(0, rows - 1))] = np.nan
        columns.append(column)
        values.append(cells)
    return Table(Schema(tuple(columns)), np.column_stack(values))


@settings(max_examples=40, deadline=None)
@given(tables())
def test_a_table_comes_back_from_csv_parquet_and_pandas(table):
    assert from_csv(to_csv(table), table.schema) == table
    assert from_parquet(to_parquet(table)) == table
    assert from_frame(to_frame(table), table.schema) == table


def test_equal_tables_have_equal_bytes_and_a_damaged_file_is_refused():
    table = typed(people())
    data = to_parquet(table)
    assert data == to_parquet(from_parquet(data)) and to_csv(table) == to_csv(from_parquet(data))
    for broken in (b"", data[:100], data[:-5], data[4:], b"PAR1" * 30):
        with pytest.raises(UnreadableRecord, match="Parquet"):
            from_parquet(broken)
    with pytest.raises(UnreadableRecord, match="columns"):
        from_csv(b"a,b\n1,2\n", table.schema)
