"""A simulated trace as Dexcom Clarity exports it: preamble, event rows and ragged lines too."""

import csv
import io
from datetime import UTC, datetime

import numpy as np

from ml.simulation.glucose import SimulatedTrace

LOWEST, HIGHEST = 40, 400
_MG_DL_PER_MMOL_L = 18.018
_BOM = b"\xef\xbb\xbf"


def to_clarity_csv(
    trace: SimulatedTrace,
    *,
    quoted: bool = False,
    unit: str = "mg/dL",
    name: tuple[str, str] = ("Simulated", "Patient"),
    transmitter: str = "8SIM01",
    bom: bool = True,
) -> bytes:
    """The export as Clarity writes it: sorted by wall time, without offset, LF line ends.

    Args:
        trace: what the sensor recorded; readings below 40 are written ``Low``, above 400 ``High``.
        quoted: the newer form, every field in quotes.
        unit: ``mg/dL`` or ``mmol/L`` (whole numbers or one decimal).
        name: first and last name in the preamble.
        transmitter: its id, on every reading.
        bom: whether a byte-order mark comes first; G7 exports have none.
    """
    text = io.StringIO()
    writer = csv.writer(
        text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\n"
    )
    writer.writerow(_header(unit))
    rows = [*_preamble(name, unit), *sorted(_readings(trace, unit, transmitter) + _events(trace))]
    for index, row in enumerate(rows, start=1):
        writer.writerow([index, *row])
    return (_BOM if bom else b"") + text.getvalue().encode()


def _header(unit: str) -> list[str]:
    return [
        "Index",
        "Timestamp (YYYY-MM-DDThh:mm:ss)",
        "Event Type",
        "Event Subtype",
        "Patient Info",
        "Device Info",
        "Source Device ID",
        f"Glucose Value ({unit})",
        "Insulin Value (u)",
        "Carb Value (grams)",
        "Duration (hh:mm:ss)",
        f"Glucose Rate of Change ({unit}/min)",
        "Transmitter Time (Long Integer)",
        "Transmitter ID",
    ]


_DEVICE = "Android G6"


def _preamble(name: tuple[str, str], unit: str) -> list[list[str]]:
    """Ten untimed rows; the alert rows put thresholds where readings have their glucose."""

    def row(kind: str, subtype: str = "", patient: str = "", glucose: int = 0, **at: str):
        device, source = at.get("device", ""), at.get("source", _DEVICE)
        threshold = _shown(glucose, unit) if glucose else ""
        duration, rate = at.get("duration", ""), at.get("rate", "")
        return ["", kind, subtype, patient, device, source, threshold, "", "", duration, rate, ""]

    return [
        row("FirstName", patient=name[0], source=""),
        row("LastName", patient=name[1], source=""),
        row("Device", device="Dexcom G6 Mobile App"),
        row("Alert", "Fall", rate="3"),
        row("Alert", "High", glucose=270),
        row("Alert", "Low", glucose=70),
        row("Alert", "Signal Loss", duration="00:20:00"),
        row("Alert", "Rise", rate="3"),
        row("Alert", "Urgent Low", glucose=55),
        row("Alert", "Urgent Low Soon", glucose=55),
    ]


def _readings(trace: SimulatedTrace, unit: str, transmitter: str) -> list[list[str]]:
    ticks = trace.utc - trace.utc[0] + 7_573
    rows = []
    for local, value, tick in zip(trace.local, trace.mg_dl, ticks, strict=True):
        word = "Low" if value < LOWEST else "High" if value > HIGHEST else ""
        shown = word or _shown(int(value), unit)
        rows.append(
            [_time(local), "EGV", word, "", "", _DEVICE, shown, *[""] * 4, str(tick), transmitter]
        )
    return rows


def _events(trace: SimulatedTrace) -> list[list[str]]:
    """Insulin and carbohydrates, on lines one field shorter than readings."""
    rows = []
    meals = trace.meals[
        (trace.meals[:, 0] > trace.local[0]) & (trace.meals[:, 0] < trace.local[-1])
    ]
    for at, grams in meals:
        minute = _time(at // 60 * 60)
        rows.append([minute, "Carbs", "", "", "", _DEVICE, "", "", str(grams), "", "", ""])
        units = f"{max(1.0, np.round(grams / 10)):.2f}"
        rows.append([minute, "Insulin", "Fast-Acting", "", "", _DEVICE, "", units, "", "", "", ""])
    return rows


def _shown(mg_dl: int, unit: str) -> str:
    return str(mg_dl) if unit == "mg/dL" else f"{mg_dl / _MG_DL_PER_MMOL_L:.1f}"


def _time(local: int) -> str:
    return datetime.fromtimestamp(int(local), UTC).strftime("%Y-%m-%dT%H:%M:%S")
