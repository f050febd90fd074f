"""Even grids, forecast windows and whole days: nothing is invented and nothing looks ahead."""

import numpy as np
import pytest

from ml.records.cgm.days import whole_days
from ml.records.cgm.grid import GlucoseGrid, even_grid, wall_times
from ml.records.cgm.windows import HISTORY, HORIZON, forecast_windows, joined

FIVE = 300


def grid_of_values(values: list[float] | np.ndarray, start: int = 0) -> GlucoseGrid:
    seconds = start + np.arange(len(values), dtype=np.int64) * FIVE
    return even_grid(
        seconds,
        np.asarray(values, dtype=np.float32),
        wall_offset=np.zeros(len(values), np.int64),
        person="somebody",
    )


def waves(days: float, rng_seed: int = 1) -> np.ndarray:
    steps = np.arange(int(days * 288))
    noise = np.random.default_rng(rng_seed).normal(0, 3, steps.size)
    return (120 + 40 * np.sin(steps / 288 * 2 * np.pi) + noise).astype(np.float32)


def test_a_gap_of_20_minutes_is_bridged_and_a_longer_one_stays_empty() -> None:
    values = waves(0.2)
    values[10:13] = np.nan
    values[30:34] = np.nan
    grid = grid_of_values(values)
    assert np.isfinite(grid.mg_dl[10:13]).all()
    assert not grid.observed[10:13].any()
    assert np.isnan(grid.mg_dl[30:34]).all()


def test_a_reading_goes_to_the_nearest_step() -> None:
    grid = even_grid(
        np.array([0, 290, 620], dtype=np.int64),
        np.array([100, 110, 120], dtype=np.float32),
        wall_offset=np.zeros(3, np.int64),
        person="x",
    )
    assert grid.mg_dl.tolist() == [100, 110, 120]


def test_the_clock_of_a_grid_is_that_of_the_wall() -> None:
    grid = even_grid(
        np.arange(3, dtype=np.int64) * FIVE,
        np.full(3, 100, np.float32),
        wall_offset=np.full(3, 3600, np.int64),
        person="x",
    )
    assert grid.minute_of_day.tolist() == [60, 65, 70]


def test_windows_never_change_when_the_future_does() -> None:
    values = waves(3)
    before = forecast_windows(grid_of_values(values))
    changed = values.copy()
    changed[500:] += 100
    after = forecast_windows(grid_of_values(changed))
    seen = before.moment < np.datetime64(500 * FIVE, "s")
    for column in ("history", "yesterday", "typical", "minute_of_day"):
        left, right = getattr(before.take(seen), column), getattr(after.take(seen), column)
        assert np.array_equal(left, right, equal_nan=True), column


def test_a_gap_before_the_origin_is_filled_from_the_past_alone() -> None:
    values = waves(2)
    values[300:320] = np.nan
    changed = values.copy()
    changed[330:] += 50
    both = [forecast_windows(grid_of_values(v)) for v in (values, changed)]
    first, second = (w.take(w.moment < np.datetime64(330 * FIVE, "s")) for w in both)
    assert len(first) > 0
    assert np.array_equal(first.history, second.history)


def test_an_origin_is_a_reading_with_enough_history() -> None:
    values = waves(2)
    values[200:300] = np.nan
    windows = forecast_windows(grid_of_values(values))
    origins = windows.moment.astype("datetime64[s]").astype(int) // FIVE
    assert not np.isin(origins, np.arange(200, 306)).any()
    assert np.isin(origins, [199, 450]).sum() == 2
    assert np.isfinite(windows.history).all()


def test_targets_are_readings_and_never_bridges() -> None:
    values = waves(2)
    values[400:403] = np.nan
    windows = forecast_windows(grid_of_values(values))
    origin = int(np.flatnonzero(windows.moment == np.datetime64(399 * FIVE, "s"))[0])
    assert np.isnan(windows.target[origin, :3]).all()
    assert np.isfinite(windows.target[origin, 3:]).all()


def test_yesterday_is_one_day_before_the_target() -> None:
    values = waves(3)
    windows = forecast_windows(grid_of_values(values))
    at = int(np.flatnonzero(windows.moment == np.datetime64(400 * FIVE, "s"))[0])
    assert windows.yesterday[at].tolist() == values[401 - 288 : 401 - 288 + HORIZON].tolist()
    assert windows.history[at].tolist() == values[401 - HISTORY : 401].tolist()


def test_windows_of_people_are_joined_in_order() -> None:
    parts = [forecast_windows(grid_of_values(waves(1, seed))) for seed in (1, 2)]
    assert len(joined(parts)) == len(parts[0]) + len(parts[1])


def test_another_step_is_refused() -> None:
    grid = even_grid(
        np.arange(9, dtype=np.int64) * 900,
        np.full(9, 100, np.float32),
        wall_offset=np.zeros(9, np.int64),
        person="x",
        step_minutes=15,
    )
    with pytest.raises(ValueError, match="5 min, not 15"):
        forecast_windows(grid)


@pytest.mark.parametrize("hours", [-10, -8, -3.5, 0, 5.75, 9, 12, 13])
def test_the_wall_clock_has_its_own_date_east_and_west_of_greenwich(hours: float) -> None:
    ahead = int(hours * 3600)
    seconds = 1_790_000_100 + np.arange(600, dtype=np.int64) * FIVE
    grid = even_grid(
        seconds, np.full(600, 100, np.float32), wall_offset=np.full(600, ahead), person="x"
    )
    expected = grid.moments + np.timedelta64(ahead, "s")
    assert np.array_equal(wall_times(grid), expected.astype("datetime64[m]"))


def test_days_begin_at_midnight_and_half_known_days_are_left_out() -> None:
    values = waves(4)
    values[288 : 288 + 150] = np.nan
    days = whole_days([grid_of_values(values, start=-60 * FIVE)])
    assert days.day.astype(str).tolist() == ["1970-01-03"]
    assert days.mg_dl.tolist() == [values[60 + 2 * 288 : 60 + 3 * 288].tolist()]


def test_a_day_at_a_quarter_of_an_hour_is_the_mean_of_three() -> None:
    values = waves(2)
    fine = whole_days([grid_of_values(values)])
    coarse = whole_days([grid_of_values(values)], step_minutes=15)
    assert coarse.mg_dl.shape == (2, 96)
    assert coarse.mg_dl[0, 0] == pytest.approx(fine.mg_dl[0, :3].mean(), abs=1e-4)
