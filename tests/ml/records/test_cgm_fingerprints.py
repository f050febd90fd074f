"""The same readings are known again whatever file they come in; two people are never confused."""

import itertools
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cgm_files import read, shared_file, vendor_export

from ml.records.cgm import CgmTrace, Tally
from ml.records.fingerprints import overlaps, shingles
from ml.simulation.glucose import Condition, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from scripts.simulation.open_formats import to_nightscout_json, to_plain_csv

EXPORTS = (
    "clarity_g6_2019-10_unquoted_dst-autumn.csv",
    "clarity_g6_2020-01a_overlap.csv",
    "clarity_g6_2021-03_low-words.csv",
    "clarity_g6_2023-05_quoted.csv.gz",
    "clarity_g6_2025-03_quoted_dst-spring.csv.gz",
    "clarity_g7_2025-11_quoted_ragged.csv",
    "libreview_uk_mmol_dmy24h_insulin-food.csv",
    "libreview_mmol_dmy24h.csv",
    "libreview_us_mgdl_mdy12h.csv",
    "libreview_pro_patient-report_mgdl_2018-2021.csv.gz",
)


def repeats(new: CgmTrace, old: CgmTrace) -> bool:
    found = shingles(new)
    return overlaps(len(found & shingles(old)), len(found))


def part(trace: CgmTrace, first: int, last: int, add: np.ndarray | float = 0.0) -> CgmTrace:
    """Readings `first` to `last` on a clock of their own, with something added to them."""
    size = last - first
    moments = trace.moments[first:last] + np.timedelta64(40_000_007, "s")
    return CgmTrace(
        format="part",
        unit="mg/dL",
        zone=None,
        local=moments,
        utc=None,
        mg_dl=(trace.mg_dl[first:last] + add).astype(np.float32),
        censored=np.zeros(size, dtype=np.int8),
        scanned=trace.scanned[first:last].copy(),
        tally=Tally(0, 0, 0),
    )


def in_mmol(trace: CgmTrace, factor: float) -> CgmTrace:
    """The trace as a vendor writes it in mmol/L, converting with `factor`, read back."""
    read_back = np.round(np.round(trace.mg_dl.astype(float) / factor, 1) * 18.018, 1)
    return part(trace, 0, len(trace), read_back - trace.mg_dl.astype(float))


def test_two_real_exports_of_one_person_that_overlap_share_much() -> None:
    """Their common readings differ by a mg/dL or more in 58 % of cases: exactness would fail."""
    first = read(vendor_export("clarity_g6_2020-01a_overlap.csv"))
    second = read(vendor_export("clarity_g6_2020-01b_overlap.csv"))
    assert len(shingles(first) & shingles(second)) > 80
    assert repeats(second, first)


def test_no_two_people_of_the_real_exports_share_a_single_shingle() -> None:
    found = [shingles(read(vendor_export(name))) for name in EXPORTS]
    for one, other in itertools.combinations(found, 2):
        assert not one & other


@pytest.mark.parametrize(
    ("folder", "archive", "people"),
    [
        ("cgm-hall2018", "Hall_2018-from-Glucose-ML.zip", 57),
        ("cgm-hupa-ucm-t1d", "HUPA-UCM-from-Glucose-ML.zip", 25),
    ],
)
def test_no_two_people_of_a_study_share_a_single_shingle(folder, archive, people) -> None:
    found = []
    with zipfile.ZipFile(shared_file(folder, archive)) as files:
        for name in files.namelist():
            if name.endswith(".csv") and "metadata" not in name and "__MACOSX" not in name:
                found.append(shingles(read(files.read(name))))
    assert len(found) == people
    for one, other in itertools.combinations(found, 2):
        assert not one & other


@pytest.mark.parametrize("name", [name for name in EXPORTS if "mmol" not in name])
@pytest.mark.parametrize("factor", [18.018, 18.0182, 18.0156, 18.0])
def test_the_same_readings_in_mmol_are_known_again(name: str, factor: float) -> None:
    trace = read(vendor_export(name))
    shared = shingles(trace) & shingles(in_mmol(trace, factor))
    assert len(shared) > 0.3 * len(shingles(trace))


