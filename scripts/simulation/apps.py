"""A simulated trace as two apps over a Libre export it: Nutrisense and Levels."""

import csv
import io
from datetime import UTC, datetime

import numpy as np

from ml.simulation.glucose import SimulatedTrace

_NUTRISENSE = [
    *("class", "value", "time", "length", "photo_url", "description"),
    *("occurred_at", "body", "updated_at", "started_at", "ended_at", "created_by"),
]


def to_nutrisense_csv(trace: SimulatedTrace, *, name: str = "Demo Person") -> bytes:
    """Newest first, with a record of each other class that shares the column of values."""
    rows = [
        _nutrisense("GlucoseMeasurement", str(int(value)), int(local))
        for local, value in zip(trace.local, np.clip(trace.mg_dl, 10, 500), strict=True)
    ]
    first = int(trace.local[0])
    rows[7:7] = [
        _nutrisense("BloodGlucoseMeasurement", "130", first),
        _nutrisense("BloodPressureMeasurement", "111/74", first),
        _nutrisense("StepCountMeasurement", "3600", first),
        _nutrisense("RunningDistanceMeasurement", "1.4", first),
        _nutrisense("Meal", "", first),
    ]
    return _csv([["Nutrisense", name, *[""] * 10], _NUTRISENSE, *reversed(rows)])


def to_levels_csv(trace: SimulatedTrace, *, name: str = "Demo Person") -> bytes:
    """UTC and wall time side by side, a scan after every tenth reading."""
    header = ["Time (UTC)", "Time (Local)", "Glucose Reading (mg/dL)", "Type of Reading"]
    rows = [["Levels", name, "", ""], header]
    for i, (utc, local, value) in enumerate(
        zip(trace.utc, trace.local, np.clip(trace.mg_dl, 40, 499), strict=True)
    ):
        rows.append(_levels(int(utc), int(local), int(value), "timeseries"))
        if i % 10 == 9:
            rows.append(_levels(int(utc) + 61, int(local) + 61, int(value) + 1, "directRead"))
    return _csv(rows)


def _nutrisense(kind: str, value: str, local: int) -> list[str]:
    at = datetime.fromtimestamp(local, UTC)
    when = f"{at.month}/{at.day}/{at:%y} {at.hour}:{at:%M}"
    return [kind, value, "", "", "", "", when, "", "", "", "", ""]


def _levels(utc: int, local: int, value: int, kind: str) -> list[str]:
    moment = datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    wall = datetime.fromtimestamp(local, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return [moment, wall, str(value), kind]


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
