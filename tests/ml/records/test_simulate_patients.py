"""Simulated patients: the same seed gives the same files, and they read as what was simulated."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from cgm_files import read, vendor_export
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.cgm import inspect
from ml.simulation.glucose import Condition, simulate_trace
from scripts.simulate_patients import simulate_patients
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    condition=st.sampled_from(Condition),
    quoted=st.booleans(),
    unit=st.sampled_from(["mg/dL", "mmol/L"]),
    zone=st.sampled_from(["Europe/London", "Asia/Seoul", "America/New_York"]),
)
def test_a_clarity_file_reads_as_what_was_simulated(seed, condition, quoted, unit, zone) -> None:
    person = simulate_trace(np.random.default_rng(seed), 2, condition, zone=zone)
    trace = read(to_clarity_csv(person, quoted=quoted, unit=unit), zone)
    assert trace.unit == unit and trace.format == "dexcom-clarity"
    assert trace.utc.astype(np.int64).tolist() == person.utc.tolist()
    shown = np.clip(person.mg_dl, 40, 400)
    assert np.abs(trace.mg_dl - shown).max() <= (0 if unit == "mg/dL" else 0.95)
    assert trace.tally.low == (person.mg_dl < 40).sum()
    assert trace.tally.high == (person.mg_dl > 400).sum()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    condition=st.sampled_from(Condition),
    unit=st.sampled_from(["mg/dL", "mmol/L"]),
    month_first=st.booleans(),
    professional=st.booleans(),
    crlf=st.booleans(),
)
def test_a_libreview_file_reads_as_what_was_simulated(
    seed, condition, unit, month_first, professional, crlf
) -> None:
    person = simulate_trace(np.random.default_rng(seed), 3, condition, cadence_minutes=15)
    data = to_libreview_csv(
        person,
        unit=unit,
        month_first=month_first,
        twelve_hours=month_first,
        professional=professional,
        crlf=crlf,
    )
    trace = read(data, "Europe/London")
    kept = ~trace.scanned
    assert trace.utc[kept].astype(np.int64).tolist() == (person.utc // 60 * 60).tolist()
    shown = np.clip(person.mg_dl, 40, 500)
    assert np.abs(trace.mg_dl[kept] - shown).max() <= (0 if unit == "mg/dL" else 1.9)
    assert trace.scanned.sum() > 0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first = list(simulate_patients(1, people=5, days=2))
    assert first == list(simulate_patients(1, people=5, days=2))
    other = list(simulate_patients(2, people=5, days=2))
    assert all(one.data != two.data for one, two in zip(first, other, strict=True))


def test_every_simulated_patient_is_a_good_contribution_in_a_format_of_its_own() -> None:
    shown = [inspect(read(p.data, p.zone)) for p in simulate_patients(1, people=6, days=14)]
    assert {(i.format, i.unit) for i in shown} == {
        ("dexcom-clarity", "mg/dL"),
        ("libreview", "mg/dL"),
        ("libreview", "mmol/L"),
    }
    assert all(i.quality > 0.6 and i.gaps > 0 for i in shown)


def test_conditions_differ_as_they_do_in_people() -> None:
    spread, mean = {}, {}
    for condition in Condition:
        rng = np.random.default_rng(4)
        values = simulate_trace(rng, 14, condition).mg_dl
        spread[condition], mean[condition] = values.std(), values.mean()
    assert mean[Condition.HEALTHY] < 120 < mean[Condition.TYPE_2]
    assert spread[Condition.HEALTHY] < spread[Condition.TYPE_2] < spread[Condition.TYPE_1]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("clarity_g6_2019-10_unquoted_dst-autumn.csv", lambda p: to_clarity_csv(p)),
        ("clarity_g6_2023-05_quoted.csv.gz", lambda p: to_clarity_csv(p, quoted=True)),
        (
            "libreview_mmol_dmy24h.csv",
            lambda p: to_libreview_csv(p, unit="mmol/L", crlf=True),
        ),
        (
            "libreview_us_mgdl_mdy12h.csv",
            lambda p: to_libreview_csv(p, unit="mg/dL", month_first=True, twelve_hours=True),
        ),
    ],
)
def test_simulated_files_have_the_headers_and_line_shapes_of_the_real_ones(name, write) -> None:
    real, simulated = (data.split(b"\n") for data in (vendor_export(name), write(_week())))
    header = 0 if "clarity" in name else 1
    assert simulated[header] == real[header]
    assert {_shape(line) for line in simulated[header + 1 :]} <= {
        _shape(line) for line in real[header + 1 :]
    }


def _week():
    start = datetime(2026, 10, 5, tzinfo=UTC)
    return simulate_trace(np.random.default_rng(2), 7, Condition.HEALTHY, start=start)


def _shape(line: bytes) -> tuple[int, bytes, bool]:
    """Number of fields, the end of the line, and whether it begins with a quote."""
    return (
        line.count(b","),
        line[-1:] if line[-1:] in (b"\r", b'"', b",") else b"",
        line[:1] == b'"',
    )


def test_the_command_writes_one_file_per_person(tmp_path) -> None:
    command = [sys.executable, "-m", "scripts.simulate_patients", "--people", "3", "--days", "1"]
    done = subprocess.run(
        [*command, "--seed", "7", "--out", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(list(tmp_path.iterdir())) == 3
