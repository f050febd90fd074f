"""Whether a person's days are enough for a model, and what is said when they are not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from cgm_files import read, shared_file

from ml.records.cgm.artefacts import compression_lows, stuck
from ml.records.cgm.clocks import clock_changes, doubled_time
from ml.records.cgm.grid import GlucoseGrid, even_grid, grid_of
from ml.records.cgm.metrics import grid_metrics
from ml.records.cgm.readiness import Readiness, assess, trusted
from ml.records.cgm.wear import wear
from ml.simulation.glucose import Condition, simulate_trace
from scripts.simulation.clarity import to_clarity_csv

FIRST = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp())
DAY = 288


def a_grid(values: np.ndarray, *, offset: np.ndarray | int = 0, cadence: int = 1) -> GlucoseGrid:
    """Values at 5 minutes from midnight; every `cadence`-th is the sensor's."""
    steps = np.arange(0, values.size, cadence)
    return even_grid(
        FIRST + steps * 300,
        values[::cadence].astype(np.float32),
        wall_offset=np.broadcast_to(np.asarray(offset), values.shape)[::cadence].astype(np.int64),
        person="somebody",
    )


def days(count: float, seed: int = 5) -> np.ndarray:
    """A person's waves: every day alike and none the same."""
    steps = np.arange(int(count * DAY))
    noise = np.random.default_rng(seed).normal(0, 3, steps.size)
    return np.round(130 + 35 * np.sin(steps / DAY * 6 * np.pi) + noise)


def codes(readiness: Readiness) -> tuple[list[str], list[str]]:
    return [f.code for f in readiness.reasons], [f.code for f in readiness.notes]


def test_fourteen_days_are_enough_and_nothing_is_said() -> None:
    found = assess(a_grid(days(14)))
    assert (found.enough, found.widened, found.days_worn, found.needs) == (True, False, 14, "")
    assert codes(found) == ([], []) and not found.set_aside.any()


@pytest.mark.parametrize("count", [10, 11, 13])
def test_ten_to_fourteen_days_are_enough_and_widen(count: int) -> None:
    found = assess(a_grid(days(count)))
    assert (found.enough, found.widened, found.days_worn) == (True, True, count)
    assert codes(found) == ([], ["few_days"]) and f"Only {count} days" in found.notes[0].sentence


@pytest.mark.parametrize(("count", "more"), [(9, "1 more day "), (3, "7 more days "), (0.2, "10 ")])
def test_fewer_days_are_refused_with_how_many_more_would_do(count: float, more: str) -> None:
    found = assess(a_grid(days(count)))
    assert (found.enough, found.widened, found.days_worn) == (False, False, int(count))
    assert codes(found)[0] == ["too_few_days"] and found.needs.startswith(more)


def test_fourteen_days_of_which_40_percent_are_worn_are_refused_for_that() -> None:
    values = days(14)
    values[np.arange(values.size) % DAY >= 0.4 * DAY] = np.nan
    found = assess(a_grid(values))
    assert not found.enough and found.days_worn == 0 and found.wear == pytest.approx(0.4, abs=0.03)
    assert codes(found)[0] == ["low_wear"] and "10 are needed" in found.reasons[0].sentence
    assert found.needs.startswith("10 more days")


def test_readings_missing_one_by_one_are_missing_although_a_grid_bridges_them() -> None:
    values = days(14)
    values[np.random.default_rng(2).random(values.size) < 0.6] = np.nan
    grid = a_grid(values)
    assert np.isfinite(grid.mg_dl).mean() > 0.7
    found = assess(grid)
    assert not found.enough and found.wear == pytest.approx(0.4, abs=0.02)
    assert codes(found)[0] == ["low_wear"]


def test_days_that_are_whole_count_although_others_are_missing() -> None:
    values = days(25)
    values[5 * DAY + 77 : 17 * DAY + 50] = np.nan
    found = assess(a_grid(values))
    assert found.enough and found.widened and found.days_worn == 13
    assert "long_break" in codes(found)[1]


