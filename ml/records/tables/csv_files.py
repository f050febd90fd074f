"""A table as CSV: the same table gives the same bytes, and the schema reads them back.

UTF-8, commas, a header, lines that end in a newline; a missing cell is empty, a continuous number
has the decimals of its column, or as many as bring the same double back.
"""

import csv
import io
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import InvalidTable, Table


def to_csv(table: Table) -> bytes:
    """The bytes of the table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.schema.names)
    texts = [
        _texts(column, table.values[:, index]) for index, column in enumerate(table.schema.columns)
    ]
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode()


def from_csv(data: bytes, schema: Schema) -> Table:
    """The table of which `data` are the bytes.

    Raises:
        UnreadableRecord: other columns than the schema's, or a cell that it does not allow.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise UnreadableRecord("not a CSV of this release") from None
    if not rows or tuple(rows[0]) != schema.names:
        raise UnreadableRecord("the columns are not those of the schema", 1)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(schema.columns):
            raise UnreadableRecord(f"{len(row)} cells for {len(schema.columns)} columns", number)
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [() for _ in schema.columns]
    try:
        values = [
            _numbers(column, list(texts))
            for column, texts in zip(schema.columns, columns, strict=True)
        ]
        return Table(schema, np.column_stack(values))
    except InvalidTable as fault:
        raise UnreadableRecord(str(fault)) from None


def _texts(column: Column, cells: npt.NDArray[np.float64]) -> list[str]:
    empty = np.isnan(cells)
    if not column.numeric:
        words = [*map(_word, column.categories), ""]
        return [words[code] for code in np.where(empty, -1, cells).astype(np.intp)]
    if column.kind == "integer":
        spelled: Any = map(str, np.where(empty, 0, cells).astype(np.int64).tolist())
    elif column.decimals is None:
        spelled = map(repr, cells.tolist())
    else:
        form = f"%.{column.decimals}f"
        spelled = (form % number for number in cells.tolist())
    return ["" if gone else text for text, gone in zip(spelled, empty.tolist(), strict=True)]


def _word(category: object) -> str:
    return str(category).lower() if isinstance(category, bool) else str(category)


def _numbers(column: Column, texts: list[str]) -> npt.NDArray[np.float64]:
    if not column.numeric:
        known = {_word(category): float(code) for code, category in enumerate(column.categories)}
        for number, text in enumerate(texts, start=2):
            if text and text not in known:
                raise UnreadableRecord(f"column {column.name!r} has no such category", number)
        return np.array([known.get(text, np.nan) for text in texts])
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        raise UnreadableRecord(
            f"column {column.name!r} holds something else than numbers"
        ) from None
