"""The same series is known again in any format, unit, zone or part; strangers are never refused."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from vitals_reading import START, person, read, real, trace_of

from ml.records.tables.reading import read_table
from ml.records.vitals import VitalsFingerprints, VitalsTrace, fingerprints
from ml.records.vitals.vocabulary import position, variable
from scripts.simulate_patients import simulate_vitals_patients
from scripts.simulation.vitals import simulate_vitals
from scripts.simulation.vitals_files import (
    to_european_csv,
    to_json_rows,
    to_nested_json,
    to_vitals_csv,
)


def known_again(new: VitalsTrace, old: VitalsTrace) -> bool:
    fresh, kept = fingerprints(new), fingerprints(old)
    return len(fresh.shingles & kept.shingles) >= fresh.duplicate_at and bool(fresh.shingles)


def part(trace: VitalsTrace, rows: slice, names: set[str] | None = None) -> VitalsTrace:
    kept = [at for at, name in enumerate(trace.variables) if names is None or name in names]
    return VitalsTrace(
        *(trace.format, trace.zone, tuple(trace.variables[at] for at in kept)),
        *(trace.values[rows][:, kept], trace.local[rows].copy(), trace.utc[rows].copy()),
    )


def refused(uploads: list[VitalsFingerprints]) -> int:
    """How many of these would be refused for what others gave before them."""
    count, seen = 0, set()
    for upload in uploads:
        count += bool(upload.shingles) and len(upload.shingles & seen) >= upload.duplicate_at
        seen |= upload.shingles
    return count


WRITERS: list[Callable[..., bytes]] = [
    to_nested_json,
    to_json_rows,
    to_european_csv,
    lambda one, zone: to_vitals_csv(one, zone=zone, fahrenheit=True),
]


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_series_in_another_format_unit_or_zone_is_known_again(write) -> None:
    for seed in range(5):
        one = person(seed)
        there = read(write(one, zone="Asia/Seoul"), zone="America/New_York")
        assert known_again(there, read(to_vitals_csv(one, zone="Europe/London"), "Europe/London"))


@pytest.mark.parametrize(
    "names", [{"heart_rate"}, {"heart_rate", "systolic_bp", "diastolic_bp", "age"}]
)
def test_dropped_columns_do_not_make_a_series_new(names: set[str]) -> None:
    trace = read(to_vitals_csv(person(6), zone="UTC"), "UTC")
    assert known_again(part(trace, slice(None), names), trace)


def test_a_period_that_overlaps_is_known_again_and_one_that_follows_is_not() -> None:
    trace = read(to_vitals_csv(person(7, rows=56), zone="UTC"), "UTC")
    first = part(trace, slice(0, 28))
    assert known_again(part(trace, slice(18, 46)), first)
    assert not known_again(part(trace, slice(28, 56)), first)


def test_what_earns_nothing_is_refused_to_its_own_account_only() -> None:
    for text in (
        '{"hr": 72, "sbp": 120, "dbp": 80, "spo2": 98}',
        "timestamp,hr,sbp,dbp\n2026-11-01 08:00,72,120,80\n2026-11-02 08:00,72,120,80\n",
    ):
        assert fingerprints(read(text)) == VitalsFingerprints(False, frozenset(), 1)


def test_flat_series_of_two_strangers_share_nothing() -> None:
    def flat(seed: int) -> VitalsTrace:
        saturation = np.random.default_rng(seed).integers(97, 99, (28, 1)).astype(float)
        return trace_of(("oxygen_saturation",), saturation)

    assert refused([fingerprints(flat(seed)) for seed in range(100)]) == 0
    assert fingerprints(flat(1)).everywhere


def test_none_of_many_simulated_strangers_is_refused_even_on_one_schedule() -> None:
    files = simulate_vitals_patients(5, people=80)
    own = [fingerprints(read(file.data, file.zone)) for file in files]
    assert refused(own) == 0
    same_hours = []
    for rng in np.random.default_rng(6).spawn(150):
        signs = simulate_vitals(rng, 28, start=START).signs
        same_hours.append(fingerprints(trace_of(tuple(signs), np.column_stack([*signs.values()]))))
    assert refused(same_hours) == 0


ICU = {
    "HR": "heart_rate",
    "RespRate": "respiration_rate",
    "NISysABP": "systolic_bp",
    "NIDiasABP": "diastolic_bp",
    "SaO2": "oxygen_saturation",
    "Temp": "body_temperature",
    "Glucose": "blood_glucose",
}


def by_hour(text: io.TextIOBase) -> VitalsTrace | None:
    """An ICU stay, the last value of every hour: all patients on one schedule."""
    hours: dict[int, dict[str, float]] = defaultdict(dict)
    for row in csv.DictReader(text):
        if row["Parameter"] in ICU:
            known = variable(ICU[row["Parameter"]])
            value = round(float(row["Value"]), known.decimals)
            if known.minimum <= value <= known.maximum:
                hours[int(row["Time"][:2])][known.name] = value
    names = tuple(sorted({name for hour in hours.values() for name in hour}, key=position))
    rows = [[hours[hour].get(name, np.nan) for name in names] for hour in sorted(hours)]
    return trace_of(names, np.array(rows), hours=1) if len(rows) > 8 else None


def test_no_real_patient_of_an_intensive_care_unit_is_taken_for_another() -> None:
    stays = []
    with zipfile.ZipFile(real("vitals-physionet2012-icu/set-a_600.zip")) as archive:
        for name in sorted(archive.namelist())[:200]:
            if name.endswith(".txt"):
                with archive.open(name) as opened:
                    stays.append(by_hour(io.TextIOWrapper(opened)))
    uploads = [fingerprints(stay) for stay in stays if stay is not None]
    assert len(uploads) > 150 and refused(uploads) == 0


def test_people_with_equal_single_rows_are_told_apart_by_nothing_and_refused_by_nothing() -> None:
    """562 of 1,014 rows of the maternal set repeat another: as records of one row, none clash."""
    table = read_table(real("vitals-maternal-risk/Maternal_Health_Risk_Data_Set.csv").read_bytes())
    signs = table.select(["SystolicBP", "DiastolicBP", "HeartRate"]).values
    order = ("heart_rate", "systolic_bp", "diastolic_bp")
    rows = [trace_of(order, row[None, [2, 0, 1]]) for row in signs if row[2] >= 20]
    assert not any(fingerprints(row).everywhere for row in rows)
