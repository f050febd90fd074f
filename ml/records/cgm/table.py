"""Glucose rows out of any table whose layout is known, column by column."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.records.cgm.formats import Dates, Stream
from ml.records.cgm.layout import Layout
from ml.records.cgm.timestamps import RowFault, parse_times
from ml.records.cgm.trace import RawReadings
from ml.records.cgm.values import Glossary, read_cells, unit_by_range
from ml.records.errors import UnreadableRecord
from ml.records.intake import admit_csv
from ml.records.units import unit_named

_NO_READINGS = "no glucose readings in the file"


@dataclass(frozen=True)
class _Rows:
    """Glucose of one stream: row numbers in the table, and what their cells mean."""

    index: npt.NDArray[np.intp]
    cells: npt.NDArray[np.intp]
    glossary: Glossary
    scanned: bool


def read_table(text: bytes, layout: Layout) -> RawReadings:
    """Every glucose row of the file, in file order.

    Raises:
        UnreadableRecord: unsafe or malformed lines, no readings, a cell that is no glucose or
            no time, two units; each with its line.
    """
    body = text[layout.body :]
    if not body.strip():
        raise UnreadableRecord(_NO_READINGS)
    admit_csv(body, first_line=layout.first_line, width=layout.width, delimiter=layout.delimiter)
    return readings(_parse(body, layout), layout)


def readings(frame: pd.DataFrame, layout: Layout) -> RawReadings:
    """Every glucose row of a table, in its order.

    Args:
        frame: the columns that `layout` names, labelled by index, one row per line of the file:
            glucose, record type, device and unit as categories, times as text; empty cells as NaN.
        layout: where what is.

    Raises:
        UnreadableRecord: as `read_table`.
    """
    unit = _unit(frame, layout)
    streams = [_rows(frame, stream, column, unit, layout) for stream, column in layout.streams]
    index = np.concatenate([rows.index for rows in streams])
    if index.size == 0:
        raise UnreadableRecord(_NO_READINGS)
    order = np.argsort(index, kind="stable")
    index = index[order]

    def along(column: str) -> npt.NDArray[Any]:
        parts = [getattr(rows.glossary, column)[rows.cells] for rows in streams]
        return np.concatenate(parts)[order]

    local, utc = _moments(frame, index, layout)
    scanned = np.concatenate([np.full(rows.index.size, rows.scanned) for rows in streams])
    return RawReadings(
        format=layout.format.name,
        unit=unit,
        local=local,
        utc=utc,
        tenths=along("tenths"),
        censored=along("censored"),
        worded=along("worded"),
        scanned=scanned[order],
        device_clock=_device_clock(frame, index, layout),
        device=_codes(frame, layout.device, index),
        lines=index + layout.first_line,
    )


def _parse(body: bytes, layout: Layout) -> pd.DataFrame:
    """The columns that matter, labelled by index; repeated texts as categories."""
    roles = (layout.record, layout.device, layout.unit_column, *(i for _, i in layout.streams))
    kinds: dict[str, Any] = {str(index): "category" for index in roles if index is not None}
    times = [str(index) for index in (layout.time, layout.wall) if index is not None]
    clock = [] if layout.device_clock is None else [str(layout.device_clock)]
    # A header of our own: the file's may repeat a name, and its lines may all be shorter.
    names = layout.delimiter.join(map(str, range(layout.width)))
    try:
        frame = pd.read_csv(
            io.BytesIO(names.encode() + b"\n" + body),
            sep=layout.delimiter,
            usecols=[*times, *kinds, *clock],
            dtype={**dict.fromkeys(times, str), **kinds},
            index_col=False,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            low_memory=False,
            encoding="utf-8",
        )
    except pd.errors.ParserError as fault:
        found = re.search(r"(?:line|row) (\d+)", str(fault))
        line = None if found is None else layout.first_line + int(found[1]) - 1
        raise UnreadableRecord("malformed CSV, such as a quote never closed", line) from None
    return frame.set_axis(frame.columns.astype(int), axis=1)


def _unit(frame: pd.DataFrame, layout: Layout) -> str:
    if layout.unit is not None:
        return layout.unit
    if layout.unit_column is not None:
        return _unit_of_rows(frame, layout, layout.unit_column)
    cells = [str(text) for _, i in layout.streams for text in frame[i].cat.categories]
    unit = unit_by_range(cells)
    if unit is None:
        raise UnreadableRecord(
            "the file names no unit, and its values are neither all mg/dL nor all mmol/L"
        )
    return unit


def _unit_of_rows(frame: pd.DataFrame, layout: Layout, column: int) -> str:
    glucose = frame[layout.streams[0][1]].notna()
    cells = frame[column][glucose].tolist()
    units = [unit_named(cell) if isinstance(cell, str) else None for cell in cells]
    if not units:
        raise UnreadableRecord(_NO_READINGS)
    for row, unit in zip(np.flatnonzero(glucose), units, strict=True):
        if unit is None or unit != units[0]:
            raise UnreadableRecord(
                "the unit column has to say mg/dL on every row, or mmol/L on every row",
                layout.first_line + int(row),
            )
    return str(units[0])


def _rows(frame: pd.DataFrame, stream: Stream, column: int, unit: str, layout: Layout) -> _Rows:
    """The rows of `stream` that hold a reading.

    Raises:
        UnreadableRecord: the first of them whose cell is no glucose.
    """
    values = frame[column].cat
    codes = values.codes.to_numpy().astype(np.intp)
    mine = codes >= 0
    if stream.record is not None and layout.record is not None:
        records = frame[layout.record].cat
        wanted = [str(text).strip() == stream.record for text in records.categories]
        mine &= _along(wanted, records.codes.to_numpy())
    glossary = read_cells([str(text) for text in values.categories], unit, layout.format)
    mine &= ~_along(glossary.missing, codes)
    faulty = mine & _along([fault is not None for fault in glossary.faults], codes)
    if faulty.any():
        row = int(np.argmax(faulty))
        raise UnreadableRecord(str(glossary.faults[codes[row]]), layout.first_line + row)
    index = np.flatnonzero(mine)
    return _Rows(index=index, cells=codes[index], glossary=glossary, scanned=stream.scanned)


def _along(flags: Iterable[bool], codes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """The flag of each row's category; False where the cell is empty, whose code is -1."""
    known: npt.NDArray[np.bool_] = np.array([*flags, False], dtype=bool)[codes]
    return known


