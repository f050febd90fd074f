"""Several traces of one person become one grid, and a grid takes newer ones."""

import numpy as np
import pytest
from cgm_files import read

from ml.records.cgm.grid import GlucoseGrid, grid_of
from ml.records.cgm.joining import extended, joined_grid, last_days, stretch
from ml.records.cgm.trace import CgmTrace
from ml.simulation.glucose import simulate_trace
from scripts.simulation.clarity import to_clarity_csv

ARRAYS = ("moments", "minute_of_day", "mg_dl", "observed")


@pytest.fixture(scope="module")
def trace() -> CgmTrace:
    simulated = simulate_trace(np.random.default_rng(4), 3, gaps_a_day=0, zone="Asia/Seoul")
    return read(to_clarity_csv(simulated), "Asia/Seoul")


def same(one: GlucoseGrid, other: GlucoseGrid) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_one_trace_alone_is_its_own_grid_and_twice_is_once(trace: CgmTrace) -> None:
    same(joined_grid([trace]), grid_of(trace, person="x"))
    same(joined_grid([trace, trace]), joined_grid([trace]))


def test_a_grid_takes_newer_readings_and_keeps_its_own(trace: CgmTrace) -> None:
    whole = joined_grid([trace])
    half = stretch(whole, 0, len(whole) // 2)
    same(extended(half, []), half)
    same(extended(half, [trace]), whole)


def test_the_last_days_are_counted_from_the_end(trace: CgmTrace) -> None:
    whole = joined_grid([trace])
    assert len(last_days(whole, 1)) == 288
    assert last_days(whole, 1).moments[-1] == whole.moments[-1]
    same(last_days(whole, None), whole)
    same(last_days(whole, 400), whole)


def test_without_a_reading_there_is_no_grid() -> None:
    with pytest.raises(ValueError, match="at least one reading"):
        joined_grid([])
