"""The door for uploaded text: size, kind of file, encoding and formulas, before any parsing."""

import csv
import io
import re

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord

MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 1_000_000  # nine and a half years at five minutes
MAX_CELLS = 20_000_000
MAX_LINE_BYTES = 64 * 1024

_UTF8_BOM = b"\xef\xbb\xbf"

_OTHER_FILES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip archive; upload the unpacked file"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook; export as CSV and upload that"),
    (b"PK\x05\x06", "an empty zip archive; upload the unpacked file"),
    (b"BZh", "a bzip2 archive; upload the unpacked file"),
    (b"\xfd7zXZ\x00", "an xz archive; upload the unpacked file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; upload the unpacked file"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; upload the unpacked file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; export as CSV and upload that"),
    (b"%PDF", "a PDF report; download the CSV export instead"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
)


def admit_text(data: bytes, *, limit: int = MAX_BYTES) -> bytes:
    """The upload without its byte-order mark, once it is known to be UTF-8 text of bearable size.

    Raises:
        UnreadableRecord: empty, over `limit` bytes, an archive, a workbook or other binary, or
            text in another encoding.
    """
    refuse_size(data, limit=limit)
    for magic, what in _OTHER_FILES:
        if data.startswith(magic):
            raise UnreadableRecord(f"this is {what}")
    text = data.removeprefix(_UTF8_BOM)
    if not text or text.isspace():
        raise UnreadableRecord("the file is empty")
    nul = text.find(b"\0")
    if nul >= 0:
        raise UnreadableRecord(
            "this is binary data or text in UTF-16; upload the export as UTF-8 text",
            line_at(text, nul),
        )
    if not text.isascii():
        _refuse_other_encodings(text)
    return text


def refuse_size(data: bytes, *, limit: int = MAX_BYTES) -> None:
    """Nothing, unless the upload has more than `limit` bytes.

    Raises:
        UnreadableRecord: it has.
    """
    if len(data) > limit:
        raise UnreadableRecord(f"the file has {len(data):,} bytes; at most {limit:,} are accepted")


def begins_like_a_formula(cell: str) -> bool:
    """Whether a spreadsheet would run this text, were it written to a cell."""
    return _FORMULA_TEXT.match(cell) is not None


def line_at(text: bytes, offset: int) -> int:
    """The 1-based line on which byte `offset` lies."""
    return text.count(b"\n", 0, offset) + 1


def _refuse_other_encodings(text: bytes) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise UnreadableRecord(
            "not UTF-8 text; save the export again with the encoding UTF-8",
            line_at(text, fault.start),
        ) from None


def admit_csv(body: bytes, *, first_line: int, width: int, delimiter: str) -> None:
    """Nothing, once every line of the table below its header is safe to parse.

    Args:
        body: the bytes below the header.
        first_line: line number of the first of them, for messages.
        width: how many fields the header has.
        delimiter: one character.

    Raises:
        UnreadableRecord: too many lines or cells, a line over 64 KiB, a line with more fields
            than the header, or a cell that a spreadsheet would run as a formula.
    """
    _refuse_too_much(body, delimiter)
    raw = np.frombuffer(body, dtype=np.uint8)
    ends = np.append(np.flatnonzero(raw == ord("\n")), raw.size)
    starts = np.append(0, ends[:-1] + 1)
    longest = int(np.argmax(ends - starts))
    if ends[longest] - starts[longest] > MAX_LINE_BYTES:
        raise UnreadableRecord(
            f"the line is longer than {MAX_LINE_BYTES:,} bytes", first_line + longest
        )
    splits = np.flatnonzero(raw == ord(delimiter))
    fields = np.diff(np.searchsorted(splits, np.append(starts, raw.size))) + 1
    for row in np.flatnonzero(fields > width):
        line = body[starts[row] : ends[row]].decode()
        if _count_fields(line, delimiter) > width:
            raise UnreadableRecord(
                f"the line has more fields than the {width} of the header", first_line + int(row)
            )
    _refuse_formulas(body, np.concatenate([starts, splits + 1]), first_line, delimiter)


def _count_fields(line: str, delimiter: str) -> int:
    """Fields of one line with its quotes; a line that csv cannot split counts by delimiters."""
    try:
        return len(next(csv.reader(io.StringIO(line), delimiter=delimiter), []))
    except csv.Error:
        return line.count(delimiter) + 1


def _refuse_too_much(body: bytes, delimiter: str) -> None:
    if body.count(b"\n") > MAX_LINES:
        raise UnreadableRecord(f"the file has more than {MAX_LINES:,} lines")
    if body.count(delimiter.encode()) > MAX_CELLS:
        raise UnreadableRecord(f"the file has more than {MAX_CELLS:,} cells")


# "=…" and "@…" always run; a sign does so before a call or a DDE channel, as in "-2+3+cmd|…".
# A plain sign starts many an honest note ("+ snack"), so a sign alone is let through.
_FORMULA = rb'(?:^|[%s\n])"?(?:[=@]|[+-][\w+*/.-]*[(|!])'
_FORMULA_TEXT = re.compile(r"[=@]|[+-][\w+*/.-]*[(|!]")


def _refuse_formulas(
    body: bytes, cells: npt.NDArray[np.int64], first_line: int, delimiter: str
) -> None:
    """`cells` are the offsets at which cells begin."""
    raw = np.frombuffer(body, dtype=np.uint8)
    cells = cells[cells < raw.size]
    quoted = cells[raw[cells] == ord('"')] + 1
    heads = np.concatenate([cells, quoted[quoted < raw.size]])
    risky = np.isin(np.arange(256), np.frombuffer(b"=@+-", dtype=np.uint8))
    suspects = heads[risky[raw[heads]]]
    if suspects.size == 0:
        return
    formula = re.compile(_FORMULA % delimiter.encode())
    found = formula.search(body, max(0, int(suspects.min()) - 2))
    if found is not None:
        raise UnreadableRecord(
            "a cell begins like a spreadsheet formula; export the file again from the vendor",
            first_line + line_at(body, found.end() - 1) - 1,
        )
