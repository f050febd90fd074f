"""CSV bytes in, a typed table out."""

import csv
import io
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_BYTES, admit_csv, admit_text
from ml.records.tables.cells import is_missing, numbers, stripped
from ml.records.tables.formats import FORMATS, PLAIN, Split, TableFormat
from ml.records.tables.inference import Wish, typed
from ml.records.tables.table import Table

_DELIMITERS = ",;\t|"
_HEADER_LINE = 1
_FIRST_LINE = 2


def read_table(
    data: bytes,
    *,
    layout: TableFormat | None = None,
    kinds: Mapping[str, Wish] | None = None,
    leave_out: Collection[str] = (),
    target: str | None = None,
) -> Table:
    """The table in a CSV upload.

    The format is the first of `FORMATS` whose header fits, else `PLAIN`; the delimiter is the one
    that splits the header most; decimal commas are told column by column.

    Args:
        data: the file, at most 64 MiB.
        layout: another format than the one that would be recognised.
        kinds, leave_out, target: added to those of the format, see `inference.typed`.

    Raises:
        UnreadableRecord: no text of the format's encodings, lines of another width than the
            header, formulas, no rows, or a column that `inference.typed` refuses; with its line.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableRecord(f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are taken")
    layout = layout or recognised(data)
    text = admit_text(_decoded(data, layout))
    header, _, body = text.partition(b"\n")
    delimiter, names = _header(header.decode())
    if not names:
        raise UnreadableRecord("the header is no line of CSV", _HEADER_LINE)
    if not body.strip():
        raise UnreadableRecord("there is a header and no row below it")
    admit_csv(body, first_line=_FIRST_LINE, width=len(names), delimiter=delimiter)
    frame, lines = _rows(body, names, delimiter)
    for name, split in layout.split.items():
        frame = _split(frame, name, split, lines)
    for name, (low, high) in layout.plausible.items():
        _believe(frame, name, low, high)
    wishes = {**layout.kinds, **(kinds or {})}
    try:
        return typed(
            frame,
            kinds={name: wish for name, wish in wishes.items() if name in frame.columns},
            leave_out={*leave_out, *(name for name in layout.leave_out if name in frame.columns)},
            target=target or layout.target,
        )
    except UnreadableRecord as fault:
        if fault.line is None:
            raise
        raise UnreadableRecord(fault.reason, int(lines[fault.line - 1])) from None


def recognised(data: bytes) -> TableFormat:
    """The first format of `FORMATS` whose header is that of `data`, else `PLAIN`."""
    first = data.split(b"\n", 1)[0].removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    _, names = _header(first)
    known = (layout for layout in FORMATS if set(layout.header) <= set(names))
    return next(known, PLAIN)


def _decoded(data: bytes, layout: TableFormat) -> bytes:
    """The upload in UTF-8; unchanged when it is in no encoding of the format."""
    for encoding in layout.encodings:
        try:
            return data.decode(encoding).encode()
        except UnicodeDecodeError:
            continue
    return data


def _header(line: str) -> tuple[str, list[str]]:
    """Delimiter and names of the header; no names when it is no line of CSV."""
    rows = {mark: _fields(line.rstrip("\r"), mark) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(rows[mark]))
    return delimiter, [stripped(name) for name in rows[delimiter]]


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(body: bytes, names: list[str], delimiter: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The cells as texts, and the line of each row; empty lines are left out."""
    for position, name in enumerate(names):
        if not name or name in names[:position]:
            raise UnreadableRecord(f"column {position + 1} has no name of its own", _HEADER_LINE)
    _refuse_ragged(body, len(names), delimiter)
    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            sep=delimiter,
            header=None,
            names=list(range(len(names))),
            dtype=str,
            index_col=False,
            keep_default_na=False,
            na_values=[],
            skip_blank_lines=False,
            encoding="utf-8",
        )
    except pd.errors.ParserError:
        raise UnreadableRecord("malformed CSV, such as a quote within a cell") from None
    blank = (frame.isna() | (frame == "")).to_numpy().all(axis=1)
    lines = np.flatnonzero(~blank) + _FIRST_LINE
    frame = frame.take(np.flatnonzero(~blank)).set_axis(names, axis=1).reset_index(drop=True)
    return frame, lines


def _refuse_ragged(body: bytes, width: int, delimiter: str) -> None:
    """Nothing, once every line closes its quotes and has no fewer fields than the header."""
    for number, line in enumerate(body.split(b"\n"), start=_FIRST_LINE):
        if line.count(b'"') % 2:
            raise UnreadableRecord("a quote is not closed on its line", number)
        if line.count(delimiter.encode()) + 1 < width and line.strip():
            raise UnreadableRecord(
                f"the line has fewer fields than the {width} of the header", number
            )


def _split(frame: pd.DataFrame, name: str, split: Split, lines: np.ndarray) -> pd.DataFrame:
    """The frame with the column's numbers in columns of their own; a blank cell blanks all."""
    if name not in frame.columns:
        return frame
    parts = []
    for row, cell in enumerate(frame[name]):
        cells = [stripped(part) for part in cell.split(split.separator)]
        if is_missing(cell):
            cells = [""] * len(split.into)
        if len(cells) != len(split.into):
            raise UnreadableRecord(
                f"column {name!r} has to hold {len(split.into)} numbers, "
                f"with {split.separator!r} between them",
                int(lines[row]),
            )
        parts.append(cells)
    at = list(frame.columns).index(name)
    new = pd.DataFrame(parts, columns=list(split.into))
    return pd.concat([frame.iloc[:, :at], new, frame.iloc[:, at + 1 :]], axis=1)


def _believe(frame: pd.DataFrame, name: str, low: float, high: float) -> None:
    """Empty the cells of a column whose number lies outside what is believable."""
    if name in frame.columns:
        cells = numbers([stripped(cell) for cell in frame[name]])
        frame.loc[(cells < low) | (cells > high), name] = ""
