"""Real records long enough to say something about months."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ml.experiments.cohorts import INTERPOLATED, glucobench, people
from ml.models.quarter.days import DayTable, days_of_grid, worn_days
from ml.records.cgm import read_cgm
from ml.records.cgm.grid import GlucoseGrid, grid_of
from ml.records.errors import UnreadableRecord

LEAST_WORN = 28
"""Worn days of a record whose fourteen-day figures are reported."""
VENDOR_EXPORTS = "cgm-vendor-exports"
_RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)
_COVERS_ANOTHER = frozenset({"clarity_g6_2020-01b_overlap.csv"})


@dataclass(frozen=True, eq=False)
class LongRecord:
    """One real person.

    Attributes:
        name: of the record, as results print it.
        condition: as the data set states it, else ``unknown``.
        note: what to know when reading its figures.
        grid: all of it, at five minutes.
        days: of `grid`, in blocks that end with its last reading.
    """

    name: str
    condition: str
    note: str
    grid: GlucoseGrid
    days: DayTable


def long_records(data: Path, folder: Path | None = None) -> list[LongRecord]:
    """Everybody of the shared sets (and of a GlucoBench `folder`) with `LEAST_WORN` worn days."""
    found = [*_people(data, folder), *_exports(data / VENDOR_EXPORTS)]
    return [record for record in found if int(worn_days(record.days)[0]) >= LEAST_WORN]


def _people(data: Path, folder: Path | None) -> Iterator[LongRecord]:
    everybody = people(data) + (glucobench(folder) if folder else [])
    for person in everybody:
        note = "interpolated by its authors" if person.cohort in INTERPOLATED else ""
        days = days_of_grid(person.grid)
        yield LongRecord(person.name, person.condition, note, person.grid, days)


def _exports(folder: Path) -> Iterator[LongRecord]:
    """Every export that can be read, one record each; none is joined with another."""
    for path in sorted(folder.glob("*.*")):
        if path.suffix == ".md" or path.name in _COVERS_ANOTHER:
            continue
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        try:
            trace = read_cgm(content, zone=None, received_at=_RECEIVED)
        except UnreadableRecord:
            continue  # a device that this release does not read is nobody's long record
        name = f"export/{path.name.split('.')[0]}"
        grid = grid_of(trace, person=name)
        yield LongRecord(name, "unknown", f"{trace.format}", grid, days_of_grid(grid))
