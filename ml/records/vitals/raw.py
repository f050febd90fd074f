"""A vitals file before anything is understood: named columns of texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.records.errors import UnreadableRecord

MAX_ROWS = 50_000  # a month at one a minute
MAX_COLUMNS = 500
MAX_CELLS = 2_000_000
MAX_NAME = 200


@dataclass(frozen=True)
class RawTable:
    """Cells in file order.

    Attributes:
        format: ``csv`` or ``json``.
        names: of the columns, or paths of keys with points between them; never repeated.
        rows: texts, each row as long as `names`; empty where a row has nothing.
        lines: 1-based line on which each row begins; None where the file does not tell.
    """

    format: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: tuple[int | None, ...]

    def column(self, index: int) -> list[str]:
        """The cells of one column."""
        return [row[index] for row in self.rows]

    def fault(self, row: int, reason: str) -> UnreadableRecord:
        """What is wrong with `row`, 0-based, said with its place."""
        line = self.lines[row]
        return UnreadableRecord(reason if line else f"row {row + 1}: {reason}", line)


def refuse_excess(rows: int, columns: int) -> None:
    """Nothing, unless that is more than a person's series.

    Raises:
        UnreadableRecord: too many rows, columns or cells.
    """
    if rows > MAX_ROWS:
        raise UnreadableRecord(
            f"more than {MAX_ROWS:,} rows: contribute a shorter period, or a wider step"
        )
    if columns > MAX_COLUMNS:
        raise UnreadableRecord(f"more than {MAX_COLUMNS:,} columns")
    if rows * columns > MAX_CELLS:
        raise UnreadableRecord(f"more than {MAX_CELLS:,} cells: leave out columns or rows")
