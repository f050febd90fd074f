"""Glucose metrics, profile, variability and risk, against published and independent figures.

Where a figure is another package's, it was computed once with iglu-python 0.4.3 (the Python
edition of R's iglu 4; its clock set to UTC) on `made_up()` below, and is written down here: that
package is no dependency.
"""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml.records.cgm.agp import PERCENTILES, agp, profile
from ml.records.cgm.grid import GlucoseGrid, even_grid
from ml.records.cgm.mage import mage
from ml.records.cgm.metrics import glucose_management_indicator, glucose_metrics, grid_metrics
from ml.records.cgm.risk import glucose_risk, risks
from ml.records.cgm.variability import (
    lag1,
    mean_of_daily_differences,
    rate_shares,
    rates_of_change,
    variability,
)
from ml.records.cgm.wear import wear

MIDNIGHT = int(datetime(2026, 3, 1, 0, 5, tzinfo=UTC).timestamp())


def made_up() -> np.ndarray:
    """Three days at 5 minutes with a deep fall and gaps of half an hour, two hours and five."""
    step = np.arange(3 * 288)
    waves = 50 * np.sin(step / 46) + 35 * np.sin(step / 17 + 1) + 12 * np.sin(step / 5)
    values = np.round(150 + waves - 60 * np.exp(-(((step - 500) / 8.0) ** 2)))
    values[60:66] = values[200:224] = values[400:460] = np.nan
    return values


def as_grid(values: np.ndarray) -> GlucoseGrid:
    return even_grid(
        MIDNIGHT + np.arange(values.size) * 300,
        values.astype(np.float32),
        wall_offset=np.zeros(values.size, np.int64),
        person="somebody",
    )


# -- consensus figures ----------------------------------------------------------------------------


def test_the_figures_of_a_trace_are_those_of_iglu() -> None:
    found = glucose_metrics(made_up(), step_minutes=5)
    assert found.readings == 774
    assert found.mean == pytest.approx(148.49612403100775)
    assert found.sd == pytest.approx(48.218367673288675)
    assert found.cv == pytest.approx(0.32471128783954036)
    assert found.gmi == pytest.approx(6.862027286821705)
    assert found.tir == pytest.approx(0.6782945736434108)
    assert found.tbr == pytest.approx(0.04521963824289406)
    assert found.tbr_very_low == pytest.approx(0.021963824289405682)
    assert found.tar == pytest.approx(0.27648578811369507)
    assert found.tar_very_high == 0.0
    assert found.wear == pytest.approx(0.8958333333333334)


@pytest.mark.parametrize(
    ("mean", "gmi"),
    [
        *((100, 5.7), (125, 6.3), (150, 6.9), (175, 7.5), (200, 8.1)),
        *((225, 8.7), (250, 9.3), (275, 9.9), (300, 10.5), (350, 11.7)),
    ],
)
def test_gmi_is_that_of_the_table_it_was_published_with(mean: float, gmi: float) -> None:
    """Bergenstal et al. 2018, table 2."""
    assert round(glucose_management_indicator(mean), 1) == gmi


def test_bounds_belong_to_the_range_and_very_low_ones_to_both_shares_below() -> None:
    found = glucose_metrics([53.9, 54, 69.9, 70, 180, 180.1, 250, 250.1], step_minutes=5)
    assert (found.tir, found.tbr, found.tar) == (2 / 8, 3 / 8, 3 / 8)
    assert (found.tbr_very_low, found.tar_very_high) == (1 / 8, 1 / 8)


def test_wear_is_of_the_span_that_is_named() -> None:
    values = np.full(100, 120.0)
    assert glucose_metrics(values, step_minutes=5).wear == 1.0
    assert glucose_metrics(values, step_minutes=5, span_minutes=1000).wear == 0.5
    assert glucose_metrics(values, step_minutes=15, span_minutes=1000).wear == 1.0


def test_a_sensor_of_15_minutes_on_a_finer_grid_is_worn_but_not_read_more_often() -> None:
    values = np.full(288, np.nan)
    values[::3] = 120 + np.arange(96)
    found = grid_metrics(as_grid(values))
    assert (found.readings, found.mean) == (96, 167.5)
    assert found.wear == wear(as_grid(values)).share > 0.99


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_no_readings_have_no_figures(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no reading"):
        glucose_metrics(values, step_minutes=5)
    with pytest.raises(ValueError, match="no reading"):
        glucose_risk(values)


def test_a_single_reading_has_no_spread() -> None:
    found = glucose_metrics([100], step_minutes=5)
    assert (found.sd, found.cv, found.tir) == (0.0, 0.0, 1.0)


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.float64, st.integers(1, 80), elements=st.floats(10, 600)))
def test_shares_add_up_to_the_whole(values: np.ndarray) -> None:
    found = glucose_metrics(values, step_minutes=5)
    assert found.tir + found.tbr + found.tar == pytest.approx(1)
    assert found.tbr_very_low <= found.tbr and found.tar_very_high <= found.tar


# -- profile --------------------------------------------------------------------------------------


