"""Each measure of synthetic days on a planted case that only it, or it first, can tell."""

import numpy as np
import pytest
from planted_days import of_nobody, wandering_days

from ml.evaluation.synthesis import (
    HOURLY,
    MEASURES,
    coarser,
    compare_days,
    context_fid,
    frechet_distance,
    lag1,
    profile,
)
from ml.records.cgm.days import GlucoseDays


@pytest.fixture(scope="module")
def real() -> GlucoseDays:
    return wandering_days(np.random.default_rng(1), people=20)


def figures(real: GlucoseDays, made: GlucoseDays) -> dict[str, float]:
    found = compare_days(real, made, rng=np.random.default_rng(0), draws=50)
    return {name: interval.value for name, interval in found.figures.items()}


def test_the_days_themselves_are_at_the_floor_of_every_measure(real: GlucoseDays) -> None:
    found = figures(real, real)
    for name in MEASURES:
        perfect = 1.0 if "ratio" in name else 0.0
        assert found[name] == pytest.approx(perfect, abs=1e-9), name


def test_a_doubled_spread_has_an_sd_ratio_of_two(real: GlucoseDays) -> None:
    mean = real.mg_dl.mean()
    narrow = of_nobody(real, mean + (real.mg_dl - mean) / 2)
    assert figures(narrow, real)["sd_ratio"] == pytest.approx(2.0, rel=1e-3)
    assert figures(real, narrow)["sd_ratio"] == pytest.approx(0.5, rel=1e-3)


def test_time_in_range_differences_are_shares_and_add_up_to_nothing(real: GlucoseDays) -> None:
    made = real.mg_dl.copy()
    made[:, :12] = 60.0
    made[:, 12:24] = 250.0
    found = figures(of_nobody(real, np.full_like(made, 100.0)), of_nobody(real, made))
    outside = (made[:, 24:] < 70).mean() * 0.75, (made[:, 24:] > 180).mean() * 0.75
    assert found["tbr_difference"] == pytest.approx(0.125 + outside[0], abs=1e-9)
    assert found["tar_difference"] == pytest.approx(0.125 + outside[1], abs=1e-9)
    total = found["tir_difference"] + found["tbr_difference"] + found["tar_difference"]
    assert total == pytest.approx(0.0, abs=1e-9)


def test_the_bounds_of_the_range_belong_to_it(real: GlucoseDays) -> None:
    made = of_nobody(real, np.tile([70.0, 180.0], (40, 48)))
    inside = of_nobody(real, np.full((40, 96), 100.0))
    assert figures(inside, made)["tir_difference"] == 0.0


def test_readings_shuffled_in_time_lose_their_autocorrelation_and_nothing_else(
    real: GlucoseDays,
) -> None:
    rng = np.random.default_rng(2)
    found = figures(real, of_nobody(real, rng.permuted(real.mg_dl, axis=1)))
    assert found["lag1_difference"] < -0.8
    assert found["sd_ratio"] == pytest.approx(1.0)
    assert found["tir_difference"] == pytest.approx(0.0, abs=1e-9)
    assert found["day_mean_ks"] == pytest.approx(0.0, abs=1e-9)
    assert found["rate_wasserstein"] > 0.5


def test_autocorrelation_is_within_days_and_blind_to_differences_between_them() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 10, (300, 96))
    assert abs(lag1(noise + rng.normal(150, 80, (300, 1)))) < 0.05


def test_rates_are_per_minute_whatever_the_step(real: GlucoseDays) -> None:
    flat = np.full((30, 96), 140.0)
    zigzag = flat + np.where(np.arange(96) % 2, 15.0, 0.0)
    found = figures(of_nobody(real, flat), of_nobody(real, zigzag))
    assert found["rate_wasserstein"] == pytest.approx(1.0, abs=0.06)


def test_a_shift_by_hours_shows_in_the_profile_and_not_in_the_spread(real: GlucoseDays) -> None:
    hours = np.arange(96) / 4
    meals = real.mg_dl + 60 * np.exp(-(((hours - 12) / 2) ** 2))
    found = figures(of_nobody(real, meals), of_nobody(real, np.roll(meals, 24, axis=1)))
    assert found["agp_distance"] > 5
    assert found["sd_ratio"] == pytest.approx(1.0)


