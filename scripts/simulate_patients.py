"""Simulated patients in the formats that real devices export.

    python -m scripts.simulate_patients --people 6 --days 14 --seed 1 --out DIR
    python -m scripts.simulate_patients --kind vitals --people 60 --out DIR

Writes one file per person, going round the conditions and formats, and prints each with its zone.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ml.simulation.glucose import Condition, SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from scripts.simulation.vitals import SimulatedVitals, simulate_vitals
from scripts.simulation.vitals_files import (
    to_european_csv,
    to_json_rows,
    to_nested_json,
    to_vitals_csv,
)

__all__ = [
    "Condition",
    "PatientFile",
    "SimulatedTrace",
    "simulate_patients",
    "simulate_trace",
    "simulate_vitals_patients",
    "to_clarity_csv",
    "to_libreview_csv",
]


@dataclass(frozen=True)
class PatientFile:
    """One simulated person's export, and the zone that its wall times are in."""

    name: str
    zone: str
    data: bytes


@dataclass(frozen=True)
class _Variant:
    suffix: str
    cadence_minutes: int
    zone: str
    write: Callable[[SimulatedTrace], bytes]


_VARIANTS = (
    _Variant("clarity_unquoted", 5, "Europe/London", to_clarity_csv),
    _Variant(
        "libreview_mmol_day-first",
        15,
        "Europe/Berlin",
        lambda trace: to_libreview_csv(trace, unit="mmol/L", crlf=True),
    ),
    _Variant(
        "clarity_quoted",
        5,
        "Asia/Seoul",
        lambda trace: to_clarity_csv(trace, quoted=True, bom=False),
    ),
    _Variant(
        "libreview_mgdl_month-first",
        15,
        "America/New_York",
        lambda trace: to_libreview_csv(trace, unit="mg/dL", month_first=True, twelve_hours=True),
    ),
)

VITALS_ROWS = (20, 40)


@dataclass(frozen=True)
class _VitalsVariant:
    suffix: str
    zone: str
    write: Callable[[SimulatedVitals, str], bytes]


_VITALS_VARIANTS = (
    _VitalsVariant(
        "nested.json", "Asia/Seoul", lambda person, zone: to_nested_json(person, zone=zone)
    ),
    _VitalsVariant(
        "plain.csv", "Europe/London", lambda person, zone: to_vitals_csv(person, zone=zone)
    ),
    _VitalsVariant("rows.json", "Asia/Seoul", lambda person, zone: to_json_rows(person, zone=zone)),
    _VitalsVariant(
        "fahrenheit.csv",
        "America/New_York",
        lambda person, zone: to_vitals_csv(person, zone=zone, fahrenheit=True),
    ),
    _VitalsVariant(
        "european.csv", "Europe/Berlin", lambda person, zone: to_european_csv(person, zone=zone)
    ),
)


def simulate_patients(
    seed: int,
    *,
    people: int,
    days: float,
    start: datetime = datetime(2026, 10, 5, 8, 0, tzinfo=UTC),
) -> Iterator[PatientFile]:
    """Files of `people` people; the same seed gives the same bytes."""
    conditions = (Condition.TYPE_1, Condition.TYPE_2, Condition.HEALTHY)
    for i, rng in enumerate(np.random.default_rng(seed).spawn(people)):
        variant = _VARIANTS[i % len(_VARIANTS)]
        condition = conditions[i % len(conditions)]
        trace = simulate_trace(
            rng,
            days,
            condition,
            start=start,
            zone=variant.zone,
            cadence_minutes=variant.cadence_minutes,
        )
        name = f"patient-{i + 1:02d}_{condition.value}_{variant.suffix}.csv"
        yield PatientFile(name=name, zone=variant.zone, data=variant.write(trace))


def simulate_vitals_patients(
    seed: int,
    *,
    people: int,
    start: datetime = datetime(2026, 10, 5, 8, 0, tzinfo=UTC),
) -> Iterator[PatientFile]:
    """Vital signs of `people` people, 20 to 40 rows each; the same seed gives the same bytes."""
    for i, rng in enumerate(np.random.default_rng(seed).spawn(people)):
        variant = _VITALS_VARIANTS[i % len(_VITALS_VARIANTS)]
        fewest, most = VITALS_ROWS
        person = simulate_vitals(rng, int(rng.integers(fewest, most + 1)), start=start)
        name = f"person-{i + 1:02d}_{variant.suffix}"
        yield PatientFile(name, variant.zone, variant.write(person, variant.zone))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", choices=("cgm", "vitals"), default="cgm")
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.kind == "vitals":
        patients = simulate_vitals_patients(options.seed, people=options.people)
    else:
        patients = simulate_patients(options.seed, people=options.people, days=options.days)
    for patient in patients:
        path = options.out / patient.name
        path.write_bytes(patient.data)
        print(f"{path}  {patient.zone}  {len(patient.data):,} bytes")


if __name__ == "__main__":
    main()
