"""Vital signs that cannot be read get one clear error, which never tells what a cell holds."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vitals_reading import read

from ml.records.errors import UnreadableRecord
from ml.records.vitals import canonical_bytes, fingerprints, from_canonical_bytes
from ml.records.vitals.raw import MAX_ROWS
from scripts.simulate_patients import simulate_vitals_patients

HEAD = "timestamp,hr,sbp\n"
ROW = "2026-11-01 08:00,72,120\n"
FILES = [file.data.decode() for file in simulate_vitals_patients(8, people=5)]


def rows(*lines: str) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "empty"),
        (HEAD, None, "no row"),
        ("a,b\n1,2\n", 1, "no known column"),
        (HEAD + "2026-11-01 08:00,,\n", 1, "no known column"),
        ("timestamp,hr,pulse\n" + ROW, 1, "two columns hold heart_rate"),
        ("timestamp,hr,hr\n" + ROW, 1, "name of its own"),
        (rows("2026-11-01 08:00,72,120,5"), 2, "more fields"),
        (rows("2026-11-01 08:00,72"), 2, "2 fields, where the header has 3"),
        (rows('2026-11-01 08:00,"72,120'), 2, "fields|malformed"),
        (HEAD + ROW + "2026-11-02 08:00,7,121\n", 3, "heart_rate outside the 20 to 300"),
        (HEAD + ROW + "2026-11-02 08:00,-1,121\n", 3, "heart_rate outside"),
        (rows("2026-11-01 08:00,inf,120"), 2, "infinity"),
        (rows("2026-11-01 08:00,1e999,120"), 2, "no number"),
        (rows("2026-11-01 08:00,seventy,120"), 2, "no number"),
        (rows("2026-11-01 08:00,=1+1,120"), 2, "formula"),
        ('timestamp,steps\n2026-11-01 08:00,"1,234"\n', 2, "thousands"),
        (rows("2026-11-01 08:00,72 mmHg,120"), 2, "no number"),
        ("temp\n-4000\n", 2, "any of its units"),
        ("weight\n70\n", None, "can be kg or lb"),
        ("glucose\n40\n", None, "can be mg/dL or mmol/L"),
        ("timestamp,temp\n2026-11-01 08:00,98.6\n2026-11-02 08:00,37\n", 2, "units are mixed"),
        ("timestamp,temp\n2026-11-01 08:00,98.6 F\n2026-11-02 08:00,37 C\n", None, "two units"),
        ("sex\n1\n", 2, "none of female, male"),
        ("status\n7\n", 2, "status is none of 0, 1, 2"),
        ("bp\n120\n", 2, "two numbers"),
        (HEAD + ROW + ",71,121\n", 3, "without a time"),
        (HEAD + ROW + ROW, 3, "second row of the same moment"),
        (rows("yesterday,72,120"), 2, "no such time"),
        (rows("2026-13-01 08:00,72,120"), 2, "no such date"),
        (rows("2026-11-01 25:00,72,120"), 2, "no such date or time"),
        (rows("1999-12-31 08:00,72,120"), 2, "before the year 2000"),
        (rows("2026-12-01 08:00,72,120"), 2, "after the moment of the upload"),
        (HEAD + ROW + "2026-11-02T08:00:00Z,71,121\n", 2, "without an offset"),
        ("hr\n72\n73\n", None, "no column of time"),
        (
            "timestamp,hr,sex\n2026-11-01 08:00,72,f\n2026-11-02 08:00,72,m\n",
            None,
            "several people",
        ),
        (
            "timestamp,hr,age\n2026-11-01 08:00,72,30\n2026-11-02 08:00,72,55\n",
            None,
            "several people",
        ),
        ("time,hr,User ID\n2026-11-01 08:00,72,a\n2026-11-02 08:00,72,b\n", None, "several people"),
        ("[1, 2]", 1, "no JSON object"),
        ("[", None, "no measurement"),
        ("{}", None, "no measurement"),
        ("[{}]", None, "no measurement"),
        ('{"hr": 72', 1, "not valid JSON"),
        ('{"hr": 72} trailing', 1, "not valid JSON"),
        ('[{"hr": 72} {"hr": 73}]', 1, "lacks a comma"),
        ('[{"hr": 72}', 1, "cut short"),
        ('[{"hr": 72}] {"hr": 73}', None, "follows"),
        ('[\n{"hr": 72, "hr": 73}]', 2, "same key twice"),
        ('{"hr": NaN}', 1, "NaN is no JSON"),
        ('{"hr": -Infinity}', 1, "Infinity is no JSON"),
        ('{"hr": ' + "9" * 60 + "}", 1, "more than 40 characters"),
        ('{"hr": ' + "9" * 30 + "}", 1, "no number"),
        ('{"hr": true}', 1, "no number"),
        ('{"hr": "a lot"}', 1, "no number"),
        ('{"hr": [72, [73]]}', 1, "mixes"),
        ('{"hr": [72, 73], "rr": [15]}', 1, "different length"),
        ('{"a": [{"hr": 72}], "b": [{"rr": 13}]}', 1, "arrays side by side"),
        ('{"a": [{"hr": 72}], "rr": [13, 14]}', 1, "one array of rows"),
        ('{"hr": 70, "a": [{"hr": 72}]}', 1, "beside an array"),
        ('{"a":' * 9 + "{}" + "}" * 9, 1, "deeper than 8"),
        ('{"a":' * 100_000, 1, "deeper than 8|not valid"),
        ("[" * 100_000, 1, "deeper than 8|not valid"),
        ('[{"hr":7,"x":1},' * 10, 1, "outside|cut short|not valid"),
    ],
)
def test_a_damaged_file_is_refused_with_line_and_reason(text: str, line, reason: str) -> None:
    with pytest.raises(UnreadableRecord, match=reason) as caught:
        read(text)
    assert caught.value.line == line


def test_a_fault_within_nested_rows_is_told_by_row() -> None:
    text = {"rows": [{"time": "2026-11-01 08:00", "hr": 70}, {"time": "2026-11-02 08:00", "hr": 1}]}
    with pytest.raises(UnreadableRecord, match="row 2: heart_rate outside") as caught:
        read(json.dumps(text))
    assert caught.value.line is None


def test_two_arrays_that_say_two_things_of_one_moment_are_refused() -> None:
    time = '"time": "2026-11-01 08:00"'
    with pytest.raises(UnreadableRecord, match="second row of the same moment"):
        read(f'{{"a": [{{{time}, "hr": 72}}], "b": [{{{time}, "hr": 73}}]}}')


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,hr,name\n2026-11-01 08:00,Zaphodina,Beeblebrox\n",
        "timestamp,sex,name\n2026-11-01 08:00,Zaphodina,Beeblebrox\n",
        "Zaphodina,Beeblebrox\n1,2\n",
        '{"hr": "Zaphodina", "name": "Beeblebrox"}',
        "timestamp,hr,patient\nZaphodina,70,x\nBeeblebrox,71,x\n",
    ],
)
def test_no_error_tells_what_a_cell_or_an_unknown_header_says(text: str) -> None:
    with pytest.raises(UnreadableRecord) as caught:
        read(text)
    assert "Zaphodina" not in str(caught.value) and "Beeblebrox" not in str(caught.value)


def test_too_many_rows_are_refused_before_they_are_read() -> None:
    many = "timestamp,hr\n" + "2026-11-01 08:00,70\n" * (MAX_ROWS + 1)
    with pytest.raises(UnreadableRecord, match="50,000 rows"):
        read(many)
    with pytest.raises(UnreadableRecord, match="50,000 rows"):
        read('{"hr": [' + ",".join(["70"] * (MAX_ROWS + 1)) + "]}")
    with pytest.raises(UnreadableRecord, match="objects and arrays"):
        read("[" + ",".join(["{}"] * (10 * MAX_ROWS + 1)) + "]")


def test_a_glucose_sensors_series_is_another_kind_of_record() -> None:
    lines = "".join(f"2026-11-01 {n // 12:02}:{n % 12 * 5:02},{100 + n % 9}\n" for n in range(48))
    with pytest.raises(UnreadableRecord, match="as kind cgm"):
        read("timestamp,glucose_mg_dl\n" + lines)


CHARS = st.sampled_from('"{}[],:;/-=%|\n\r\t 0129.eE+TZ°\u00a0\u2028\u0663²심박')


@settings(max_examples=150, deadline=None)
@given(
    which=st.integers(0, 4),
    at=st.lists(st.tuples(st.floats(0, 1), CHARS, st.integers(0, 2)), min_size=1, max_size=3),
)
def test_a_file_with_any_character_changed_is_read_or_refused_and_nothing_else(which, at) -> None:
    text = FILES[which]
    for share, char, cut in at:
        place = int(share * len(text))
        text = text[:place] + char + text[place + cut :]
    try:
        trace = read(text)
    except UnreadableRecord:
        return
    assert from_canonical_bytes(canonical_bytes(trace)).variables == trace.variables
    assert fingerprints(trace).duplicate_at >= 1
