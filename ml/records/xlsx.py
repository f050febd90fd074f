"""The door for .xlsx workbooks: a zip of XML, looked at from outside before openpyxl reads it.

Nothing is unpacked to disk. What is inflated is bounded by the sizes that the zip declares, which
zipfile enforces while it reads; what becomes of it is bounded by counting tags and attributes,
since openpyxl holds each of them as an object (a row of millions of empty cells deflates to
nothing).
"""

import io
import re
import struct
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.records.errors import UnreadableRecord
from ml.records.sheets import (
    DAMAGED,
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
MAX_INFLATED = 64 * 1024 * 1024
MAX_STRINGS = 16 * 1024 * 1024
MAX_OTHER_PART = 2 * 1024 * 1024
"""Bytes of all parts together, of the shared strings, and of styles and other XML."""
MAX_MARKS = 4_000_000
"""Tags and attributes in all XML: some 140,000 readings of two full cells with their styles."""

_TOO_MUCH = (
    f"the workbook unpacks to more than is read ({MAX_INFLATED // 2**20} MiB, of which "
    f"{MAX_STRINGS // 2**20} MiB of texts; {MAX_MARKS:,} tags and attributes); "
    "export a shorter time"
)
_ENCRYPTED = 0x1
_CHUNK = 1024 * 1024
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
    """Nothing, once the zip's directory and the XML parts are harmless to read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _refuse_directory(parts)
            marks = 0
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    marks += _marks(archive, part)
                    if marks > MAX_MARKS:
                        raise UnreadableRecord(_TOO_MUCH)
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
        raise UnreadableRecord(_TOO_MUCH)


def _bound(name: str) -> int:
    if name.startswith("xl/worksheets/") or not name.endswith((".xml", ".rels")):
        return MAX_INFLATED
    return MAX_STRINGS if name.endswith("sharedStrings.xml") else MAX_OTHER_PART


def _marks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Tags and attributes of one part.

    XML that begins with anything but its root element may declare entities that grow: refused.
    """
    marks = 0
    with archive.open(part) as content:
        chunk = content.read(_CHUNK)
        if _PROLOG.match(chunk) is None:
            raise UnreadableRecord(DAMAGED)
        while chunk:
            marks += chunk.count(b"<") + chunk.count(b"=")
            chunk = content.read(_CHUNK)
    return marks


def _sheets(data: bytes) -> Iterator[Sheet]:
    import openpyxl

    # It warns of odd parts by quoting them, names of sheets and people included.
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
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
    for index, row in enumerate(sheet.iter_rows(), start=1):
        kinds = {cell.data_type for cell in row}
        if "f" in kinds:
            raise UnreadableRecord(NO_FORMULAS, index, sheet=number)
        yield tuple(None if cell.data_type == "e" else cell.value for cell in row)
