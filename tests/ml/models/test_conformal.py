"""Intervals cover what they say: in every group, and for one person as time goes on."""

from dataclasses import replace

import numpy as np
import pytest

from ml.models.conformal import AdaptiveConformal, Conformal, Residuals, ordered
from ml.models.forecaster import MEDIAN, QUANTILES
from ml.records.cgm.windows import HORIZON, ForecastWindows
from tests.ml.models.forecast_people import windows_of_people


def _uneven(count: int, seed: int) -> ForecastWindows:
    """Windows whose outcomes are as uncertain as the hour and the last glucose make them."""
    rng = np.random.default_rng(seed)
    source = windows_of_people(0, 6)
    windows = source.take(rng.integers(0, len(source), count))
    last, hour = windows.history[:, -1], windows.minute_of_day // 60
    scale = 6.0 + 0.08 * np.abs(last - 110) + 10.0 * ((hour >= 7) & (hour < 10))
    noise = rng.normal(0, 1, (count, HORIZON)) * scale[:, None]
    day = rng.integers(0, 400, count).astype("timedelta64[D]")
    return replace(
        windows,
        target=(last[:, None] + noise).astype(np.float32),
        moment=windows.moment + day,
    )


def _constant(windows: ForecastWindows) -> np.ndarray:
    """The same width for everybody, and too narrow."""
    last = np.repeat(windows.history[:, -1:], HORIZON, axis=1)
    away = np.linspace(-9, 9, len(QUANTILES), dtype=np.float32)
    return ordered(last[:, :, None] + away, last)


def _covered(quantiles: np.ndarray, windows: ForecastWindows) -> np.ndarray:
    return (windows.target >= quantiles[:, :, 0]) & (windows.target <= quantiles[:, :, -1])


def test_coverage_holds_overall_by_hour_and_by_band_on_new_windows() -> None:
    learnt, new = _uneven(12_000, 1), _uneven(12_000, 2)
    conformal = Conformal.fit(_constant(learnt), learnt)
    before, after = _covered(_constant(new), new), None
    after = _covered(conformal.apply(_constant(new), new), new)
    assert before.mean() < 0.8
    assert after.mean() == pytest.approx(0.9, abs=0.02)
    hour = new.minute_of_day // 60
    for group in range(24):
        assert 0.85 <= after[hour == group].mean() <= 0.95
    last = new.history[:, -1]
    for low, high in ((0, 70), (70, 180.001), (180.001, 250.001), (250.001, 999)):
        rows = (last >= low) & (last < high)
        if rows.sum() > 100:
            assert 0.85 <= after[rows].mean() <= 0.95


def test_the_middle_is_not_moved() -> None:
    windows = _uneven(3_000, 1)
    conformal = Conformal.fit(_constant(windows), windows)
    moved = conformal.apply(_constant(windows), windows)
    assert np.array_equal(moved[:, :, MEDIAN], _constant(windows)[:, :, MEDIAN])


def test_a_group_of_one_day_hardly_moves_what_everybody_taught() -> None:
    windows = _uneven(6_000, 3)
    night = (windows.minute_of_day // 60) == 3
    day = windows.moment.astype("datetime64[D]")
    lone = windows.take(~night | (day == day[night][0]))
    wild = replace(lone, target=lone.target.copy())
    wild.target[(wild.minute_of_day // 60) == 3] += 150.0
    table = Conformal.fit(_constant(wild), wild).shifts["hour"]
    unshrunk = 150.0 / 18.0
    assert 0 < table[3, :, -1].mean() < 0.35 * unshrunk


def test_a_person_corrects_the_calibration_of_others_and_does_not_replace_it() -> None:
    everybody, person = _uneven(6_000, 1), _uneven(400, 2)
    prior = Conformal.fit(_constant(everybody), everybody)
    week = person.moment[0] + (np.arange(len(person)) % 3).astype("timedelta64[D]")
    person = replace(person, moment=week)
    steady = replace(person, target=np.repeat(person.history[:, -1:], HORIZON, axis=1))
    own = Conformal.fit(_constant(steady), steady, prior=prior)
    width = [
        np.diff(c.apply(_constant(person), person)[:, :, [0, -1]]).mean() for c in (prior, own)
    ]
    assert 0.3 * width[0] < width[1] < 0.9 * width[0]


def test_residuals_of_steps_nobody_knows_lie_between_their_neighbours() -> None:
    windows = _uneven(500, 1)
    coarse = windows.target.copy()
    coarse[:, [step for step in range(HORIZON) if step % 3 != 2]] = np.nan
    point = np.repeat(windows.history[:, -1:], HORIZON, axis=1)
    table = Residuals.fit(point, replace(windows, target=coarse)).table
    assert table[3] == pytest.approx(table[2] * 2 / 3 + table[5] / 3, rel=1e-5)
    assert (np.diff(table, axis=1) >= 0).all()
    assert table[0, -1] < table[2, -1]


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_online_the_interval_finds_a_persons_own_width(factor: float) -> None:
    rng = np.random.default_rng(0)
    adaptive = AdaptiveConformal(rate=0.05)
    z = np.array([-1.645, -1.28, -0.67, -0.25, 0, 0.25, 0.67, 1.28, 1.645], np.float32)
    forecast = np.broadcast_to(120 + 10 * z, (1, HORIZON, len(QUANTILES))).astype(np.float32)
    inside = []
    for _ in range(1500):
        said = adaptive.apply(forecast)[0]
        outcome = (120 + factor * 10 * rng.normal(size=HORIZON)).astype(np.float32)
        inside.append((outcome >= said[:, 0]) & (outcome <= said[:, -1]))
        adaptive.observe(said, outcome)
    assert np.mean(inside[500:]) == pytest.approx(0.9, abs=0.02)
    assert adaptive.factors.mean() == pytest.approx(factor, rel=0.2)


def test_outcomes_not_known_yet_change_nothing_online() -> None:
    adaptive = AdaptiveConformal()
    forecast = np.broadcast_to(
        np.linspace(80, 160, len(QUANTILES), dtype=np.float32), (HORIZON, len(QUANTILES))
    )
    adaptive.observe(forecast, np.full(HORIZON, np.nan, np.float32))
    assert (adaptive.factors == 1.0).all()
