"""The CSV: what a spreadsheet, pandas and RFC 4180 make of it."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from ml.publication.release import InvalidRelease
from ml.publication.separated import require_publishable, to_csv, word
from ml.records.tables.frames import from_frame
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from tests.ml.publication import released


def _schema(*categories: str, name: str = "ward") -> Schema:
    return Schema((Column(name, "categorical", missing=True, categories=categories),))


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "  =1", "＝1", "'", "'=1", "+", "-"),
        *("007", "1.5", "1,5", "1e5", ".5", "18-25", "10/12", "12:30", "5 %", "$3", "(5)", "3 pm"),
        *("5-Mar", "Mar 5", "MAR1", "1 January 2020", "sept-9"),
        *("NA", "n/a", "NULL", "None", "nan", "<NA>", "#N/A", "True", "FALSE", "inf", "Infinity"),
    ],
)
def test_a_text_that_would_be_read_as_something_else_is_written_after_an_apostrophe(
    text: str,
) -> None:
    assert word(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["north", "a=b", "3rd floor", "no", "yes", "May", "marching", "a,b", 'say "a"', "<5"]
)
def test_a_text_that_is_read_as_itself_is_written_as_it_is(text: str) -> None:
    assert word(text) == text


def test_every_cell_comes_back_by_the_rule_of_the_readme() -> None:
    table = released.table()
    rows = pd.read_csv(io.BytesIO(to_csv(table)), float_precision="round_trip")
    for name in rows.select_dtypes("object"):
        rows[name] = rows[name].map(lambda t: t[1:] if isinstance(t, str) and t[:1] == "'" else t)
    assert from_frame(rows, table.schema) == table


def test_lines_end_and_cells_are_quoted_as_rfc_4180_says() -> None:
    content = to_csv(released.table())
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert len(lines) == 61
    assert b"\n" not in content.replace(b"\r\n", b"") and b"\r" not in b"".join(lines)
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(released.SCHEMA.columns)}
    assert any('"a, ""b"""' in line.decode() for line in lines)


def test_no_cell_and_no_name_begins_like_a_formula_unless_it_is_a_number() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(released.table()).decode(), newline="")))
    begins = {cell[0] for row in rows for cell in row if cell}
    assert not begins & set("=+@\t\r")
    assert all(float(cell) < 0 for row in rows[1:] for cell in row if cell.startswith("-"))


def test_numbers_keep_decimals_and_missing_cells_are_empty() -> None:
    schema = Schema(
        (
            Column("t", "continuous", missing=True, minimum=0, maximum=50, decimals=1),
            Column("n", "integer", missing=True, minimum=-5, maximum=2**52),
            Column("x", "continuous", minimum=0, maximum=1),
            Column("b", "boolean", missing=True, categories=(False, True)),
        )
    )
    values = np.array([[37, np.nan, 0.1, 1], [np.nan, 2.0**52, 1e-7, np.nan], [36.5, -5, 1, 0]])
    assert to_csv(Table(schema, values)).decode().split("\r\n") == [
        *("t,n,x,b", "37.0,,0.1,true", ",4503599627370496,1e-07,", "36.5,-5,1.0,false", "")
    ]


def test_a_cell_that_is_too_large_is_refused_without_being_quoted() -> None:
    require_publishable(_schema("x" * 1000))
    with pytest.raises(InvalidRelease, match=r"category of column 1 has 1,001 characters") as fault:
        to_csv(Table(_schema("x" * 1001), np.zeros((1, 1))))
    assert "xx" not in str(fault.value)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\tb", "\u202eevil", "\ud800"])
def test_a_text_that_cannot_be_shown_is_refused(text: str) -> None:
    with pytest.raises(InvalidRelease, match=r"category of column 1 holds the character U\+"):
        require_publishable(_schema(text))
    with pytest.raises(InvalidRelease, match=r"name of column 1 holds the character U\+"):
        require_publishable(_schema("a", name=text))


@pytest.mark.parametrize("name", ["=A1", "+x", "-x", "@x", "'x"])
def test_a_name_that_begins_like_a_formula_is_refused(name: str) -> None:
    with pytest.raises(InvalidRelease, match="begins like a formula"):
        require_publishable(_schema("a", name=name))


def test_an_empty_category_and_mixed_ones_are_refused() -> None:
    with pytest.raises(InvalidRelease, match="is empty"):
        require_publishable(_schema(" "))
    mixed = Schema((Column("a", "categorical", categories=("x", 1)),))
    with pytest.raises(InvalidRelease, match="mix texts and numbers"):
        require_publishable(mixed)
