"""The simulated cohort: what its documentation promises."""

import numpy as np
import pytest

from ml.evaluation.quarter import explained
from ml.models.quarter.days import day_table, figures, with_range
from ml.simulation.cohort import simulate_cohort
from ml.simulation.drift import Drift, Wear


def test_the_same_seed_gives_the_same_cohort_and_another_seed_another() -> None:
    one, same, other = (
        simulate_cohort(12, rng=np.random.default_rng(seed), days=20).mg_dl for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same, equal_nan=True)
    assert not np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("step_minutes", [5, 15])
def test_readings_lie_within_a_sensors_range_with_gaps_between(step_minutes: int) -> None:
    made = simulate_cohort(40, rng=np.random.default_rng(0), days=30, step_minutes=step_minutes)
    known = np.isfinite(made.mg_dl)
    assert made.mg_dl.shape == (40, 30, 1440 // step_minutes)
    assert 0.9 < known.mean() < 0.995
    assert made.mg_dl[known].min() >= 40 and made.mg_dl[known].max() <= 400


def test_without_losses_or_new_sensors_nothing_is_missing() -> None:
    wear = Wear(losses=0.0, sensor_days=1_000_000, days_off=0.0)
    made = simulate_cohort(5, rng=np.random.default_rng(0), days=10, wear=wear)
    assert np.isfinite(made.mg_dl).all()


def test_conditions_come_in_the_shares_asked_for() -> None:
    made = simulate_cohort(200, rng=np.random.default_rng(0), days=7, mix={"t1d": 3, "healthy": 1})
    assert (made.condition == "t1d").sum() == 150
    assert len(np.unique(made.person)) == 200


def test_fourteen_days_explain_three_months_as_in_the_literature() -> None:
    """Riddlesworth 2018: R² .84-.86 for mean, TIR, TAR; .76 TBR; .70 CV, fourteen days inside
    the ninety. Tolerance .05: 1,500 people give a standard error of .01 to .02.
    """
    made = simulate_cohort(1500, rng=np.random.default_rng(8), days=91, mix={"t1d": 1.0})
    days = day_table(made.mg_dl)
    whole, last = (with_range(figures(d)) for d in (days, days.between(77, 91)))
    found = [explained(last[:, i], whole[:, i]) for i in range(5)]
    assert found == pytest.approx([0.85, 0.76, 0.85, 0.85, 0.70], abs=0.05)


def test_without_drift_fourteen_days_explain_nearly_everything() -> None:
    still = Drift(
        **dict.fromkeys(
            ("person", "week", "spread_week", "low_week", "day", "spread_day", "sensor"), 0.0
        ),
        **dict.fromkeys(("trend", "spread_trend", "season", "holiday", "therapy_share"), 0.0),
    )
    made = simulate_cohort(
        200, rng=np.random.default_rng(8), days=91, mix={"t1d": 1.0}, drift=still
    )
    days = day_table(made.mg_dl)
    whole, last = (with_range(figures(d)) for d in (days, days.between(77, 91)))
    assert explained(last[:, 3], whole[:, 3]) > 0.97


def test_a_change_of_therapy_lowers_the_level_from_its_day_on() -> None:
    drift = Drift(therapy_share=1.0, therapy=-0.3, therapy_sd=0.0, person=0.0)
    made = simulate_cohort(
        200, rng=np.random.default_rng(0), days=60, mix={"t1d": 1.0}, drift=drift
    )
    middle = np.flatnonzero((made.therapy_day > 15) & (made.therapy_day < 45))
    change = [
        np.log(np.nanmean(made.mg_dl[i, made.therapy_day[i] :]))
        - np.log(np.nanmean(made.mg_dl[i, : made.therapy_day[i]]))
        for i in middle
    ]
    assert np.mean(change) == pytest.approx(-0.3, abs=0.06)


def test_a_grid_of_one_person_has_their_readings_at_their_times() -> None:
    made = simulate_cohort(3, rng=np.random.default_rng(0), days=20)
    grid = made.grid(2, first=5, last=19)
    assert len(grid) == 14 * 96 and grid.minute_of_day[4] == 60
    assert grid.moments[0] == made.first_day.astype("datetime64[s]") + np.timedelta64(5, "D")
    assert np.array_equal(grid.mg_dl, made.mg_dl[2, 5:19].ravel(), equal_nan=True)
