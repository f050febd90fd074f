"""Simulated vital signs as people write them: nested JSON, rows of JSON, CSV in three manners."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from scripts.simulation.vitals import DECIMALS, SimulatedVitals

_KOREAN = {
    "heart_rate": "심박수",
    "respiration_rate": "호흡수",
    "systolic_bp": "수축기 혈압",
    "diastolic_bp": "이완기 혈압",
    "oxygen_saturation": "산소포화도",
    "body_temperature": "체온",
    "blood_glucose": "혈당",
}
_MMOL = 18.018


def to_nested_json(person: SimulatedVitals, *, zone: str) -> bytes:
    """One object: the person, and the rows with signs as values in their unit."""
    records = []
    for row in range(len(person)):
        signs: dict[str, Any] = {
            name: {"value": value} for name, value in _present(person, row).items()
        }
        if "blood_glucose" in signs:
            glucose = signs["blood_glucose"]["value"]
            signs["blood_glucose"] = {"value": round(glucose / _MMOL, 1), "unit": "mmol/L"}
        at = _local(person, row, zone).isoformat()
        records.append({"timestamp": at, "vitals": signs, "status": int(person.status[row])})
    facts = dict(person.facts)
    facts["weight"] = {"value": facts["weight"], "unit": "kg"}
    return json.dumps({"patient": facts, "records": records}, indent=1).encode()


def to_json_rows(person: SimulatedVitals, *, zone: str) -> bytes:
    """An array of flat objects, as a watch's app exports it, with Korean keys."""
    rows = []
    for row in range(len(person)):
        at = _local(person, row, zone).strftime("%Y-%m-%d %H:%M:%S")
        signs = {_KOREAN[name]: value for name, value in _present(person, row).items()}
        facts = {"나이": person.facts["age"], "성별": "남" if _male(person) else "여"}
        rows.append({"측정시각": at, **signs, **facts, "상태": int(person.status[row])})
    return json.dumps(rows, ensure_ascii=False).encode()


def to_vitals_csv(person: SimulatedVitals, *, zone: str, fahrenheit: bool = False) -> bytes:
    """Commas and points; the unit of the temperature in its name."""
    return _csv(person, zone, delimiter=",", fahrenheit=fahrenheit, comma=False)


def to_european_csv(person: SimulatedVitals, *, zone: str) -> bytes:
    """Semicolons, decimal commas, day first, a byte-order mark."""
    text = _csv(person, zone, delimiter=";", fahrenheit=False, comma=True)
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def _csv(
    person: SimulatedVitals, zone: str, *, delimiter: str, fahrenheit: bool, comma: bool
) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    signs = list(person.signs)
    titles = [_title(name, fahrenheit) for name in signs]
    facts = {("weight_kg" if name == "weight" else name): v for name, v in person.facts.items()}
    writer.writerow(["timestamp", *titles, *facts, "status"])
    for row, present in enumerate(_rows(person)):
        at = _local(person, row, zone).strftime("%d.%m.%Y %H:%M" if comma else "%Y-%m-%d %H:%M")
        cells = [_cell(name, present.get(name), fahrenheit) for name in signs]
        told = [str(value).lower() for value in facts.values()]
        line = [at, *cells, *told, str(person.status[row])]
        writer.writerow(
            [line[0], *(cell.replace(".", ",") if comma else cell for cell in line[1:])]
        )
    return out.getvalue().encode()


def _title(name: str, fahrenheit: bool) -> str:
    if name == "body_temperature":
        return "temp_f" if fahrenheit else "temp_c"
    return {"heart_rate": "Heart Rate (bpm)", "oxygen_saturation": "SpO2 (%)"}.get(name, name)


def _cell(name: str, value: float | None, fahrenheit: bool) -> str:
    if value is None:
        return ""
    if name == "body_temperature" and fahrenheit:
        return f"{value * 9 / 5 + 32:.1f}"
    return f"{value:.{DECIMALS.get(name, 0)}f}"


def _rows(person: SimulatedVitals) -> Iterator[dict[str, float]]:
    return (_present(person, row) for row in range(len(person)))


def _present(person: SimulatedVitals, row: int) -> dict[str, float]:
    """What was measured, whole numbers as whole numbers."""
    found = {name: float(values[row]) for name, values in person.signs.items()}
    return {
        name: value if name in DECIMALS else int(value)
        for name, value in found.items()
        if value == value
    }


def _male(person: SimulatedVitals) -> bool:
    return person.facts["sex"] == "male"


def _local(person: SimulatedVitals, row: int, zone: str) -> datetime:
    return datetime.fromtimestamp(int(person.utc[row]), ZoneInfo(zone))