def test_a_profile_has_the_percentiles_of_each_time_of_day() -> None:
    grid = as_grid(made_up())
    found = agp(grid, bin_minutes=60)
    assert found.percentiles.shape == (24, 5) and found.minute_of_day.tolist()[:3] == [0, 60, 120]
    assert found.counts.sum() == grid.observed.sum()
    hour = grid.observed & (grid.minute_of_day // 60 == 7)
    assert found.counts[7] == hour.sum()
    assert np.allclose(found.percentiles[7], np.percentile(grid.mg_dl[hour], PERCENTILES))


def test_a_profile_follows_the_wall_clock_and_leaves_empty_bins_empty() -> None:
    found = profile([600, 601, 1439], [100.0, 110.0, 200.0], bin_minutes=15)
    assert found.counts.sum() == 3 and found.counts[40] == 2 and found.counts[95] == 1
    assert found.percentiles[40].tolist() == pytest.approx([100.5, 102.5, 105, 107.5, 109.5])
    assert np.isnan(found.percentiles[0]).all()


def test_bridged_steps_are_no_readings_of_a_profile() -> None:
    values = np.full(288, 120.0)
    values[10:13] = np.nan
    assert agp(as_grid(values)).counts.sum() == 285


@pytest.mark.parametrize("minutes", [0, 7, 1441])
def test_bins_have_to_divide_the_day(minutes: int) -> None:
    with pytest.raises(ValueError, match="divide"):
        profile([0], [100.0], bin_minutes=minutes)


# -- variability ----------------------------------------------------------------------------------


def test_mage_is_that_of_iglu_with_gaps_bridged_kept_and_split_at() -> None:
    assert mage(made_up()) == pytest.approx(128.03943266832917)


def test_mage_of_equal_waves_is_their_height() -> None:
    wave = 150 - 60 * np.cos(np.arange(4 * 288) / 288 * 8 * np.pi)
    assert mage(wave) == pytest.approx(120, rel=0.02)


def test_mage_leaves_out_swings_within_one_standard_deviation() -> None:
    step = np.arange(4 * 288)
    large = 150 + 60 * np.sin(step / 288 * 4 * np.pi)
    assert mage(large + 4 * np.sin(step / 3)) == pytest.approx(mage(large), rel=0.08)


@pytest.mark.parametrize("values", [np.full(500, 110.0), np.full(5, 110.0), np.full(9, np.nan)])
def test_what_does_not_swing_has_no_mage(values: np.ndarray) -> None:
    assert math.isnan(mage(values))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 900), st.floats(0, 0.9))
def test_mage_is_a_height_or_nothing_whatever_is_missing(seed, size, missing) -> None:
    rng = np.random.default_rng(seed)
    values = 120 + np.cumsum(rng.normal(0, 5, size))
    values[rng.random(size) < missing] = np.nan
    found = mage(values)
    spread = np.nanmax(values) - np.nanmin(values) if np.isfinite(values).any() else 0
    assert math.isnan(found) or 0 < found <= spread + 1e-9


def test_modd_and_the_spread_of_rates_are_those_of_iglu() -> None:
    """iglu bridges gaps of 45 minutes, so its are taken on values bridged so far."""
    values = made_up()
    values[60:66] = np.interp(np.arange(60, 66), [59, 66], values[[59, 66]])
    assert mean_of_daily_differences(values, step_minutes=5) == pytest.approx(38.5162037037037)
    rates = rates_of_change(values, step_minutes=5)
    assert rates.std(ddof=1) == pytest.approx(0.5209491733337345)


def test_lag_1_is_the_correlation_of_neighbours() -> None:
    values = made_up()
    both = np.isfinite(values[:-1]) & np.isfinite(values[1:])
    expected = np.corrcoef(values[:-1][both], values[1:][both])[0, 1]
    assert lag1(values) == pytest.approx(expected) and expected > 0.98
    assert lag1(np.tile([100.0, 200.0], 50)) == pytest.approx(-1)
    assert math.isnan(lag1(np.full(10, 100.0)))


def test_days_given_as_rows_have_no_neighbours_across_midnight() -> None:
    rows = np.array([[100.0, 101, 102, 103], [200, 201, 202, 203]])
    assert rates_of_change(rows, step_minutes=5).tolist() == pytest.approx([0.2, 0.2])


def test_rates_are_shared_out_between_the_arrows() -> None:
    rates = np.array([-4, -3, -2.5, -1, 0, 0.9, 1, 2.5, 3, 9.0])
    assert rate_shares(rates) == pytest.approx((0.1, 0.2, 0.0, 0.3, 0.1, 0.1, 0.2))
    assert all(math.isnan(share) for share in rate_shares(np.array([])))


def test_variability_of_a_grid_puts_them_together() -> None:
    found = variability(as_grid(made_up()))
    assert found.mage == pytest.approx(128.04, abs=0.01)
    assert found.lag1 > 0.98 and sum(found.rate_shares) == pytest.approx(1)
    short = variability(as_grid(np.array([100.0])))
    assert math.isnan(short.mage) and math.isnan(short.modd) and math.isnan(short.rate_sd)


# -- risk -----------------------------------------------------------------------------------------


def test_risk_indices_are_those_of_iglu() -> None:
    found = glucose_risk(made_up())
    assert found.lbgi == pytest.approx(3.9067975629044374)
    assert found.hbgi == pytest.approx(5.046509052269688)


def test_the_risk_scale_is_anchored_where_it_was_published() -> None:
    """Kovatchev et al. 1997: no risk at 112.5 mg/dL, 100 at either end, 20 and 600 mg/dL."""
    low, high = risks([20, 70, 112.5, 180, 600])
    assert low[0] == pytest.approx(100, abs=0.5) and high[-1] == pytest.approx(100, abs=0.5)
    assert low[2] + high[2] < 1e-3
    assert low[1] == pytest.approx(high[3], abs=0.15)  # the target range is symmetrical
    assert (low[3:] == 0).all() and (high[:2] == 0).all()


def test_risk_of_nothing_measurable_is_refused() -> None:
    with pytest.raises(ValueError, match="1 mg/dL"):
        glucose_risk([120, 0])