def test_the_same_readings_in_every_other_format_are_known_again() -> None:
    person = simulate_trace(np.random.default_rng(8), 14, Condition.TYPE_2, cadence_minutes=15)
    original = read(to_clarity_csv(person), "Europe/London")
    for data in (
        to_clarity_csv(person, quoted=True, unit="mmol/L"),
        to_libreview_csv(person, unit="mg/dL", month_first=True, twelve_hours=True),
        to_libreview_csv(person, unit="mmol/L"),
        to_nightscout_json(person),
        to_plain_csv(person, unit="mmol/L"),
    ):
        assert repeats(read(data, "Asia/Seoul"), original)


def test_a_shifted_clock_changes_no_shingle() -> None:
    rng = np.random.default_rng(9)
    person = simulate_trace(rng, 14, cadence_minutes=15)
    original = shingles(read(to_clarity_csv(person)))
    person.local[:] -= 40_000_007
    assert shingles(read(to_clarity_csv(person))) == original


def test_a_day_in_common_is_found_in_19_of_20_cases() -> None:
    rng = np.random.default_rng(10)
    found = []
    for name in EXPORTS[:6]:
        trace = read(vendor_export(name))
        whole = shingles(trace)
        for first in rng.integers(0, len(trace) - 288, 30):
            day = shingles(part(trace, first, first + 288))
            found.append(overlaps(len(day & whole), len(day)))
    assert np.mean(found) >= 0.95


def test_two_days_in_common_are_found_in_999_of_1000_cases() -> None:
    rng = np.random.default_rng(14)
    found = []
    for name in EXPORTS[:6]:
        trace = read(vendor_export(name))
        whole = shingles(trace)
        for first in rng.integers(0, len(trace) - 576, 40):
            days = shingles(part(trace, first, first + 576))
            found.append(overlaps(len(days & whole), len(days)))
    assert np.mean(found) >= 0.999


def test_two_days_in_common_are_found_under_noise_in_19_of_20_cases() -> None:
    rng = np.random.default_rng(11)
    found = []
    for name in EXPORTS[:6]:
        trace = read(vendor_export(name))
        whole = shingles(trace)
        for first in rng.integers(0, len(trace) - 576, 20):
            noise = np.rint(rng.normal(0, 1.6, 576))
            days = shingles(part(trace, first, first + 576, noise))
            found.append(overlaps(len(days & whole), len(days)))
    assert np.mean(found) >= 0.95


def test_two_weeks_make_less_than_two_hundred_and_fifty_shingles() -> None:
    for name, per_two_weeks in (("clarity_g6_2023-05_quoted.csv.gz", 4032), (EXPORTS[8], 1344)):
        trace = read(vendor_export(name))
        assert len(shingles(trace)) / len(trace) * per_two_weeks < 250


def test_later_readings_of_the_same_person_are_not_taken_for_a_repetition() -> None:
    start = datetime(2026, 8, 1, tzinfo=UTC)
    rng = np.random.default_rng(12)
    for condition in Condition:
        weeks = simulate_trace(rng, 28, condition, start=start, cadence_minutes=5)
        half = int(np.searchsorted(weeks.utc, (start + timedelta(days=14)).timestamp()))
        trace = read(to_clarity_csv(weeks))
        assert not repeats(part(trace, half, len(trace)), part(trace, 0, half))


def test_short_and_featureless_traces_are_known_again_as_a_whole_only() -> None:
    level = simulate_trace(np.random.default_rng(13), 0.3, Condition.HEALTHY)
    trace = read(to_clarity_csv(level))
    assert len(shingles(trace)) == 1
    assert repeats(trace, read(to_clarity_csv(level, quoted=True)))
    assert not repeats(part(trace, 1, len(trace)), trace)


def test_a_handful_of_equal_values_at_another_time_is_not_a_repetition() -> None:
    def short(day: int) -> CgmTrace:
        rows = "".join(f"2026-10-{day:02d} 10:{m:02d},{100 + m}\n" for m in range(0, 50, 5))
        return read(f"time,mg/dL\n{rows}".encode())

    assert repeats(short(1), short(1)) and not repeats(short(2), short(1))


def test_nothing_shared_is_never_a_repetition() -> None:
    for total in range(5):
        assert not overlaps(0, total)
    assert overlaps(1, 1) and not overlaps(1, 400) and overlaps(2, 400)
