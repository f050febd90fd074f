"""Simulated patients in the formats that real devices export.

    python -m scripts.simulate_patients --people 6 --days 14 --seed 1 --out DIR

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

__all__ = [
    "Condition",
    "PatientFile",
    "SimulatedTrace",
    "simulate_patients",
    "simulate_trace",
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for patient in simulate_patients(options.seed, people=options.people, days=options.days):
        path = options.out / patient.name
        path.write_bytes(patient.data)
        print(f"{path}  {patient.zone}  {len(patient.data):,} bytes")


if __name__ == "__main__":
    main()
