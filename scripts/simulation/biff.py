"""The smallest old .xls workbook there is: BIFF8 records in an OLE2 file.

Written by hand, since nothing current writes the format. Layout: [MS-XLS] 2.4, [MS-CFB] 2.
"""

import struct
from collections.abc import Sequence
from datetime import datetime

_SECTOR = 512
_LEAST_STREAM = 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_GENERAL, _DATE_TIME = 0, 1  # index of the cell format
_DAY_0 = datetime(1899, 12, 30)


def to_xls(
    rows: Sequence[Sequence[str | float | datetime | None]],
    *,
    sheet: str = "Sheet1",
    more_globals: bytes = b"",
    more_cells: bytes = b"",
    more_entry: str | None = None,
) -> bytes:
    """A workbook of one sheet.

    Args:
        rows: cells; None is an empty one.
        sheet: its name.
        more_globals, more_cells: further records of the workbook and of the sheet.
        more_entry: name of a further storage in the file's directory.
    """
    body = b"".join(
        _cell(row, column, value)
        for row, cells in enumerate(rows)
        for column, value in enumerate(cells)
        if value is not None
    )
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0)
    page = _bof(0x0010) + record(0x0200, size) + body + more_cells + record(0x000A)
    head = _bof(0x0005) + more_globals + record(0x0042, struct.pack("<H", 1200))
    head += _format(0) + _format(22)  # 22: m/d/yy h:mm
    name = b"\x01" + sheet.encode("utf-16-le")
    start = len(head) + 4 + 7 + len(name) + 4
    head += record(0x0085, struct.pack("<IBBB", start, 0, 0, len(sheet)) + name) + record(0x000A)
    return _compound(head + page, more_entry)


def record(code: int, body: bytes = b"") -> bytes:
    """One BIFF record."""
    return struct.pack("<HH", code, len(body)) + body


def formula(row: int, column: int, value: float) -> bytes:
    """A cell whose value was worked out by ``=1``."""
    head = struct.pack("<HHHdHIH", row, column, _GENERAL, value, 0, 0, 3)
    return record(0x0006, head + b"\x1e\x01\x00")


def _bof(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _format(number: int) -> bytes:
    return record(0x00E0, struct.pack("<HHH", 0, number, 0) + bytes(14))


def _cell(row: int, column: int, value: str | float | datetime) -> bytes:
    if isinstance(value, str):
        text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
        return record(0x0204, struct.pack("<HHH", row, column, _GENERAL) + text)
    if isinstance(value, datetime):
        days = (value - _DAY_0).total_seconds() / 86_400
        return record(0x0203, struct.pack("<HHHd", row, column, _DATE_TIME, days))
    return record(0x0203, struct.pack("<HHHd", row, column, _GENERAL, value))


def _compound(stream: bytes, more_entry: str | None) -> bytes:
    """The stream `Workbook` in an OLE2 file; sectors: allocation table, directory, stream."""
    stream = stream.ljust(_LEAST_STREAM, b"\0")
    stream += bytes(-len(stream) % _SECTOR)
    count = len(stream) // _SECTOR
    tables = 1
    while tables * (_SECTOR // 4) < tables + 1 + count:
        tables += 1
    first = tables + 1
    chain = [*range(first + 1, first + count), _END]
    fat = [*[_FAT] * tables, _END, *chain]
    fat += [_FREE] * (tables * (_SECTOR // 4) - len(fat))
    entries = [_entry("Root Entry", 5, child=1, start=_END, size=0)]
    right = _FREE if more_entry is None else 2
    entries.append(_entry("Workbook", 2, right=right, start=first, size=len(stream)))
    if more_entry is not None:
        entries.append(_entry(more_entry, 1, start=0, size=0))
    entries += [bytes(128)] * (4 - len(entries))
    ids = struct.pack("<109I", *range(tables), *[_FREE] * (109 - tables))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0)
    head += struct.pack("<IIIII", _LEAST_STREAM, _END, 0, _END, 0) + ids
    return head + struct.pack(f"<{len(fat)}I", *fat) + b"".join(entries) + stream


def _entry(
    name: str, kind: int, *, child: int = _FREE, right: int = _FREE, start: int, size: int
) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    return head + struct.pack("<III36xIQ", _FREE, right, child, start, size)
