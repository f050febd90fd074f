"""A typed table: a schema and its values, checked once and never changed."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Category, Column, Dependency, Schema


class InvalidTable(ValueError):
    """The values are not those that the schema promises; names column, row and rule."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of typed cells.

    Attributes:
        schema: what the columns are; every value keeps to it.
        values: (rows, columns) float64, read-only: numbers as they are, categories as their
            position in the column's `categories`, NaN where a cell is missing.
    """

    schema: Schema
    values: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float64) + 0.0  # a copy without -0.0
        if values.ndim != 2 or values.shape[1] != len(self.schema.columns):
            raise InvalidTable(
                f"values of shape {values.shape} for {len(self.schema.columns)} columns"
            )
        for position, column in enumerate(self.schema.columns):
            fault = cell_fault(column, values[:, position])
            if fault is not None:
                row, rule = fault
                raise InvalidTable(f"column {column.name!r}, row {row + 1}: {rule}")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.schema == other.schema and np.array_equal(
            self.values, other.values, equal_nan=True
        )

    __hash__ = None  # type: ignore[assignment]

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """The cells of a column: numbers, or positions of categories; NaN where missing."""
        return self.values[:, self.schema.index(name)]

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Table":
        """The table of these rows, by position or by a mask."""
        return Table(self.schema, self.values[rows])

    def select(self, names: list[str] | tuple[str, ...]) -> "Table":
        """The table of these columns, in this order."""
        indices = [self.schema.index(name) for name in names]
        return Table(self.schema.select(names), self.values[:, indices])

    def where(self, name: str, category: Category) -> npt.NDArray[np.bool_]:
        """Which rows hold `category` in the column."""
        chosen: npt.NDArray[np.bool_] = self.column(name) == self.schema.column(name).code(category)
        return chosen

    def distinct(self) -> "Table":
        """Every different row once, in the order of its first appearance."""
        _, first = np.unique(row_keys(self.values), return_index=True)
        return self.take(np.sort(first))

    def with_target(self, name: str | None) -> "Table":
        """The same rows, another column to be predicted."""
        return Table(replace(self.schema, target=name), self.values)

    def with_dependencies(self, dependencies: tuple[Dependency, ...]) -> "Table":
        """The same rows under these dependencies."""
        return Table(replace(self.schema, dependencies=dependencies), self.values)


def joined(tables: list[Table]) -> Table:
    """The rows of all, one table after the other; `InvalidTable` unless the schemas are equal."""
    if not tables or any(table.schema != tables[0].schema for table in tables):
        raise InvalidTable("only tables of one schema can be joined")
    return Table(tables[0].schema, np.concatenate([table.values for table in tables]))


def row_keys(values: npt.NDArray[np.float64]) -> npt.NDArray[np.void]:
    """A key per row: equal where every cell is, missing cells included."""
    plain = np.ascontiguousarray(np.where(np.isnan(values), np.nan, values + 0.0))
    return plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()


def copies(
    table: Table, originals: Table, *, columns: tuple[str, ...] | None = None
) -> npt.NDArray[np.bool_]:
    """Which rows of `table` are, cell for cell in `columns`, a row of `originals`; (rows,)."""
    names = table.schema.names if columns is None else columns
    ours, theirs = (
        row_keys(each.values[:, [each.schema.index(name) for name in names]])
        for each in (table, originals)
    )
    return np.isin(ours, theirs)


def cell_fault(column: Column, cells: npt.NDArray[np.float64]) -> tuple[int, str] | None:
    """The first row that breaks a rule of the column, and the rule; None when none does."""
    empty = np.isnan(cells)
    rules: list[tuple[npt.NDArray[np.bool_], str]] = [(np.isinf(cells), "an infinity")]
    if not column.missing:
        rules.append((empty, "a missing cell where none may be"))
    if column.numeric:
        outside = (cells < column.minimum) | (cells > column.maximum)
        rules.append((outside, f"outside {column.minimum:g} to {column.maximum:g}"))
        rules.append((~empty & (cells != snapped(column, cells)), _grain(column)))
    else:
        last = len(column.categories) - 1
        known = (cells >= 0) & (cells <= last) & (cells == np.floor(cells))
        rules.append((~empty & ~known, f"no position of a category, 0 to {last}"))
    for broken, rule in rules:
        if broken.any():
            return int(np.argmax(broken)), rule
    return None


def snapped(column: Column, cells: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Numbers moved to the nearest that the column can hold; the range is left to the caller."""
    if column.kind == "integer":
        finite = np.where(np.isfinite(cells), cells, np.nan)
        return column.minimum + column.step * np.round((finite - column.minimum) / column.step)
    return cells if column.decimals is None else np.round(cells, column.decimals)


def _grain(column: Column) -> str:
    if column.kind == "integer":
        return f"not {column.minimum:g} plus a multiple of {column.step}"
    return f"more than {column.decimals} decimals"
