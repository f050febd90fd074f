"""Windows are the same however many are cut at a time, and in bounded memory."""

import tracemalloc

import numpy as np
import pytest

from ml.records.cgm import windows
from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.records.cgm.windows import HISTORY, forecast_windows, last_origin

DAY = 288


def a_grid(values: np.ndarray) -> GlucoseGrid:
    steps = np.arange(values.size, dtype=np.int64)
    offset = np.zeros(values.size, dtype=np.int64)
    return even_grid(steps * 300, values.astype(np.float32), wall_offset=offset, person="x")


def test_the_typical_day_is_the_same_in_pieces_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(140, 30, 9 * DAY)
    values[rng.random(values.size) < 0.05] = np.nan
    grid = a_grid(values)
    monkeypatch.setattr(windows, "_AT_ONCE", 10**9)
    whole = forecast_windows(grid).typical
    for size in (1, 7, 500, len(whole)):
        monkeypatch.setattr(windows, "_AT_ONCE", size)
        np.testing.assert_array_equal(forecast_windows(grid).typical, whole)


def test_the_typical_day_of_half_a_year_needs_little_more_memory_than_its_result() -> None:
    grid = a_grid(np.random.default_rng(3).normal(140, 30, 180 * DAY))
    tracemalloc.start()
    cut = forecast_windows(grid)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = sum(getattr(cut, name).nbytes for name in ("history", "typical", "target", "yesterday"))
    assert peak < 2.5 * kept


def test_the_last_origin_is_where_the_last_window_starts() -> None:
    values = np.random.default_rng(3).normal(140, 30, 4 * DAY)
    values[-100:-60] = np.nan
    grid = a_grid(values)
    last = last_origin(grid)
    assert last is not None
    assert grid.moments[last] == forecast_windows(grid).moment[-1]
    assert last_origin(a_grid(values[: HISTORY - 1])) is None


def test_how_much_a_person_varied_is_told_of_a_day_and_of_fourteen_up_to_the_origin() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(140, 30, 17 * DAY) * np.linspace(0.7, 1.3, 17 * DAY)
    values[rng.random(values.size) < 0.05] = np.nan
    values[5 * DAY : 5 * DAY + 90] = np.nan
    grid = a_grid(values)
    cut = forecast_windows(grid, stride=97)
    at = np.searchsorted(grid.moments, cut.moment)
    for days, found in ((1, cut.day_spread), (14, cut.usual_spread)):
        parts = [grid.mg_dl[max(0, i + 1 - days * DAY) : i + 1].astype(float) for i in at]
        assert found == pytest.approx([np.nanstd(part) for part in parts], rel=1e-4)


def test_how_much_a_person_varied_knows_nothing_of_what_comes_after() -> None:
    values = np.random.default_rng(4).normal(140, 30, 4 * DAY)
    changed = values.copy()
    changed[3 * DAY :] = 390.0
    one, other = forecast_windows(a_grid(values)), forecast_windows(a_grid(changed))
    before = one.moment < np.datetime64(int(3 * DAY * 300), "s")
    assert one.day_spread[before] == pytest.approx(other.day_spread[before], rel=1e-3)
    assert one.usual_spread[before] == pytest.approx(other.usual_spread[before], rel=1e-3)


def test_a_flat_line_varies_by_nothing() -> None:
    cut = forecast_windows(a_grid(np.full(2 * DAY, 111.0)))
    assert (cut.day_spread == 0).all() and (cut.usual_spread == 0).all()