def _moments(
    frame: pd.DataFrame, index: npt.NDArray[np.intp], layout: Layout
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None]:
    """Wall times, and moments where the file has them."""
    wall, offsets = _times(frame, layout.time, index, layout)
    if layout.wall is None:
        return wall, None if offsets is None else wall - offsets
    utc = wall if offsets is None else wall - offsets
    return _times(frame, layout.wall, index, layout)[0], utc


def _times(
    frame: pd.DataFrame, at: int, index: npt.NDArray[np.intp], layout: Layout
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None]:
    column = frame[at]
    absent = column.isna().to_numpy()[index]
    if absent.any():
        row = int(index[np.argmax(absent)])
        raise UnreadableRecord("a glucose reading without a time", layout.first_line + row)
    cells = column.to_numpy()[index].tolist()
    try:
        return parse_times(cells, layout.format.dates, layout.title)
    except RowFault as fault:
        line = layout.first_line + int(index[fault.row])
        raise UnreadableRecord(fault.reason, line) from None


def _device_clock(
    frame: pd.DataFrame, index: npt.NDArray[np.intp], layout: Layout
) -> npt.NDArray[np.float64]:
    """Seconds on the transmitter's clock; NaN where there is none or it is illegible."""
    if layout.device_clock is None:
        return np.full(index.size, np.nan)
    column = frame[layout.device_clock].iloc[index]
    seconds = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    if np.isnan(seconds).all() and column.notna().all():
        try:
            wall, _ = parse_times([str(cell) for cell in column], Dates.ISO, ())
        except RowFault:
            return seconds
        return wall.astype(np.float64)
    return seconds


def _codes(
    frame: pd.DataFrame, column: int | None, index: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    if column is None:
        return np.zeros(index.size, dtype=np.int64)
    return frame[column].cat.codes.to_numpy().astype(np.int64)[index]
