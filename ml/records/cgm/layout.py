"""Telling which format a table is in, and where its columns are."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ml.records.cgm.formats import (
    FORMATS,
    PLAIN_WITH_UNIT_COLUMN,
    CsvFormat,
    JsonFormat,
    Stream,
)
from ml.records.errors import UnreadableRecord
from ml.records.units import unit_named

_DELIMITERS = ",;\t"
_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Layout:
    """Where one table keeps what its format promises.

    Attributes:
        format: the device format.
        delimiter: one character; empty in a workbook.
        width: number of columns.
        time, wall, record, device_clock, device, unit_column: column indices, None where absent.
        streams: each stream with the index of its glucose column.
        unit: the unit, where the header or the format names it.
        title: cells of the lines above the header; they carry names: use, never keep.
        body: offset of the first byte below the header; of the first row in a workbook.
        first_line: line or row number there.
    """

    format: CsvFormat
    delimiter: str
    width: int
    time: int
    wall: int | None
    record: int | None
    device_clock: int | None
    device: int | None
    unit_column: int | None
    streams: tuple[tuple[Stream, int], ...]
    unit: str | None
    title: tuple[str, ...]
    body: int
    first_line: int


def recognise(text: bytes) -> Layout:
    """The layout of the one CSV format whose header is found in `text`.

    Raises:
        UnreadableRecord: no format of `FORMATS` has this header, or it names two units.
    """
    title: list[str] = []
    for number, (line, end) in enumerate(_first_lines(text, _deepest_header()), start=1):
        for delimiter in _DELIMITERS:
            names = _cells(line, delimiter)
            for known in FORMATS:
                if _may_head(known, number, workbook=False):
                    layout = _fit(known, names, delimiter, tuple(title), end, number + 1)
                    if layout is not None:
                        return layout
        title.extend(_cells(line, ","))
    raise _not_recognised(text)


def recognise_sheet(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of the one workbook format whose header is among the first of `rows`.

    Raises:
        UnreadableRecord: the header names two units.
    """
    title: list[str] = []
    for number, row in enumerate(rows[: _deepest_header()], start=1):
        names = [_plain(cell) for cell in row]
        while names and not names[-1]:
            names.pop()
        for known in FORMATS:
            if _may_head(known, number, workbook=True):
                layout = _fit(known, names, "", tuple(title), number, number + 1)
                if layout is not None:
                    return layout
        title.extend(names)
    return None


def supported(*, workbook: bool) -> str:
    """The titles of what is read from CSV and JSON, or from workbooks."""
    titles = (k.title for k in FORMATS if getattr(k, "workbook", False) == workbook)
    return "; ".join(dict.fromkeys(titles))


def _may_head(
    known: CsvFormat | JsonFormat, number: int, *, workbook: bool
) -> TypeGuard[CsvFormat]:
    """Whether line `number` may be the header of `known` in this container."""
    return (
        isinstance(known, CsvFormat)
        and known.workbook == workbook
        and number <= known.header_within
    )


def _deepest_header() -> int:
    return max(known.header_within for known in FORMATS if isinstance(known, CsvFormat))


def _first_lines(text: bytes, count: int) -> Iterator[tuple[str, int]]:
    """Each line with the offset of the byte after it."""
    start = 0
    for _ in range(count):
        if start >= len(text):
            return
        end = text.find(b"\n", start, start + _HEAD_BYTES)
        end = min(len(text), start + _HEAD_BYTES) if end < 0 else end + 1
        yield text[start:end].decode("utf-8", errors="replace"), end
        start = end


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return []
    return [_plain(cell) for cell in row]


def _plain(cell: str) -> str:
    return " ".join(cell.split()).lower()


def _fit(
    known: CsvFormat, names: list[str], delimiter: str, title: tuple[str, ...], body: int, line: int
) -> Layout | None:
    """The layout of `known` on a header of these names, or None if it is not its header."""
    if known.widths is not None and len(names) not in known.widths:
        return None
    time, wall = _find(known.time, names), _find(known.wall, names)
    record = _find(known.record, names)
    unit_column = _find(known.unit_column, names)
    found = [(stream, _find(stream.column, names)) for stream in known.streams]
    streams = tuple((stream, index) for stream, index in found if index is not None)
    if time is None or not streams:
        return None
    wanted = ((known.record, record), (known.unit_column, unit_column), (known.wall, wall))
    if any(pattern is not None and index is None for pattern, index in wanted):
        return None
    units = {_unit_in(stream.column, names[index]) for stream, index in streams} - {None}
    if len(units) > 1:
        raise UnreadableRecord("the header names two units of glucose", line - 1)
    return Layout(
        format=known,
        delimiter=delimiter,
        width=len(names),
        time=time,
        wall=wall,
        record=record,
        device_clock=_find(known.device_clock, names),
        device=_find(known.device, names),
        unit_column=unit_column,
        streams=streams,
        unit=units.pop() if units else known.unit,
        title=title,
        body=body,
        first_line=line,
    )


def _find(pattern: str | None, names: list[str]) -> int | None:
    if pattern is None:
        return None
    fits = (index for index, name in enumerate(names) if re.fullmatch(pattern, name))
    return next(fits, None)


def _unit_in(pattern: str, name: str) -> str | None:
    found = re.fullmatch(pattern, name)
    spelled = found.groupdict().get("unit") if found is not None else None
    return None if spelled is None else unit_named(spelled)


def _not_recognised(text: bytes) -> UnreadableRecord:
    line, _ = next(_first_lines(text, 1))
    for delimiter in _DELIMITERS:
        names = _cells(line, delimiter)
        value = PLAIN_WITH_UNIT_COLUMN.streams[0].column
        timed = len(names) == 2 and _find(PLAIN_WITH_UNIT_COLUMN.time, names) is not None
        if timed and _find(value, names) is not None:
            return UnreadableRecord(
                "the header names no unit; call the glucose column glucose_mg_dl or "
                "glucose_mmol_l, or add a column unit",
                1,
            )
    titles = f"{supported(workbook=False)}; {supported(workbook=True)}"
    return UnreadableRecord(f"not a format that is read here, which are: {titles}", 1)
