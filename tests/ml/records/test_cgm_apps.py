"""Exports of apps over a sensor: Nutrisense's mixed table, and Levels with its two clocks."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from cgm_attacks import NAME, person, refusal, with_line
from cgm_files import read, shared_file, vendor_export

from ml.records.cgm import inspect
from scripts.simulation.apps import to_levels_csv, to_nutrisense_csv


def test_a_nutrisense_file_reads_as_what_was_simulated_and_nothing_of_its_other_records() -> None:
    simulated = person(days=3, cadence_minutes=15)
    trace = read(to_nutrisense_csv(simulated), "Europe/London")
    assert (trace.format, trace.unit) == ("nutrisense", "mg/dL")
    assert trace.utc.astype(np.int64).tolist() == (simulated.utc // 60 * 60).tolist()
    assert trace.mg_dl.tolist() == np.clip(simulated.mg_dl, 10, 500).tolist()


def test_a_levels_file_reads_as_what_was_simulated_and_tells_scans_apart() -> None:
    simulated = person(days=3, cadence_minutes=15)
    trace = read(to_levels_csv(simulated), "Europe/London")
    kept = ~trace.scanned
    assert trace.utc[kept].astype(np.int64).tolist() == simulated.utc.tolist()
    assert trace.local[kept].astype(np.int64).tolist() == simulated.local.tolist()
    assert trace.mg_dl[kept].tolist() == np.clip(simulated.mg_dl, 40, 499).tolist()
    assert trace.scanned.sum() == simulated.utc.size // 10


def test_without_a_zone_a_levels_file_shows_the_wall_time_that_it_carries() -> None:
    simulated = person(days=1, cadence_minutes=15)
    trace = read(to_levels_csv(simulated))
    assert trace.utc is None
    assert trace.local[~trace.scanned].astype(np.int64).tolist() == simulated.local.tolist()


def test_in_another_zone_a_levels_file_keeps_its_moments() -> None:
    simulated = person(days=1, cadence_minutes=15)
    trace = read(to_levels_csv(simulated), "Asia/Seoul")
    assert trace.utc[~trace.scanned].astype(np.int64).tolist() == simulated.utc.tolist()
    assert (trace.local - trace.utc == np.timedelta64(9, "h")).all()


def test_the_real_nutrisense_export_has_every_glucose_record_and_no_other() -> None:
    data = vendor_export("nutrisense_export.csv.gz")
    rows = list(csv.reader(io.StringIO(data.decode())))[2:]
    glucose = {
        (datetime.strptime(row[6], "%m/%d/%y %H:%M"), float(row[1]))
        for row in rows
        if row[0] == "GlucoseMeasurement"
    }
    trace = read(data)
    found = zip(trace.local.astype(datetime).tolist(), trace.mg_dl.tolist(), strict=True)
    assert set(found) == glucose and len(trace) == len(glucose) == 15_585
    assert trace.mg_dl.min() == 15
    assert inspect(trace).duplicates == 50 and inspect(trace).cadence == 15


def test_the_real_levels_export_has_both_kinds_of_reading_at_their_moments() -> None:
    data = vendor_export("levels_export_utc+local.csv")
    rows = list(csv.reader(io.StringIO(data.decode())))[2:]
    trace = read(data, "America/Los_Angeles")
    moments = sorted(datetime.fromisoformat(row[0]) for row in rows)
    assert [at.replace(tzinfo=UTC) for at in trace.utc.astype(datetime)] == moments
    assert sorted(map(str, trace.local)) == sorted(row[1] for row in rows)
    assert trace.scanned.sum() == sum(row[3] == "directRead" for row in rows) == 142


@pytest.mark.parametrize("write", [to_nutrisense_csv, to_levels_csv])
def test_the_person_on_line_one_is_never_told(write) -> None:
    data = write(person(cadence_minutes=15), name=f"{NAME} Beeblebrox")
    assert "no glucose readings" in refusal(b"\n".join(data.split(b"\n")[:2])).reason
    glucose, time = (1, 6) if write is to_nutrisense_csv else (2, 0)
    assert refusal(with_line(data, 20, glucose, b"9999")).line == 20
    assert refusal(with_line(data, 21, time, b"yesterday")).line == 21
    assert refusal(with_line(data, 22, time, b"")).line == 22
    assert refusal(with_line(data, 23, glucose, b"=1+1")).line == 23


def test_a_faulty_wall_time_of_a_levels_row_is_refused_with_its_line() -> None:
    data = to_levels_csv(person(cadence_minutes=15))
    assert refusal(with_line(data, 9, 1, b"2026-02-30T10:00:00")).line == 9


@pytest.mark.parametrize(
    ("folder", "archive", "member"),
    [
        ("cgm-hall2018", "Hall_2018-from-Glucose-ML.zip", "1636-69-001.csv"),
        ("cgm-hupa-ucm-t1d", "HUPA-UCM-from-Glucose-ML.zip", "HUPA0023P.csv"),
    ],
)
def test_a_persons_file_of_a_research_repository_is_a_plain_csv(
    folder: str, archive: str, member: str
) -> None:
    with zipfile.ZipFile(shared_file(folder, archive)) as opened:
        inside = next(name for name in opened.namelist() if name.endswith(member))
        data = opened.read(inside)
    rows = {tuple(line.split(b",")) for line in data.splitlines()[1:]}
    known = {row for row in rows if row[1].strip()}
    trace = read(data)
    assert (trace.format, len(trace)) == ("plain-csv", len(known))


def test_one_person_of_the_iglu_file_is_read_once_the_column_names_its_unit() -> None:
    data = shared_file("cgm-iglu-t2d", "iglu_example_data_5_subject.csv").read_text()
    rows = [line.split(",") for line in data.splitlines() if line.startswith('"Subject 1"')]
    plain = "\n".join(["time,glucose_mg_dl", *(f"{row[1]},{row[2]}" for row in rows)])
    assert len(read(plain.encode())) == len(rows) == 2915
