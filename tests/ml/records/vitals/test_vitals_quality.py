"""The quality of vital signs is monotone in every part, and pays nothing that is not telling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vitals_reading import left_out, person, read, trace_of

from ml.records.vitals import inspect, judge
from ml.records.vitals.left_out import LeftOut
from ml.records.vitals.quality import FULL_ROWS, UNPAID_ROWS, vitals_quality
from scripts.simulation.vitals_files import to_vitals_csv

PARTS = {
    "rows": st.integers(0, 60),
    "span_days": st.floats(0, 20),
    "signs_a_row": st.floats(0, 8),
    "implausible_share": st.floats(0, 1),
}


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(PARTS), st.sampled_from(list(PARTS)), st.floats(0, 1))
def test_the_score_rises_with_every_good_part_and_falls_with_the_bad_one(parts, which, more):
    better = parts | {which: parts[which] + more * (1 - parts[which] if "share" in which else 5)}
    if which == "rows":
        better["rows"] = int(better["rows"])
    one, other = vitals_quality(**parts).score, vitals_quality(**better).score
    assert 0 <= one <= 1
    assert other <= one + 1e-12 if which == "implausible_share" else other >= one - 1e-12


def test_two_weeks_of_a_person_are_a_full_contribution() -> None:
    trace = read(to_vitals_csv(person(2, rows=FULL_ROWS + 1), zone="UTC"))
    assert judge(trace).basis_points == 10_000


def test_a_row_alone_and_a_series_too_short_to_tell_apart_earn_nothing() -> None:
    few = to_vitals_csv(person(2, rows=UNPAID_ROWS), zone="UTC")
    assert judge(read(few)).score == 0 == judge(read('{"hr": 70, "spo2": 98, "age": 3}')).score


def test_an_hour_of_telemetry_earns_nothing() -> None:
    values = np.column_stack([60.0 + np.arange(60) % 7, np.full(60, 120.0) + np.arange(60) % 5])
    quality = judge(trace_of(("heart_rate", "systolic_bp"), values, hours=1 / 60))
    assert (quality.rows, quality.span, quality.breadth) == (1, 0, 0.5)


def test_a_column_more_never_costs_anything_and_a_repeated_row_does() -> None:
    values = np.column_stack([60.0 + np.arange(30) % 7, np.full(30, np.nan)])
    values[3, 1] = 98
    one = judge(trace_of(("heart_rate",), values[:, :1]))
    assert judge(trace_of(("heart_rate", "oxygen_saturation"), values)).score > one.score
    stuck = judge(trace_of(("heart_rate",), np.full((30, 1), 70.0)))
    assert stuck.plausibility == pytest.approx(1 / 30)


def test_a_diastolic_above_the_systolic_pressure_is_implausible() -> None:
    values = np.column_stack([120.0 + np.arange(10), 80.0 + np.arange(10)])
    values[:5] = values[:5, ::-1]
    assert judge(trace_of(("systolic_bp", "diastolic_bp"), values)).plausibility == 0.5


def test_an_inspection_tells_what_was_understood_and_no_value() -> None:
    trace = read(to_vitals_csv(person(2), zone="Asia/Seoul"))
    told = inspect(trace, LeftOut(("mood",), 2)).to_dict()
    assert told["readings"] == 30 and told["zone"] == "Asia/Seoul" and told["format"] == "csv"
    assert told["left_out"] == "mood, 2 of identity or free text"
    assert str(told["variables"]).startswith("heart_rate, respiration_rate")
    assert set(told) == {
        *("format", "zone", "readings", "variables", "values", "missing", "start", "end"),
        *("left_out", "quality"),
    }
    assert left_out("hr\n70\n") is None
