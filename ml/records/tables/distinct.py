"""One untyped column, every different cell looked at once."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.records.errors import UnreadableRecord
from ml.records.tables.cells import is_missing, stripped

NO_DATES = (
    "holds dates or times, which single people out: give days since an event, or leave it out"
)


@dataclass(frozen=True)
class DistinctCells:
    """One column, every different cell once.

    Attributes:
        name: of the column.
        codes: (rows,), position in `values`, -1 where missing.
        values: the different cells; text stripped.
        ordered: levels in their order, where pandas keeps them.
        first_row: number of the first row, for messages.
    """

    name: str
    codes: npt.NDArray[np.intp]
    values: list[Any]
    ordered: list[Any] | None
    first_row: int

    @property
    def missing(self) -> bool:
        """Whether any cell is."""
        return bool((self.codes < 0).any())

    @property
    def counts(self) -> npt.NDArray[np.intp]:
        """Rows of each of `values`."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def spread(self, of_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What belongs to each of `values`, row by row; NaN where the cell is missing."""
        return np.append(of_values, np.nan)[self.codes]

    def refuse(self, reason: str, value: int | None = None) -> NoReturn:
        """Raises `UnreadableRecord` for the column, with the first row that holds `value`."""
        line = None if value is None else int(np.argmax(self.codes == value)) + self.first_row
        raise UnreadableRecord(f"column {self.name!r} {reason}", line)


def distinct_cells(name: str, column: pd.Series, first_row: int) -> DistinctCells:
    """The column, its texts stripped and its missing words recognised."""
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise UnreadableRecord(f"column {name!r} {NO_DATES}")
    ordered = None
    if isinstance(column.dtype, pd.CategoricalDtype):
        if column.cat.ordered:
            ordered = list(column.cat.categories)
        column = column.astype(object)
    codes, uniques = pd.factorize(column)
    values = [plain(value) for value in uniques]
    empty = np.array([*(is_missing(value) for value in values), True])
    values = [None if gone else value for value, gone in zip(values, empty, strict=False)]
    codes = np.where(empty[codes], -1, codes)
    known: dict[tuple[type, Any], int] = {}
    again = np.full(len(values) + 1, -1, dtype=np.intp)
    for position, value in enumerate(values):
        if value is not None:
            again[position] = known.setdefault((type(value), value), len(known))
    return DistinctCells(name, again[codes], [value for _, value in known], ordered, first_row)


def plain(value: Any) -> Any:
    """The cell as Python has it, a text without white space around it."""
    if isinstance(value, np.generic):
        value = value.item()
    return stripped(value) if isinstance(value, str) else value
