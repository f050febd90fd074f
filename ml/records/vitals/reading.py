"""From the bytes of an upload to a trace."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_BYTES, admit_text
from ml.records.tables.cells import is_missing
from ml.records.vitals.csv_rows import csv_rows
from ml.records.vitals.headers import PRESSURES, Named, key_of, understand
from ml.records.vitals.json_rows import json_rows, looks_like_json
from ml.records.vitals.left_out import LeftOut, left_out, names_a_person
from ml.records.vitals.moments import Moments, read_moments, time_columns
from ml.records.vitals.raw import RawTable
from ml.records.vitals.trace import VitalsTrace
from ml.records.vitals.values import read_column, split_pressure
from ml.records.vitals.vocabulary import VOCABULARY, position

_YEAR = np.timedelta64(366, "D")
_SENSOR_READINGS = 24
_SENSOR_STEP = np.timedelta64(60, "m")  # nobody pricks a finger every hour for a day
_SEVERAL_PEOPLE = "the file holds rows of several people: contribute your own only"


@dataclass(frozen=True)
class ReadVitals:
    """A trace, and what of its file was not taken up."""

    trace: VitalsTrace
    left_out: LeftOut


def read_vitals(
    data: bytes, *, zone: str | None, received_at: datetime, limit: int = MAX_BYTES
) -> ReadVitals:
    """The measurements in a JSON or CSV of one person; see `json_rows` for shapes of JSON.

    Args:
        data: the file as uploaded.
        zone: IANA name of the zone whose wall time the file has. Without one a file of wall times
            has no `utc`: it can be inspected, and cannot be contributed.
        received_at: when the upload arrived, aware; rows after it are refused.
        limit: bytes that are accepted.

    Raises:
        UnreadableRecord: whatever keeps the file from being read, with its line where it has one.
    """
    text = admit_text(data, limit=limit)
    raw = _parted(json_rows(text) if looks_like_json(text) else csv_rows(text))
    times = time_columns(raw.names)
    _refuse_several_people(raw)
    chosen = _chosen(raw, times)
    columns = {name: read_column(raw, index, named) for name, (index, named) in chosen.items()}
    moments = read_moments(raw, times, zone=zone, received_at=received_at)
    trace = _trace(raw, columns, moments, zone)
    _refuse_changed_person(trace)
    _refuse_glucose_sensor(trace)
    others = [
        index
        for index, name in enumerate(raw.names)
        if index not in times and understand(name) is None
    ]
    return ReadVitals(trace, left_out(raw, others))


def _parted(raw: RawTable) -> RawTable:
    """The table with columns of its own for systolic and diastolic where one holds both."""
    for index, name in enumerate(raw.names):
        if key_of(name) in PRESSURES:
            upper, lower = split_pressure(raw, index)
            rows = [
                [*row[:index], *pair, *row[index + 1 :]]
                for row, *pair in zip(raw.rows, upper, lower, strict=True)
            ]
            names = (*raw.names[:index], "systolic_bp", "diastolic_bp", *raw.names[index + 1 :])
            return replace(raw, names=names, rows=rows)
    return raw


def _chosen(raw: RawTable, times: tuple[int, ...]) -> dict[str, tuple[int, Named]]:
    """The column of each variable.

    Raises:
        UnreadableRecord: no known column, or two of one variable.
    """
    found: dict[str, tuple[int, Named]] = {}
    for index, name in enumerate(raw.names):
        named = None if index in times else understand(name)
        if named is None or all(is_missing(row[index]) for row in raw.rows):
            continue
        if named.variable.name in found:
            raise UnreadableRecord(
                f"two columns hold {named.variable.name}: keep the one to be contributed",
                1 if raw.format == "csv" else None,
            )
        found[named.variable.name] = (index, named)
    if not found:
        known = ", ".join(variable.name for variable in VOCABULARY if variable.group == "sign")
        raise UnreadableRecord(
            f"no known column with a value; among those that are read: {known}",
            1 if raw.format == "csv" else None,
        )
    return found


def _trace(
    raw: RawTable,
    columns: dict[str, npt.NDArray[np.float64]],
    moments: Moments | None,
    zone: str | None,
) -> VitalsTrace:
    """The trace in order of time, without rows that hold nothing."""
    names = tuple(sorted(columns, key=position))
    values = np.column_stack([columns[name] for name in names])
    filled = np.flatnonzero(~np.isnan(values).all(axis=1))
    if moments is None:  # nothing was read in a zone
        return VitalsTrace(raw.format, None, names, values[filled], None, None)
    stamps = moments.local if moments.utc is None else moments.utc
    order = filled[np.argsort(stamps[filled], kind="stable")]
    utc = None if moments.utc is None else moments.utc[order]
    return VitalsTrace(raw.format, zone, names, values[order], moments.local[order], utc)


def _refuse_several_people(raw: RawTable) -> None:
    """Nothing, unless a column that says whose a row is says two things."""
    for index, name in enumerate(raw.names):
        if names_a_person(name):
            seen = {cell for cell in raw.column(index) if not is_missing(cell)}
            if len(seen) > 1:
                raise UnreadableRecord(_SEVERAL_PEOPLE)


def _refuse_changed_person(trace: VitalsTrace) -> None:
    """Nothing, unless sex changes within the trace, or age more than time does."""
    if "sex" in trace.variables and np.unique(_present(trace, "sex")).size > 1:
        raise UnreadableRecord(_SEVERAL_PEOPLE)
    if "age" in trace.variables and trace.moments is not None:
        years = 1 + (trace.moments[-1] - trace.moments[0]) / _YEAR
        if np.ptp(_present(trace, "age")) > years:
            raise UnreadableRecord(_SEVERAL_PEOPLE)


def _refuse_glucose_sensor(trace: VitalsTrace) -> None:
    """Nothing, unless a sensor under the skin wrote the glucose: that is a kind of its own.

    One series has to have one kind, or it could be contributed twice.
    """
    if "blood_glucose" not in trace.variables or trace.moments is None:
        return
    moments = trace.moments[~np.isnan(trace.column("blood_glucose"))]
    if moments.size >= _SENSOR_READINGS and np.median(np.diff(moments)) <= _SENSOR_STEP:
        raise UnreadableRecord(
            "blood_glucose is a sensor's: contribute it as kind cgm, and leave it out here"
        )


def _present(trace: VitalsTrace, name: str) -> npt.NDArray[np.float64]:
    column = trace.column(name)
    return column[~np.isnan(column)]
