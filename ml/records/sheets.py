"""What both kinds of workbook have in common: rows of text, and how far reading them goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ml.records.errors import UnreadableRecord
from ml.records.intake import begins_like_a_formula

MAX_SHEETS = 32
MAX_ROWS = 300_000
MAX_COLUMNS = 128
MAX_CELLS = 4_000_000

DAMAGED = "the workbook is damaged, or no workbook; export it again from the vendor"
NO_FORMULAS = "a cell holds a formula; export the file again from the vendor"
NO_MACROS = "the workbook carries macros or embedded objects; export it again from the vendor"
NO_LINKS = "the workbook reads from other files; export it again from the vendor"
NO_PASSWORD = "the workbook is encrypted; save it without a password"


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Attributes:
        number: 1-based; its name may be a person's and is left behind.
        rows: cells of each row as text, from row 1 and column 1 on; dates in ISO, numbers with all
            their digits, empty cells and rows as empty text.
    """

    number: int
    rows: list[list[str]]


def rows_of(number: int, source: Iterator[tuple[object, ...]]) -> list[list[str]]:
    """The rows of sheet `number` as text, empty ones at its end left out.

    Raises:
        UnreadableRecord: too many rows or cells, or a text that a spreadsheet would run.
    """
    rows: list[list[str]] = []
    cells = used = 0
    for row in source:
        texts = [_text(value) for value in row[:MAX_COLUMNS]]
        cells += len(row)
        rows.append(texts)
        if len(rows) > MAX_ROWS or cells > MAX_CELLS:
            raise UnreadableRecord(
                f"a sheet of more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells", sheet=number
            )
        if any(texts):
            used = len(rows)
        if any(text and text[0] in "=@+-" and begins_like_a_formula(text) for text in texts):
            raise UnreadableRecord(
                "a cell begins like a spreadsheet formula; export the file again from the vendor",
                len(rows),
                sheet=number,
            )
    return rows[:used]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) + timedelta(microseconds=500_000)).isoformat(
            timespec="seconds"
        )
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()
