"""A simulated trace as the workbooks that Sibionics' app and the Shanghai data sets are made of."""

import io
from datetime import UTC, datetime

import numpy as np
import openpyxl

from ml.simulation.glucose import SimulatedTrace
from scripts.simulation.biff import to_xls

Cell = str | float | datetime | None


def to_sibionics_xlsx(trace: SimulatedTrace, *, gmt: int = -3) -> bytes:
    """Texts only: wall time ``gmt`` hours ahead of UTC with its offset, and mg/dL."""
    rows: list[list[Cell]] = [["Time", "Sensor Reading(mg/dL)"]]
    for utc, value in zip(trace.utc, np.clip(trace.mg_dl, 36, 450), strict=True):
        at = datetime.fromtimestamp(int(utc) + gmt * 3600, UTC)
        rows.append([f"{at:%d-%m-%Y %H:%M} GMT{gmt:+d}", str(int(value))])
    return to_xlsx(rows, sheet="Sensor Glucose")


def to_shanghai_rows(trace: SimulatedTrace) -> list[list[Cell]]:
    """Dates as dates, glucose in mmol/L times 18, meals and insulin beside it as text."""
    rows: list[list[Cell]] = [
        ["Date", "CGM (mg / dl)", "CBG (mg / dl)", "Blood Ketone (mmol / L)", "Dietary intake"]
    ]
    shown = np.clip(trace.mg_dl, 40, 500)
    for i, (local, value) in enumerate(zip(trace.local, shown, strict=True)):
        at = datetime.fromtimestamp(int(local) // 60 * 60, UTC).replace(tzinfo=None)
        meal = "Rice 100 g" if i % 20 == 3 else None
        rows.append([at, round(float(value) / 18, 1) * 18, None, None, meal])
    return rows


def to_shanghai_xlsx(trace: SimulatedTrace, *, sheet: str = "1001_0_20210730") -> bytes:
    return to_xlsx(to_shanghai_rows(trace), sheet=sheet)


def to_shanghai_xls(trace: SimulatedTrace, *, sheet: str = "1001_0_20210730") -> bytes:
    return to_xls(to_shanghai_rows(trace), sheet=sheet)


def to_xlsx(rows: list[list[Cell]], *, sheet: str = "Sheet1") -> bytes:
    """A workbook of one sheet; a text that begins with = becomes a formula."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