def test_equal_days_show_in_the_spread_of_day_means(real: GlucoseDays) -> None:
    centred = real.mg_dl - real.mg_dl.mean(axis=1, keepdims=True) + real.mg_dl.mean()
    assert figures(real, of_nobody(real, centred))["day_mean_ks"] > 0.3


def test_hourly_measures_have_an_entry_for_every_hour(real: GlucoseDays) -> None:
    made = real.mg_dl.copy()
    made[:, 8 * 4 : 9 * 4] += 30
    hours = compare_days(real, of_nobody(real, made), rng=np.random.default_rng(0), draws=10).hours
    assert set(hours) == set(HOURLY)
    assert hours["hourly_mean_difference"].argmax() == 8
    assert hours["hourly_mean_difference"][8] == pytest.approx(30, abs=0.01)


def test_an_interval_over_people_is_wider_when_people_differ() -> None:
    rng = np.random.default_rng(4)
    alike = wandering_days(rng, people=12)
    differing = GlucoseDays(
        alike.step_minutes,
        alike.mg_dl + np.repeat(rng.normal(0, 30, 12), 8)[:, None].astype(np.float32),
        alike.person,
        alike.day,
    )
    made = of_nobody(alike, alike.mg_dl)
    widths = []
    for days in (alike, differing):
        found = compare_days(days, made, rng=np.random.default_rng(0)).figures["mean_difference"]
        widths.append(found.high - found.low)
    assert widths[1] > 2 * widths[0]


def test_training_days_that_are_not_drawn_anew_leave_only_the_synthetic_doubt(
    real: GlucoseDays,
) -> None:
    made = of_nobody(real, np.tile(real.mg_dl, (6, 1)))
    wide = compare_days(real, made, rng=np.random.default_rng(0)).figures["sd_ratio"]
    narrow = compare_days(real, made, rng=np.random.default_rng(0), redraw_real=False)
    figure = narrow.figures["sd_ratio"]
    assert figure.high - figure.low < (wide.high - wide.low) / 2


def test_the_same_seed_gives_the_same_figures(real: GlucoseDays) -> None:
    made = of_nobody(real, real.mg_dl + 3)
    first, second = (compare_days(real, made, rng=np.random.default_rng(9)) for _ in range(2))
    assert first.figures == second.figures


def test_days_of_different_steps_are_refused_and_can_be_made_coarser(real: GlucoseDays) -> None:
    hourly = coarser(real, 60)
    assert hourly.mg_dl[0, 0] == pytest.approx(real.mg_dl[0, :4].mean())
    with pytest.raises(ValueError, match="bring both to one step"):
        compare_days(real, hourly, rng=np.random.default_rng(0))


def test_no_days_cannot_be_compared(real: GlucoseDays) -> None:
    with pytest.raises(ValueError, match="at least one"):
        compare_days(real, real.take(np.arange(0)), rng=np.random.default_rng(0))


def test_the_profile_has_the_percentiles_of_every_hour(real: GlucoseDays) -> None:
    percentiles, _, share = profile(real)
    exact = np.percentile(real.mg_dl[:, 40:44], (5, 25, 50, 75, 95))
    assert np.abs(percentiles[10] - exact).max() < 1.5
    assert share[-1] == 1.0


def test_frechet_distance_is_that_of_the_formula_for_normal_samples() -> None:
    rng = np.random.default_rng(5)
    first = rng.normal(0, 1, (60_000, 3))
    second = rng.normal(0, 1, (60_000, 3)) * [1, 2, 3] + [1, 0, 0]
    assert frechet_distance(first, second) == pytest.approx(1 + 0 + 1 + 4, rel=0.05)
    assert frechet_distance(first, first) == pytest.approx(0.0, abs=1e-9)


def test_context_fid_grows_with_what_the_embedding_sees(real: GlucoseDays) -> None:
    def embed(days: GlucoseDays) -> np.ndarray:
        return np.stack([days.mg_dl.mean(axis=1) / 10, days.mg_dl.std(axis=1) / 10], axis=1)

    near, far = (
        context_fid(real, of_nobody(real, real.mg_dl + off), embed, rng=np.random.default_rng(0))
        for off in (1.0, 40.0)
    )
    assert near.value < 0.1 < far.low
