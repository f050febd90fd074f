"""The data as CSV by RFC 4180, so written that no spreadsheet runs or changes a cell.

UTF-8 without a mark, commas, a header, lines that end in CR LF, missing cells empty. A category
that a spreadsheet would run as a formula, or that it or pandas would take for a number, a date, a
truth value or a missing cell, has an apostrophe in front, as has one that begins with an
apostrophe: taking one leading apostrophe off every text brings all of them back. Names of columns
get none; one that would need it is refused.
"""

import csv
import io
import re

import numpy as np
import numpy.typing as npt

from ml.publication.plain_text import LONGEST_CELL, LONGEST_NAME, text_fault
from ml.publication.release import InvalidRelease
from ml.records.tables.cells import MISSING_WORDS, PAIRS
from ml.records.tables.schema import Category, Column, Schema
from ml.records.tables.table import Table

_ROWS_AT_ONCE = 10_000
_FORMULA = re.compile(r"[\s]*[=+\-@'＝＋－＠]")
_NUMBER = re.compile(r"[\s$€£¥%(]*[\d.,:/ ][\d\s.,:/+\-%eE()$€£¥]*([ap]\.?m\.?)?", re.IGNORECASE)
_MONTHS = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\d+[\s./-]*{_MONTHS}[\s./,-]*\d*|{_MONTHS}[\s./,-]*\d[\d\s,./-]*", re.IGNORECASE
)
_WORDS = (
    MISSING_WORDS
    | {word for pair in PAIRS[:1] for word in pair}
    | {"none", "nan", "<na>", "#na", "1.#ind", "1.#qnan", "inf", "infinity"}
)
"""Without case: what pandas takes for missing, for true and false, and for endless."""


def to_csv(table: Table) -> bytes:
    """The table as CSV; the same table gives the same bytes.

    Raises:
        InvalidRelease: a name or category cannot be published; names the column, not the cell.
    """
    require_publishable(table.schema)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.schema.names)
    for start in range(0, len(table), _ROWS_AT_ONCE):
        rows = table.values[start : start + _ROWS_AT_ONCE]
        texts = [_texts(each, rows[:, index]) for index, each in enumerate(table.schema.columns)]
        writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode()


def require_publishable(schema: Schema) -> None:
    """Raises `InvalidRelease` for a name or a category that no file should carry."""
    for number, column in enumerate(schema.columns, start=1):
        fault = text_fault(column.name, longest=LONGEST_NAME, lines=False)
        if fault is not None:
            raise InvalidRelease(f"the name of column {number} {fault}")
        if _FORMULA.match(column.name):
            raise InvalidRelease(
                f"the name of column {number} begins like a formula (= + - @ '): rename it"
            )
        if len({type(category) for category in column.categories}) > 1:
            raise InvalidRelease(f"the categories of column {number} mix texts and numbers")
        for category in column.categories:
            fault = text_fault(str(category), longest=LONGEST_CELL, lines=False)
            if fault is not None:
                raise InvalidRelease(f"a category of column {number} {fault}")


def marked(column: Column) -> bool:
    """Whether some category of the column is written after an apostrophe."""
    return any(
        isinstance(category, str) and word(category) != category for category in column.categories
    )


def word(category: Category) -> str:
    """A category as the CSV holds it."""
    if isinstance(category, bool):
        return str(category).lower()
    text = str(category)
    return f"'{text}" if isinstance(category, str) and _needs_mark(text) else text


def _needs_mark(text: str) -> bool:
    return (
        _FORMULA.match(text) is not None
        or _NUMBER.fullmatch(text) is not None
        or _DATE.fullmatch(text.strip()) is not None
        or text.strip().casefold() in _WORDS
    )


def _texts(column: Column, cells: npt.NDArray[np.float64]) -> list[str]:
    empty = np.isnan(cells)
    if not column.numeric:
        words = [*map(word, column.categories), ""]
        return [words[code] for code in np.where(empty, -1, cells).astype(np.intp).tolist()]
    if column.kind == "integer":
        spelled = list(map(str, np.where(empty, 0, cells).astype(np.int64).tolist()))
    elif column.decimals is None:
        spelled = list(map(repr, cells.tolist()))
    else:
        spelled = [f"{number:.{column.decimals}f}" for number in cells.tolist()]
    return ["" if gone else text for text, gone in zip(spelled, empty.tolist(), strict=True)]
