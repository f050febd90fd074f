"""The door for .xlsx workbooks: a zip of XML, looked at from outside before openpyxl reads it.

Nothing is unpacked to disk. What is inflated is bounded by the sizes that the zip declares, which
zipfile enforces while it reads.
"""

import io
import re
import struct
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
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
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

MAGIC = b"PK\x03\x04"

MAX_PARTS = 512
MAX_INFLATED = 128 * 1024 * 1024
MAX_STRINGS = 16 * 1024 * 1024
MAX_OTHER_PART = 2 * 1024 * 1024
"""Bytes of sheets and all, of the shared strings, and of styles and other parts held as objects."""

_ENCRYPTED = 0x1
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<[A-Za-z_]")
_MACROS = re.compile(r"xl/(?:vbaProject|activeX|embeddings|ctrlProps|macrosheets)", re.IGNORECASE)
_LINKS = re.compile(r"xl/(?:externalLinks|connections|queryTables)", re.IGNORECASE)

# What a damaged zip, XML or workbook makes zipfile, expat and openpyxl raise.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
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


def is_workbook(data: bytes) -> bool:
    """Whether this zip has the parts of a workbook; a zip of anything else has not.

    Raises:
        UnreadableRecord: it cannot be opened as a zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except _FAULTS:
        raise UnreadableRecord(DAMAGED) from None


def read_xlsx(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook, one after the other, hidden ones too.

    Raises:
        UnreadableRecord: damaged, encrypted, too large inside, or with macros, links to other
            files or formulas; the latter with sheet and row.
    """
    _admit(data)
    try:
        yield from _sheets(data)
    except UnreadableRecord:
        raise
    except _FAULTS:
        raise UnreadableRecord(DAMAGED) from None


def _admit(data: bytes) -> None:
    """Nothing, once the zip's directory and the head of each XML part are harmless."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _refuse_directory(parts)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_prolog(archive, part)
    except UnreadableRecord:
        raise
    except _FAULTS:
        raise UnreadableRecord(DAMAGED) from None


def _refuse_directory(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if len(names) > MAX_PARTS or len(set(names)) < len(names):
        raise UnreadableRecord(DAMAGED)
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableRecord(NO_PASSWORD)
    if any(_MACROS.match(name) for name in names):
        raise UnreadableRecord(NO_MACROS)
    if any(_LINKS.match(name) for name in names):
        raise UnreadableRecord(NO_LINKS)
    if sum(part.file_size for part in parts) > MAX_INFLATED or any(
        part.file_size > _bound(part.filename) for part in parts
    ):
        raise UnreadableRecord(
            f"the workbook unpacks to more than the {MAX_INFLATED // 2**20} MiB that are read "
            f"({MAX_STRINGS // 2**20} MiB of texts); export a shorter time"
        )


def _bound(name: str) -> int:
    if name.startswith("xl/worksheets/") or not name.endswith((".xml", ".rels")):
        return MAX_INFLATED
    return MAX_STRINGS if name.endswith("sharedStrings.xml") else MAX_OTHER_PART


def _refuse_prolog(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """XML that begins with anything but its root element may declare entities that grow."""
    with archive.open(part) as content:
        if _PROLOG.match(content.read(1024)) is None:
            raise UnreadableRecord(DAMAGED)


def _sheets(data: bytes) -> Iterator[Sheet]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    try:
        if len(book.worksheets) > MAX_SHEETS:
            raise UnreadableRecord(f"a workbook of more than {MAX_SHEETS} sheets")
        for number, sheet in enumerate(book.worksheets, start=1):
            yield Sheet(number, rows_of(number, _rows(sheet, number)))
    finally:
        book.close()


def _rows(sheet: "ReadOnlyWorksheet", number: int) -> Iterator[tuple[object, ...]]:
    """Values of each row; the sheet's own word on its size is not believed."""
    sheet.reset_dimensions()
    for index, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if any(cell.data_type == "f" for cell in row):
            raise UnreadableRecord(NO_FORMULAS, index, sheet=number)
        yield tuple(None if cell.data_type == "e" else cell.value for cell in row)
