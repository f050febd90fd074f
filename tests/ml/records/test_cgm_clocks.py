"""Wall clocks: both changes of the hour, missing zones, dates in either order."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from cgm_files import read, vendor_export
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.simulation.glucose import Condition, SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from scripts.simulation.open_formats import to_nightscout_json, to_plain_csv

AUTUMN = datetime(2025, 10, 25, 6, 0, tzinfo=UTC)  # clocks go back on the 26th
SPRING = datetime(2025, 3, 29, 6, 0, tzinfo=UTC)  # clocks go forward on the 30th


def simulated(start: datetime, zone: str, cadence_minutes: int = 5) -> SimulatedTrace:
    return simulate_trace(
        np.random.default_rng(7),
        2,
        Condition.TYPE_1,
        start=start,
        zone=zone,
        cadence_minutes=cadence_minutes,
        gaps_a_day=0,
    )


def seconds(trace) -> np.ndarray:
    return trace.utc.astype(np.int64)


def test_the_transmitters_clock_separates_the_hour_that_autumn_repeats() -> None:
    data = vendor_export("clarity_g6_2019-10_unquoted_dst-autumn.csv")
    trace = read(data, "Europe/Helsinki")
    twice = trace.local == np.datetime64("2019-10-27T03:02:18")
    assert trace.utc[twice].astype(str).tolist() == ["2019-10-27T00:02:18", "2019-10-27T01:02:18"]
    assert trace.mg_dl[twice].tolist() == [312.0, 296.0]


def test_in_utc_a_real_autumn_export_follows_its_transmitters_clock_throughout() -> None:
    data = vendor_export("clarity_g6_2019-10_unquoted_dst-autumn.csv")
    trace = read(data, "Europe/Helsinki")
    rows = pd.read_csv(pd.io.common.BytesIO(data)).query("`Event Type` == 'EGV'")
    ticks = np.sort(rows["Transmitter Time (Long Integer)"].to_numpy())
    assert np.abs(np.diff(seconds(trace)) - np.diff(ticks)).max() <= 120
    assert len(trace) == len(ticks) == 3913


def test_a_real_spring_export_loses_nothing_and_has_no_gap_at_the_jump() -> None:
    trace = read(vendor_export("clarity_g6_2025-03_quoted_dst-spring.csv.gz"), "Europe/Helsinki")
    assert len(trace) == 8755
    after = int(np.searchsorted(trace.local, np.datetime64("2025-03-30T04:00:00")))
    assert trace.local[after] - trace.local[after - 1] > np.timedelta64(1, "h")
    assert trace.utc[after] - trace.utc[after - 1] < np.timedelta64(6, "m")


def test_libreview_without_a_device_clock_keeps_both_passes_of_a_repeated_hour() -> None:
    data = vendor_export("libreview_pro_patient-report_mgdl_2018-2021.csv.gz")
    trace = read(data, "America/Los_Angeles")
    start, end = np.datetime64("2019-11-03T01:00"), np.datetime64("2019-11-03T02:00")
    hour = (trace.local >= start) & (trace.local < end) & ~trace.scanned
    assert np.unique(trace.utc[hour]).size == hour.sum() == 8
    assert trace.tally.duplicates == read(data).tally.duplicates - 1


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/London", AUTUMN),
        ("Europe/London", SPRING),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 0, 0, tzinfo=UTC)),  # half an hour back
        ("America/New_York", datetime(2025, 11, 1, 6, 0, tzinfo=UTC)),
        ("Asia/Kolkata", AUTUMN),
    ],
)
@pytest.mark.parametrize("write", [to_clarity_csv, to_plain_csv, to_nightscout_json])
def test_every_moment_is_recovered_across_a_change_of_the_hour(zone, start, write) -> None:
    person = simulated(start, zone)
    assert seconds(read(write(person), zone)).tolist() == sorted(person.utc.tolist())


def test_interleaved_libreview_rows_go_to_the_two_passes_in_turn() -> None:
    person = simulated(AUTUMN, "Europe/London", cadence_minutes=15)
    chronological = to_libreview_csv(person, unit="mg/dL", scan_every=0).splitlines(keepends=True)
    by_wall_time = sorted(
        range(person.utc.size), key=lambda i: (person.local[i] // 60, person.utc[i])
    )
    assert by_wall_time != sorted(by_wall_time)
    interleaved = [*chronological[:2], *(chronological[2 + i] for i in by_wall_time)]
    trace = read(b"".join(interleaved), "Europe/London")
    assert seconds(trace).tolist() == person.utc.tolist()


def test_a_file_newest_first_is_resolved_like_one_oldest_first() -> None:
    person = simulated(AUTUMN, "Europe/London")
    header, *rows = to_plain_csv(person).splitlines(keepends=True)
    trace = read(b"".join([header, *reversed(rows)]), "Europe/London")
    assert seconds(trace).tolist() == sorted(person.utc.tolist())


def test_a_wall_time_that_the_zone_skipped_is_kept() -> None:
    person = simulated(SPRING, "Asia/Kolkata")
    assert len(read(to_clarity_csv(person), "Europe/London")) == person.utc.size


def test_without_a_zone_a_trace_has_wall_time_only() -> None:
    person = simulated(AUTUMN, "Asia/Seoul")
    trace = read(to_clarity_csv(person))
    assert trace.utc is None and trace.zone is None
    assert trace.local.astype(np.int64).tolist() == person.local.tolist()


def test_nightscout_wall_time_comes_from_its_offset_until_a_zone_is_named() -> None:
    person = simulated(AUTUMN, "Asia/Seoul")
    data = to_nightscout_json(person)
    assert sorted(read(data).local.astype(np.int64)) == sorted(person.local)
    elsewhere = read(data, "America/New_York")
    assert (elsewhere.local.astype(np.int64) != person.local).all()
    assert seconds(elsewhere).tolist() == person.utc.tolist()


@settings(max_examples=40, deadline=None)
@given(
    day=st.dates(datetime(2015, 1, 1).date(), datetime(2026, 10, 1).date()),
    month_first=st.booleans(),
    twelve_hours=st.booleans(),
    days=st.sampled_from([0.5, 3, 20]),
)
def test_libreview_dates_are_read_in_every_order_and_clock(
    day, month_first: bool, twelve_hours: bool, days: float
) -> None:
    start = datetime(day.year, day.month, day.day, 12, 0, tzinfo=UTC)
    person = simulate_trace(
        np.random.default_rng(day.toordinal()), days, start=start, zone="UTC", cadence_minutes=15
    )
    data = to_libreview_csv(person, month_first=month_first, twelve_hours=twelve_hours)
    local = read(data).local.astype(np.int64)
    if days < 1 and day.day <= 12 and month_first != twelve_hours:
        return  # one day whose numbers read both ways: nothing in the file can tell
    assert local[0] // 60 == person.local[0] // 60


def test_year_first_libreview_dates_are_read() -> None:
    person = simulated(AUTUMN, "Europe/London", cadence_minutes=15)
    text = to_libreview_csv(person, scan_every=0).decode()
    turned = pd.Series([text]).str.replace(r"(\d\d)-(\d\d)-(\d{4})", r"\3-\2-\1", regex=True)[0]
    trace = read(turned.encode(), "Europe/London")
    assert str(trace.local[0]) == "2025-10-25T07:00:00"
