"""From untyped columns to a typed table: one rule per kind, each to be overruled by name.

=============  =====================================================================================
column holds   becomes
=============  =====================================================================================
yes and no     boolean: the words of `cells.PAIRS`, Python's or pandas' booleans, or just 0 and 1
whole numbers  ordinal when there are 2 to 10 different ones and ten rows for each; an identifier,
               refused, when all differ and they run without a gap or the name says so; else
               integer, whose step is the greatest common divisor of their distances
other numbers  continuous, with as many decimals as all of them need, or all when above 6
pandas'        categorical, or ordinal when ordered
categories
other text     categorical, in alphabetical order; codes with leading zeros stay text
one value      a constant of its kind; it is kept, and says nothing
nothing        refused: leave the column out
text, nearly   refused: an identifier, or free text when most cells are several words
all different
dates, times   refused: they single people out; give days since an event, or leave them out
numbers and    refused when nine in ten cells are numbers: name the words as missing, or call the
words          column categorical
infinities     refused
=============  =====================================================================================

Missing is what `cells.is_missing` says. Duplicate rows are kept: a table may be a sample with
repetition; `Table.distinct` removes them where they would leak.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.records.errors import UnreadableRecord
from ml.records.tables.cells import (
    PAIRS,
    decimals_of,
    has_leading_zero,
    is_date,
    is_number,
    numbers,
)
from ml.records.tables.dependencies import find_dependencies
from ml.records.tables.distinct import NO_DATES, DistinctCells, distinct_cells, plain
from ml.records.tables.schema import LARGEST, Category, Column, InvalidSchema, Kind, Schema
from ml.records.tables.table import InvalidTable, Table

_FEW = 10
_ENOUGH_TO_TELL = 20
_IDENTIFIER = re.compile(
    r"(?:.*[ _.-])?(?:id|uuid|guid|key|mrn|ssn|record|number|no|nr|index|unnamed:.*)"
    r"|.*[a-z](?-i:ID|Id)",
    re.IGNORECASE,
)

Wish = Kind | tuple[Category, ...]
"""A kind, or the levels of an ordinal column in ascending order."""


def typed(
    frame: pd.DataFrame,
    *,
    kinds: Mapping[str, Wish] | None = None,
    leave_out: Collection[str] = (),
    target: str | None = None,
    first_row: int = 1,
) -> Table:
    """The frame as a typed table, its dependencies found.

    Args:
        frame: one row per person or visit; column names are texts.
        kinds: overrules what would be inferred, by column.
        leave_out: columns that are not looked at.
        target: the column to be predicted; whole numbers in it become ordered classes.
        first_row: number of the first row, for messages.

    Raises:
        UnreadableRecord: a column is refused by the rules above, or its wish cannot be met; no
            row or column is left; a name occurs twice or is unknown.
    """
    wishes = dict(kinds or {})
    names = [str(name) for name in frame.columns]
    _check_names(names, [*wishes, *leave_out, *([target] if target else [])])
    kept = [index for index, name in enumerate(names) if name not in leave_out]
    if not kept or not len(frame):
        raise UnreadableRecord("the table has no row or no column")
    columns, values = [], []
    for index in kept:
        cells = distinct_cells(names[index], frame.iloc[:, index], first_row)
        wish = wishes.get(names[index])
        column, numbers_ = _column(cells, wish, target=names[index] == target)
        columns.append(column)
        values.append(numbers_)
    try:
        table = Table(Schema(tuple(columns), (), target), np.column_stack(values))
    except (InvalidSchema, InvalidTable) as fault:
        raise UnreadableRecord(str(fault)) from None
    return table.with_dependencies(find_dependencies(table))


def _check_names(names: list[str], mentioned: list[str]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UnreadableRecord(f"two columns are called {twice[0]!r}", 1)
    for name in mentioned:
        if name not in names:
            raise UnreadableRecord(f"there is no column {name!r}", 1)


def _column(
    cells: DistinctCells, wish: Wish | None, *, target: bool
) -> tuple[Column, npt.NDArray[np.float64]]:
    if not cells.values:
        cells.refuse("holds nothing: leave it out")
    if isinstance(wish, tuple):
        return _levels(cells, list(wish), "ordinal")
    if wish == "categorical" or wish == "ordinal" or wish == "boolean":
        return _levels(cells, _sorted(cells), wish)
    as_numbers = _as_numbers(cells)
    if wish == "continuous" or wish == "integer":
        if np.isnan(as_numbers).any():
            cells.refuse("holds something that is no number", int(np.argmax(np.isnan(as_numbers))))
        return _numeric(cells, as_numbers, wish)
    return _inferred(cells, as_numbers, target)


def _inferred(
    cells: DistinctCells, as_numbers: npt.NDArray[np.float64], target: bool
) -> tuple[Column, npt.NDArray[np.float64]]:
    if cells.ordered is not None:
        present = [plain(level) for level in cells.ordered]
        return _levels(cells, present, "ordinal")
    if all(isinstance(value, bool) for value in cells.values):
        return _levels(cells, [False, True], "boolean")
    if not np.isnan(as_numbers).any():
        return _numbers_inferred(cells, as_numbers, target)
    others = [value for value in cells.values if not isinstance(value, (str, int, float, bool))]
    if others:
        cells.refuse(NO_DATES if hasattr(others[0], "isoformat") else "holds no plain values")
    _refuse_mixtures(cells, as_numbers)
    words = {str(value).casefold() for value in cells.values}
    for pair in PAIRS:
        if words == set(pair) and len(cells.values) == 2:
            return _levels(cells, sorted(cells.values, key=str.casefold), "boolean")
    return _levels(cells, _sorted(cells), "categorical")


def _numbers_inferred(
    cells: DistinctCells, as_numbers: npt.NDArray[np.float64], target: bool
) -> tuple[Column, npt.NDArray[np.float64]]:
    finite = np.isfinite(as_numbers)
    if not finite.all():
        cells.refuse("holds an infinity", int(np.argmax(~finite)))
    if (as_numbers != np.round(as_numbers)).any():
        return _numeric(cells, as_numbers, "continuous")
    rows = int((cells.codes >= 0).sum())
    different = np.unique(as_numbers)
    if set(different) == {0.0, 1.0}:
        return _coded(cells, as_numbers, "boolean")
    if target or (1 < different.size <= _FEW and rows >= _FEW * different.size):
        return _coded(cells, as_numbers, "ordinal")
    if different.size == rows >= _ENOUGH_TO_TELL:
        running = different[-1] - different[0] == rows - 1
        if running or _IDENTIFIER.fullmatch(cells.name):
            cells.refuse("is an identifier: leave it out, or name its kind")
    return _numeric(cells, as_numbers, "integer")


def _refuse_mixtures(cells: DistinctCells, as_numbers: npt.NDArray[np.float64]) -> None:
    """Dates, numbers among words, identifiers and free text, or nothing."""
    texts = [str(value) for value in cells.values]
    counts = cells.counts
    rows = int(counts.sum())
    if all(is_date(text) for text in texts):
        cells.refuse(NO_DATES)
    zeros = any(has_leading_zero(text) for text in texts)
    plain = np.array([is_number(text) for text in texts])
    if not zeros and counts[plain].sum() >= 0.9 * rows:
        cells.refuse(
            "holds a word among numbers: name it as missing, or call the column categorical",
            int(np.argmin(plain)),
        )
    several = counts[[" " in text for text in texts]].sum() > 0.5 * rows
    if len(texts) > max(_ENOUGH_TO_TELL, 0.2 * rows) and several:
        cells.refuse("holds free text: leave it out, or group it into categories")
    if len(texts) >= max(_ENOUGH_TO_TELL, 0.9 * rows):
        cells.refuse("is an identifier: leave it out, or name its kind")


def _as_numbers(cells: DistinctCells) -> npt.NDArray[np.float64]:
    """The different cells as numbers, NaN for those that are none; codes are no numbers."""
    if all(isinstance(value, (int, float)) for value in cells.values):
        return np.array([float(value) for value in cells.values])
    if not all(isinstance(value, (str, int, float)) for value in cells.values):
        return np.full(len(cells.values), np.nan)
    texts = [str(value) for value in cells.values]
    if any(has_leading_zero(text) for text in texts):
        return np.full(len(texts), np.nan)
    return numbers(texts)


def _numeric(
    cells: DistinctCells, as_numbers: npt.NDArray[np.float64], kind: Kind
) -> tuple[Column, npt.NDArray[np.float64]]:
    finite = np.isfinite(as_numbers)
    if not finite.all():
        cells.refuse("holds an infinity", int(np.argmax(~finite)))
    low, high = float(as_numbers.min()), float(as_numbers.max())
    if max(-low, high) >= LARGEST:
        cells.refuse("holds a number beyond 2^53", int(np.argmax(np.abs(as_numbers))))
    step, decimals = 1, None
    if kind == "integer":
        whole = as_numbers == np.round(as_numbers)
        if not whole.all():
            cells.refuse("holds a number that is not whole", int(np.argmin(whole)))
        if np.unique(as_numbers).size >= _FEW:
            step = max(1, int(np.gcd.reduce((as_numbers - low).astype(np.int64))))
    else:
        decimals = decimals_of(as_numbers)
    column = Column(cells.name, kind, cells.missing, low + 0.0, high + 0.0, decimals, step)
    return column, cells.spread(as_numbers)


def _coded(
    cells: DistinctCells, as_numbers: npt.NDArray[np.float64], kind: Kind
) -> tuple[Column, npt.NDArray[np.float64]]:
    """Whole numbers as categories in ascending order."""
    levels, codes = np.unique(as_numbers, return_inverse=True)
    categories = tuple(int(level) for level in levels)
    column = Column(cells.name, kind, cells.missing, categories=categories)
    return column, cells.spread(codes.reshape(-1).astype(np.float64))


def _levels(
    cells: DistinctCells, levels: list[Any], kind: Kind
) -> tuple[Column, npt.NDArray[np.float64]]:
    position = {_spelled(level): index for index, level in enumerate(levels)}
    codes = [position.get(_spelled(value), -1) for value in cells.values]
    if min(codes) < 0:
        cells.refuse("holds something that is none of its levels", codes.index(-1))
    try:
        column = Column(cells.name, kind, cells.missing, categories=tuple(levels))
    except InvalidSchema as fault:
        raise UnreadableRecord(str(fault)) from None
    return column, cells.spread(np.array(codes, dtype=np.float64))


def _spelled(value: Any) -> str:
    """The cell as a category is compared: 3, 3.0 and "3.0" are one, "003" is another."""
    text = str(value)
    if isinstance(value, bool) or has_leading_zero(text) or not is_number(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else text


def _sorted(cells: DistinctCells) -> list[Category]:
    """The categories of a column: whole numbers in order, anything else by its spelling."""
    as_numbers = _as_numbers(cells)
    if all(isinstance(value, bool) for value in cells.values):
        return sorted(cells.values)
    finite = np.isfinite(as_numbers)
    if finite.all() and (as_numbers == np.round(as_numbers)).all():
        return [int(value) for value in np.unique(as_numbers)]
    return sorted(_spelled(value) for value in cells.values)
