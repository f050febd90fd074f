"""Glucose rows out of a workbook: the first sheet that is in a known format."""

from collections.abc import Iterator, Sequence

import pandas as pd

from ml.records.cgm.layout import Layout, recognise_sheet, supported
from ml.records.cgm.table import readings
from ml.records.cgm.trace import RawReadings
from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_BYTES, refuse_size
from ml.records.sheets import Sheet
from ml.records.xls import MAGIC as XLS
from ml.records.xls import read_xls
from ml.records.xlsx import MAGIC as XLSX
from ml.records.xlsx import is_workbook, read_xlsx


def looks_like_workbook(data: bytes) -> bool:
    """Whether the first bytes, never a name, say so; a zip has to hold a workbook's parts.

    Raises:
        UnreadableRecord: a zip that cannot be opened.
    """
    return data.startswith(XLS) or (data.startswith(XLSX) and is_workbook(data))


def read_workbook(data: bytes, *, limit: int = MAX_BYTES) -> tuple[RawReadings, int]:
    """Every glucose row of the first sheet with a known header, and that sheet's number.

    Raises:
        UnreadableRecord: as the readers of workbooks and tables; with sheet and row.
    """
    refuse_size(data, limit=limit)
    for sheet in _sheets(data):
        try:
            layout = recognise_sheet(sheet.rows)
            if layout is not None:
                return readings(_frame(sheet.rows[layout.body :], layout), layout), sheet.number
        except UnreadableRecord as fault:
            raise fault.in_sheet(sheet.number) from None
    raise UnreadableRecord(
        f"no sheet of the workbook is in a format that is read here, which are: "
        f"{supported(workbook=True)}; save any other as CSV"
    )


def _sheets(data: bytes) -> Iterator[Sheet]:
    return read_xls(data) if data.startswith(XLS) else read_xlsx(data)


def _frame(rows: Sequence[Sequence[str]], layout: Layout) -> pd.DataFrame:
    """The columns that matter, as `readings` takes them."""
    categories = (layout.record, layout.device, layout.unit_column, *(i for _, i in layout.streams))
    texts = (layout.time, layout.wall, layout.device_clock)
    wanted = dict.fromkeys(i for i in (*categories, *texts) if i is not None)
    frame = pd.DataFrame(
        {i: [row[i] if i < len(row) and row[i] else None for row in rows] for i in wanted},
        dtype=object,
    )
    kinds = {i: "category" for i in dict.fromkeys(categories) if i is not None}
    return frame.astype(kinds)
