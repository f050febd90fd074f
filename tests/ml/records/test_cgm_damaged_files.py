"""Damaged JSON and damaged files of every format: a trace, or one clear error."""

import json

import numpy as np
import pytest
from cgm_attacks import NAME, person, refusal
from cgm_files import read
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.errors import UnreadableRecord
from ml.simulation.glucose import SimulatedTrace
from scripts.simulation.apps import to_levels_csv, to_nutrisense_csv
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from scripts.simulation.open_formats import to_nightscout_json, to_plain_csv


@pytest.mark.parametrize("make", [to_plain_csv, to_nightscout_json])
@pytest.mark.parametrize("value", [0, 9999])
def test_readings_of_0_and_9999_are_refused_in_open_formats_too(make, value: int) -> None:
    trace = person()
    trace.mg_dl[5] = value
    data = make(trace) if make is to_plain_csv else _raw_nightscout(trace)
    assert "outside" in refusal(data).reason


def test_ten_million_entries_are_refused_by_counting_them() -> None:
    assert "1,000,000 entries" in refusal(b"[" + b"{}," * 10_000_000 + b"{}]").reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[", "never ends"),
        (b"[{}]", "no glucose readings"),
        (b"{", "not valid JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'[{"sgv": 100}]', "no moment"),
        (b'[{"sgv": 100, "dateString": "2026-10-05T10:00:00"}]', "no moment"),
        (b'[{"sgv": NaN, "date": 1}]', "not valid JSON"),
        (b'[{"sgv": "high", "date": 1}]', "no number"),
        (b'[{"sgv": true, "date": 1}]', "no number"),
        (b'[{"sgv": 1e999, "date": 1}]', "no number"),
        (b'[{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}]", "not valid JSON"),
        (b'[{"a": "' + b"x" * 9000 + b'"}]', "more than 8 KiB"),
        (b'[{"sgv": 100, "date": 1759312800000}', "never ends"),
    ],
)
def test_json_that_is_no_list_of_entries_is_refused(data: bytes, reason: str) -> None:
    assert reason in refusal(data).reason


def test_a_nightscout_entry_is_refused_with_its_line() -> None:
    lines = to_nightscout_json(person(), one_per_line=True).splitlines()
    lines[6] = lines[6].replace(b'"sgv": ', b'"sgv": 9')
    assert refusal(b"\n".join(lines)).line == 7


FAULTS = [
    ({"sgv": 100, "dateString": "yesterday"}, "not a time"),
    ({"sgv": 100, "dateString": "2026-02-30T10:00:00Z"}, "no such date"),
    ({"sgv": 100, "dateString": "2026-10-05T10:00:00"}, "no moment"),
    ({"sgv": 100}, "no moment"),
    ({"sgv": 5000, "date": 1759312800000}, "outside"),
]


@pytest.mark.parametrize("second", range(len(FAULTS)))
@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faulty_nightscout_entries_the_first_is_named(first: int, second: int) -> None:
    lines = to_nightscout_json(person(), one_per_line=True).splitlines()
    lines[6], lines[20] = (json.dumps(FAULTS[which][0]).encode() for which in (first, second))
    refused = refusal(b"\n".join(lines))
    assert refused.line == 7 and FAULTS[first][1] in refused.reason


def test_nightscout_entries_may_each_write_their_moment_in_their_own_way() -> None:
    ways = [
        {"dateString": "2026-10-05T10:00:00Z"},
        {"dateString": "2026-10-05T12:05:00+02:00", "date": 1791194700000},
        {"dateString": "2026-10-05T10:10:00.123+0000"},
        {"dateString": "2026-10-05T10:15", "date": 1791195300000},
        {"date": {"$numberLong": "1791195600000"}},
        {"dateString": "2026-10-05T15:55:00+05:30", "date": None},
    ]
    data = json.dumps([{"sgv": 100 + n, **way} for n, way in enumerate(ways)]).encode()
    trace = read(data, "Europe/London")
    steps = np.diff(trace.utc.astype("M8[s]").astype(np.int64))
    assert steps.tolist() == [300] * 5


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=3000))
def test_whatever_the_bytes_the_answer_is_a_trace_or_one_clear_error(data: bytes) -> None:
    _read_or_refuse(data)


@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(["clarity", "libreview", "nightscout", "plain", "nutrisense", "levels"]),
    at=st.floats(0, 1),
    cut=st.integers(0, 200),
    junk=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)),
    zone=st.sampled_from([None, "Europe/London"]),
)
def test_a_damaged_export_is_a_trace_or_one_clear_error(which, at, cut, junk, zone) -> None:
    start = int(at * len(_WHOLE[which]))
    damaged = _WHOLE[which][:start] + junk + _WHOLE[which][start + cut :]
    _read_or_refuse(damaged, zone)


def _read_or_refuse(data: bytes, zone: str | None = "Europe/London") -> None:
    try:
        assert len(read(data, zone)) >= 2
    except UnreadableRecord as error:
        assert error.reason and NAME not in str(error)


def _raw_nightscout(trace: SimulatedTrace) -> bytes:
    moments = zip(trace.utc, trace.mg_dl, strict=True)
    return json.dumps([{"sgv": int(v), "date": int(t) * 1000} for t, v in moments]).encode()


_WHOLE = {
    "clarity": to_clarity_csv(person(0.1), name=(NAME, "Beeblebrox")),
    "libreview": to_libreview_csv(person(0.4, 15), name=NAME),
    "nightscout": to_nightscout_json(person(0.1)),
    "plain": to_plain_csv(person(0.1), unit="mmol/L"),
    "nutrisense": to_nutrisense_csv(person(0.4, 15), name=NAME),
    "levels": to_levels_csv(person(0.4, 15), name=NAME),
}