def test_a_break_of_half_a_day_costs_no_more_than_itself() -> None:
    values = days(10.5)
    values[5 * DAY : 5 * DAY + DAY // 2] = np.nan
    assert assess(a_grid(values)).days_worn == 10


def test_a_sensor_of_15_minutes_is_worn_all_the_time() -> None:
    found = assess(a_grid(days(14), cadence=3))
    assert found.days_worn == 14 and found.wear > 0.999


@pytest.mark.parametrize("noise", [0.0, 1.5])
def test_a_flat_line_is_refused(noise: float) -> None:
    values = 110 + np.random.default_rng(1).normal(0, noise, 14 * DAY)
    found = assess(a_grid(values))
    assert not found.enough and "flat" in codes(found)[0]
    assert "working sensor" in found.needs


def test_a_stuck_sensor_is_not_counted_as_worn() -> None:
    values = days(14)
    values[3 * DAY : 8 * DAY] = 117.0
    found = assess(a_grid(values))
    assert (found.enough, found.days_worn) == (False, 9)
    assert codes(found)[0] == ["stuck", "low_wear"]
    assert found.set_aside.sum() == pytest.approx(5 * DAY, abs=2)
    values[4 * DAY : 8 * DAY] = days(14)[4 * DAY : 8 * DAY]
    allowed = assess(a_grid(values))
    assert allowed.enough and codes(allowed) == ([], ["few_days", "stuck"])


def test_a_long_low_at_the_floor_is_no_stuck_sensor() -> None:
    values = days(14)
    values[DAY : DAY + 60] = 40.0
    assert stuck(a_grid(values)) == []


def test_a_change_of_sensor_is_allowed_and_named_with_its_day() -> None:
    values = days(14)
    values[7 * DAY + 100 : 7 * DAY + 124] = np.nan
    found = assess(a_grid(values))
    assert found.enough and codes(found) == ([], ["warm_up"])
    assert "2026-10-12" in found.notes[0].sentence and "new sensor" in found.notes[0].sentence


@pytest.mark.parametrize(
    ("hours", "hour_utc", "day"), [(-8, 3, "2026-10-11"), (9, 20, "2026-10-13")]
)
def test_a_day_that_is_named_is_that_of_the_persons_own_clock(
    hours: int, hour_utc: int, day: str
) -> None:
    values = days(14)
    values[7 * DAY + hour_utc * 12 : 7 * DAY + hour_utc * 12 + 24] = np.nan
    found = assess(a_grid(values, offset=hours * 3600))
    assert codes(found)[1] == ["warm_up"] and day in found.notes[0].sentence


def test_a_week_in_another_time_zone_is_named_and_hours_follow_the_person() -> None:
    offset = np.zeros(14 * DAY, np.int64)
    offset[4 * DAY : 11 * DAY] = 9 * 3600
    grid = a_grid(days(14), offset=offset)
    found = assess(grid)
    assert found.enough and codes(found)[1] == ["clock_change", "clock_change"]
    there, back = (note.sentence for note in found.notes)
    assert "2026-10-09" in there and "ahead by 9 h" in there
    assert "2026-10-16" in back and "back by 9 h" in back
    assert grid.minute_of_day[4 * DAY] == 9 * 60


def test_a_change_to_summer_time_is_a_clock_change_of_an_hour() -> None:
    start = datetime(2026, 3, 20, tzinfo=UTC)
    simulated = simulate_trace(
        np.random.default_rng(4), 14, Condition.HEALTHY, start=start, zone="Europe/London"
    )
    grid = grid_of(read(to_clarity_csv(simulated), "Europe/London"), person="x")
    assert [(c.day, c.minutes) for c in clock_changes(grid)] == [("2026-03-29", 60)]


def _flown(simulated, hours: int):
    """The file of a person whose clock was `hours` ahead from day 4 to day 11."""
    local = simulated.local.copy()
    day = (simulated.utc - simulated.utc[0]) / 86_400
    local[(day >= 4) & (day < 11)] += hours * 3600
    return to_clarity_csv(replace(simulated, local=local))


@pytest.mark.parametrize("hours", [9, -6])
def test_in_a_file_of_wall_times_the_hours_a_journey_repeats_are_named_and_left_out(
    hours: int,
) -> None:
    simulated = simulate_trace(np.random.default_rng(4), 14, gaps_a_day=0, zone="Asia/Seoul")
    trace = read(_flown(simulated, hours), "Asia/Seoul")
    (twice,) = doubled_time(trace)
    assert (twice.end - twice.start) / 3600 == pytest.approx(abs(hours), abs=0.6)
    grid = grid_of(trace, person="x")
    found = assess(grid, traces=[trace])
    assert found.enough and "doubled_time" in codes(found)[1]
    assert found.set_aside.sum() == pytest.approx(abs(hours) * 12, abs=10)


def test_the_hour_that_autumn_repeats_is_no_doubled_time() -> None:
    simulated = simulate_trace(
        np.random.default_rng(4), 3, start=datetime(2026, 10, 24, 6, tzinfo=UTC), gaps_a_day=0
    )
    assert doubled_time(read(to_clarity_csv(simulated), "Europe/London")) == []


def test_scans_beside_the_sensors_own_readings_are_no_doubled_time() -> None:
    for name in ("libreview_us_mgdl_mdy12h.csv", "levels_export_utc+local.csv"):
        data = Path(shared_file("cgm-vendor-exports", name)).read_bytes()
        assert doubled_time(read(data, "America/Los_Angeles")) == []


def with_compressions(nights: int = 14) -> np.ndarray:
    """From 110 to 52 within ten minutes at 2:30 each night, and back as fast after 40."""
    values = np.clip(days(14), 95, None)
    for night in range(nights):
        at = night * DAY + 30
        values[at : at + 12] = [110, 80, 58, *[52] * 7, 85, 112]
    return values


def test_a_compression_low_every_night_is_named_and_not_counted_as_low() -> None:
    grid = a_grid(with_compressions())
    found = assess(grid)
    assert found.enough and codes(found) == ([], ["compression_low"])
    assert "On 14 nights" in found.notes[0].sentence
    assert grid_metrics(grid).tbr > 0.02
    assert grid_metrics(trusted(grid, found)).tbr == 0.0


def test_a_compression_low_is_seen_in_15_minute_readings_too() -> None:
    values = np.clip(days(14), 100, None)
    at = 5 * DAY + 30
    values[at : at + 3], values[at + 3 : at + 9] = 110.0, 50.0
    values[at + 9 : at + 12] = 112.0
    grid = a_grid(values, cadence=3)
    assert len(compression_lows(grid)) == 1


@pytest.mark.parametrize(
    "low",
    [
        np.concatenate([np.linspace(110, 52, 24), np.linspace(52, 110, 24)]),  # a slow fall
        np.concatenate([np.linspace(110, 52, 24), [52, 80, 112]]),  # slow, and ended by sugar
        np.concatenate([[110, 80, 55], np.full(30, 52), [80, 112]]),  # two and a half hours
    ],
)
def test_a_true_low_at_night_stays_a_low(low: np.ndarray) -> None:
    values = np.clip(days(14), 100, None)
    values[5 * DAY + 24 : 5 * DAY + 24 + low.size] = np.round(low)
    assert compression_lows(a_grid(values)) == []


def test_a_steep_dip_by_day_is_no_compression() -> None:
    values = with_compressions(1)
    assert compression_lows(a_grid(np.roll(values, DAY // 2))) == []


def test_real_nights_hardly_ever_look_like_compression() -> None:
    shared_file("cgm-hall2018", "SOURCE.md")
    from ml.experiments.cohorts import people

    data = shared_file("cgm-hall2018", "SOURCE.md").parents[1]
    everybody = people(data, cohorts=["hall"])
    found = sum(len(compression_lows(person.grid)) for person in everybody)
    nights = sum(wear(p.grid).span_days * wear(p.grid).share for p in everybody)
    assert nights > 350 and found < 0.02 * nights


def test_every_sentence_is_one_that_a_person_can_read() -> None:
    values = with_compressions(3)
    values[DAY : DAY + 24] = np.nan
    values[3 * DAY : 9 * DAY] = np.nan
    found = assess(a_grid(values))
    for finding in (*found.reasons, *found.notes):
        assert finding.sentence[0].isupper() and finding.sentence.endswith(".")
        assert len(finding.sentence) < 300 and "nan" not in finding.sentence
