"""Quality from 0 to 1, monotone in every part, and fair to real traces."""

import numpy as np
import pytest
from cgm_files import read, vendor_export
from hypothesis import given
from hypothesis import strategies as st

from ml.records.cgm import inspect, judge
from ml.records.quality import cgm_quality
from ml.simulation.glucose import SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.open_formats import to_plain_csv

PARTS = {
    "span_days": st.floats(0, 400),
    "coverage": st.floats(0, 1),
    "gaps": st.integers(0, 5000),
    "implausible_share": st.floats(0, 1),
}
BETTER_IS_MORE = {"span_days": True, "coverage": True, "gaps": False, "implausible_share": False}


@given(**PARTS)
def test_quality_and_each_of_its_parts_lie_between_0_and_1(**parts) -> None:
    quality = cgm_quality(**parts)
    for value in (*vars(quality).values(), quality.score):
        assert 0 <= value <= 1


@pytest.mark.parametrize("part", PARTS)
@given(data=st.data())
def test_quality_never_falls_when_one_part_gets_better(part: str, data) -> None:
    parts = {name: data.draw(values) for name, values in PARTS.items()}
    other = data.draw(PARTS[part])
    worse, better = sorted([parts[part], other], reverse=not BETTER_IS_MORE[part])
    low = cgm_quality(**{**parts, part: worse}).score
    assert low <= cgm_quality(**{**parts, part: better}).score


def test_two_full_weeks_without_a_break_are_worth_1() -> None:
    perfect = cgm_quality(span_days=14, coverage=1, gaps=0, implausible_share=0)
    assert perfect.score == 1


def test_a_trace_cut_into_pieces_is_worth_less_than_the_whole() -> None:
    whole = cgm_quality(span_days=14, coverage=1, gaps=0, implausible_share=0).score
    for pieces in (2, 7, 14, 28):
        piece = cgm_quality(span_days=14 / pieces, coverage=1, gaps=0, implausible_share=0).score
        assert pieces * piece < whole


def person(days: float = 14, gaps_a_day: float = 0) -> SimulatedTrace:
    return simulate_trace(np.random.default_rng(5), days, gaps_a_day=gaps_a_day)


def quality_of(trace: SimulatedTrace) -> float:
    return inspect(read(to_clarity_csv(trace), "Europe/London")).quality


def test_a_shorter_or_more_broken_trace_is_worth_less() -> None:
    assert quality_of(person(14)) > quality_of(person(7)) > quality_of(person(3)) > 0
    assert quality_of(person(14)) > quality_of(person(14, 1)) > quality_of(person(14, 6))


def test_noise_that_no_body_makes_is_worth_little() -> None:
    trace = person()
    noise = np.random.default_rng(6).integers(40, 400, trace.mg_dl.size)
    trace.mg_dl[:] = noise
    parts = judge(read(to_clarity_csv(trace), "Europe/London"))
    assert parts.plausibility < 0.4
    assert parts.span > 0.99 and parts.coverage > 0.99


def test_hours_stuck_at_one_value_count_against_plausibility() -> None:
    trace = person(3)
    trace.mg_dl[100:160] = 123
    parts = judge(read(to_plain_csv(trace), "Europe/London"))
    assert parts.plausibility == pytest.approx(1 - 60 / trace.mg_dl.size, abs=0.005)


def test_scans_between_the_sensors_own_readings_do_not_shorten_the_cadence() -> None:
    data = vendor_export("libreview_uk_mmol_dmy24h_insulin-food.csv")
    assert inspect(read(data, "Europe/London")).cadence == 15


@pytest.mark.parametrize(
    ("name", "zone", "quality"),
    [
        ("clarity_g6_2023-05_quoted.csv.gz", "Europe/Helsinki", 0.978),
        ("clarity_g6_2019-10_unquoted_dst-autumn.csv", "Europe/Helsinki", 0.806),
        ("clarity_g6_2021-03_low-words.csv", "Europe/Helsinki", 0.704),
        ("clarity_g7_2025-11_quoted_ragged.csv", "Europe/London", 0.564),
        ("libreview_pro_patient-report_mgdl_2018-2021.csv.gz", "America/Los_Angeles", 0.311),
    ],
)
def test_real_exports_are_scored_by_how_much_they_hold(name, zone, quality) -> None:
    assert inspect(read(vendor_export(name), zone)).quality == pytest.approx(quality, abs=0.002)
