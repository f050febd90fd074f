"""The door for old .xls workbooks: BIFF8 records in an OLE2 file, looked at before xlrd reads them.

xlrd gives the last result of a formula and keeps silent about the formula itself, so records are
walked through once here.
"""

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.records.errors import UnreadableRecord
from ml.records.sheets import (
    DAMAGED,
    MAX_COLUMNS,
    MAX_SHEETS,
    NO_FORMULAS,
    NO_LINKS,
    NO_MACROS,
    NO_PASSWORD,
    Sheet,
    rows_of,
)

if TYPE_CHECKING:
    from xlrd.sheet import Sheet as XlrdSheet

MAGIC = b"\xd0\xcf\x11\xe0"

MAX_XLS_BYTES = 16 * 1024 * 1024
"""A full sheet of 65,536 rows with a dozen columns; xlrd holds every cell as an object."""

_BOF, _FILEPASS, _SUPBOOK = 0x0809, 0x002F, 0x01AE
_FORMULA, _SHARED_FORMULA, _ARRAY = 0x0006, 0x04BC, 0x0221
_GLOBALS, _OWN_BOOK = b"\x05\x00", b"\x01\x04"
_DATE_CELL, _ERROR_CELL = 3, 5

_FAULTS = (
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


def read_xls(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook, one after the other, hidden ones too.

    Raises:
        UnreadableRecord: damaged, encrypted, too large, or with macros, links to other files or
            formulas; the latter with its sheet.
    """
    import xlrd
    from xlrd.compdoc import CompDocError

    if len(data) > MAX_XLS_BYTES:
        raise UnreadableRecord(
            f"an .xls workbook of more than {MAX_XLS_BYTES // 2**20} MiB; save it as .xlsx or "
            "export a shorter time"
        )
    if _named(data, "EncryptedPackage"):
        raise UnreadableRecord(NO_PASSWORD)
    if _named(data, "_VBA_PROJECT") or _named(data, "Macros"):
        raise UnreadableRecord(NO_MACROS)
    try:
        _refuse_records(data)
        yield from _sheets(data)
    except UnreadableRecord:
        raise
    except (*_FAULTS, xlrd.XLRDError, CompDocError):
        raise UnreadableRecord(DAMAGED) from None


def _named(data: bytes, stream: str) -> bool:
    """Whether the OLE2 directory names such a stream or storage."""
    return stream.encode("utf-16-le") in data


def _refuse_records(data: bytes) -> None:
    """Nothing, unless a record tells of a password, a formula or another file."""
    sheet = 0
    for code, body in _records(_stream(data)):
        if code == _FILEPASS:
            raise UnreadableRecord(NO_PASSWORD)
        if code == _BOF and body[2:4] != _GLOBALS:
            sheet += 1
        if code == _SUPBOOK and body[2:4] != _OWN_BOOK:
            raise UnreadableRecord(NO_LINKS)
        if code in (_FORMULA, _SHARED_FORMULA, _ARRAY):
            row = struct.unpack_from("<H", body)[0] + 1
            raise UnreadableRecord(NO_FORMULAS, row, sheet=max(1, sheet))


def _stream(data: bytes) -> bytes:
    from xlrd.compdoc import CompDoc

    document = CompDoc(data, logfile=io.StringIO())
    memory, start, length = document.locate_named_stream("Workbook")
    if memory is None:
        raise UnreadableRecord(DAMAGED)
    return bytes(memory[start : start + length])


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        if code == 0 and length == 0:  # padding after the last part
            return
        yield code, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _sheets(data: bytes) -> Iterator[Sheet]:
    import xlrd

    with xlrd.open_workbook(
        file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True
    ) as book:
        if book.nsheets > MAX_SHEETS:
            raise UnreadableRecord(f"a workbook of more than {MAX_SHEETS} sheets")
        for number in range(1, book.nsheets + 1):
            sheet = book.sheet_by_index(number - 1)
            yield Sheet(number, rows_of(number, _rows(sheet, book.datemode)))
            book.unload_sheet(number - 1)


def _rows(sheet: "XlrdSheet", datemode: int) -> Iterator[tuple[object, ...]]:
    from xlrd.xldate import xldate_as_datetime

    for row in range(sheet.nrows):
        kinds = sheet.row_types(row, 0, MAX_COLUMNS)
        values = sheet.row_values(row, 0, MAX_COLUMNS)
        yield tuple(
            None
            if kind == _ERROR_CELL
            else (xldate_as_datetime(value, datemode) if kind == _DATE_CELL else value)
            for kind, value in zip(kinds, values, strict=True)
        )
