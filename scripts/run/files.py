"""What `make run` contributes: one's own export, or simulated patients in real vendor formats."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.simulate_patients import simulate_patients, simulate_vitals_patients

DAYS = 14
VITALS_DAYS = 22
"""Forty measurements, two a day, and a day to spare."""


@dataclass(frozen=True, repr=False)
class ExampleFile:
    """A file as a patient has it, and the zone its clock was set to."""

    name: str
    described: str
    data: bytes
    zone: str


def own_file(path: Path, zone: str) -> ExampleFile:
    """The file that was named on the command line."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return ExampleFile(path.name, "your own export", content, zone)


def next_seed(counter: Path, people: int) -> int:
    """Seeds never used in this folder, so that a second run brings other people."""
    first = json.loads(counter.read_text()) if counter.exists() else 1
    counter.write_text(json.dumps(first + people))
    return first


def simulated_files(people: int, counter: Path) -> list[ExampleFile]:
    """Two weeks of each simulated person, in the formats of two vendors, two units, four zones."""
    seed = next_seed(counter, people)
    ends = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    return [
        ExampleFile(patient.name, f"simulated, {patient.zone}", patient.data, patient.zone)
        for patient in simulate_patients(
            seed, people=people, days=DAYS, start=ends - timedelta(days=DAYS)
        )
    ]


def simulated_vitals_files(people: int, counter: Path) -> list[ExampleFile]:
    """Some weeks of each person's vital signs, in five manners of writing them down."""
    seed = next_seed(counter, people)
    ends = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    patients = simulate_vitals_patients(
        seed, people=people, start=ends - timedelta(days=VITALS_DAYS)
    )
    return [
        ExampleFile(patient.name, f"simulated, {patient.zone}", patient.data, patient.zone)
        for patient in patients
    ]
