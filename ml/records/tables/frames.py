"""A table as a pandas frame, and back under a schema that is already known."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table


def to_frame(table: Table) -> pd.DataFrame:
    """The table with a plain dtype per column.

    Continuous columns are float64; integers int64, or Int64 with missing cells; categories are
    what they are: texts as pandas' categories (ordered when ordinal), numbers as int64 or Int64,
    booleans as bool or boolean.
    """
    return pd.DataFrame(
        {
            column.name: _series(column, table.values[:, index])
            for index, column in enumerate(table.schema.columns)
        }
    )


def from_frame(frame: pd.DataFrame, schema: Schema) -> Table:
    """The columns of `schema` out of a frame such as `to_frame` gives.

    Raises:
        KeyError: a column is not there, or a cell is no category of its column.
        InvalidTable: a cell breaks another rule of its column.
    """
    for name in schema.names:
        if name not in frame.columns:
            raise KeyError(f"the frame has no column {name!r}")
    values = [_values(column, frame[column.name]) for column in schema.columns]
    return Table(schema, np.column_stack(values))


def category_array(column: Column) -> npt.NDArray[Any]:
    """The categories as an array of texts, whole numbers or booleans."""
    kinds = {type(category) for category in column.categories}
    if kinds == {bool} or kinds == {int}:
        return np.array(column.categories)
    return np.array(column.categories, dtype=object)


def _series(column: Column, cells: npt.NDArray[np.float64]) -> pd.Series:
    if column.kind == "continuous":
        return pd.Series(cells)
    empty = np.isnan(cells)
    if column.kind == "integer":
        plain: npt.NDArray[Any] = np.where(empty, 0, cells).astype(np.int64)
    else:
        codes = np.where(empty, -1, cells).astype(np.intp)
        categories = category_array(column)
        if categories.dtype == object:
            return pd.Series(
                pd.Categorical.from_codes(
                    codes, pd.Index(categories), ordered=column.kind == "ordinal"
                )
            )
        plain = categories[codes]
    if not column.missing:
        return pd.Series(plain)
    series = pd.Series(plain, dtype="boolean" if plain.dtype == bool else "Int64")
    series[empty] = pd.NA
    return series


def _values(column: Column, series: pd.Series) -> npt.NDArray[np.float64]:
    if column.numeric:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, uniques = pd.factorize(series)
    return np.array([*(_code(column, value) for value in uniques), np.nan])[codes]


def _code(column: Column, value: Any) -> float:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    return float(column.code(plain))
