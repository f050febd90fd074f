"""Vitals as CSV: one header line, one row a moment."""

import csv

from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_LINE_BYTES, admit_csv
from ml.records.tables.cells import stripped
from ml.records.vitals.raw import MAX_NAME, RawTable, refuse_excess

_DELIMITERS = ",;\t|"
_HEADER_LINE = 1
_FIRST_LINE = 2


def csv_rows(text: bytes) -> RawTable:
    """The rows of a CSV; empty lines are left out.

    The delimiter is the one that splits the header most. Texts are as written, decimal commas
    included.

    Raises:
        UnreadableRecord: no header, no row, a line with another number of fields than the header,
            a quote that is not closed on its line, a formula, or too much of anything.
    """
    header, _, body = text.partition(b"\n")
    if len(header) > MAX_LINE_BYTES:
        raise UnreadableRecord(f"the line is longer than {MAX_LINE_BYTES:,} bytes", _HEADER_LINE)
    delimiter, names = _header(header.decode())
    _refuse_names(names)
    if not body.strip():
        raise UnreadableRecord("there is a header and no row below it")
    refuse_excess(body.count(b"\n"), len(names))
    admit_csv(body, first_line=_FIRST_LINE, width=len(names), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int | None] = []
    for number, line in enumerate(body.decode().split("\n"), start=_FIRST_LINE):
        if line.strip(f" \r{delimiter}"):
            rows.append(_fields(line.rstrip("\r"), delimiter, number, len(names)))
            lines.append(number)
    if not rows:
        raise UnreadableRecord("there is a header and no row below it")
    return RawTable("csv", tuple(names), rows, tuple(lines))


def _header(line: str) -> tuple[str, list[str]]:
    splits = {mark: _split(line.rstrip("\r"), mark) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(splits[mark]))
    return delimiter, [stripped(name) for name in splits[delimiter]]


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _refuse_names(names: list[str]) -> None:
    if not any(names):
        raise UnreadableRecord("the first line is no header of a CSV", _HEADER_LINE)
    for place, name in enumerate(names):
        if not name or len(name) > MAX_NAME or name in names[:place]:
            raise UnreadableRecord(f"column {place + 1} has no name of its own", _HEADER_LINE)


def _fields(line: str, delimiter: str, number: int, width: int) -> list[str]:
    fields = _split(line, delimiter)
    if not fields:
        raise UnreadableRecord("malformed CSV, such as a quote that is not closed", number)
    if len(fields) != width:
        raise UnreadableRecord(f"{len(fields)} fields, where the header has {width}", number)
    return [stripped(field) for field in fields]
