"""Intervals: of people, of pairs, of splits that share their rows."""

import numpy as np
import pytest
from scipy import stats

from ml.evaluation.statistics import (
    bootstrap_over_people,
    corrected_resampled_t,
    mean_over_seeds,
    of_draws,
    paired_difference,
    paired_ratio,
    weighted_mean,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def people_with_effects(people: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(2)
    person = np.repeat([f"p{i}" for i in range(people)], rows)
    return person, np.repeat(draw.normal(0, 1, people), rows) + draw.normal(0, 0.1, people * rows)


def test_an_interval_over_people_does_not_shrink_with_rows_of_the_same_people() -> None:
    few, many = (weighted_mean(*people_with_effects(20, rows), rng=rng()) for rows in (2, 200))
    assert many.high - many.low == pytest.approx(few.high - few.low, rel=0.3)


def test_an_interval_over_people_covers_as_often_as_it_says() -> None:
    covered = 0
    draw = np.random.default_rng(3)
    for _ in range(200):
        person = np.repeat(np.arange(40).astype(str), 5)
        values = np.repeat(draw.normal(0, 1, 40), 5) + draw.normal(0, 1, 200)
        found = weighted_mean(person, values, rng=draw, draws=300)
        covered += found.low <= 0 <= found.high
    assert 0.88 < covered / 200 < 0.99


def test_any_statistic_of_weights_can_be_resampled_over_people() -> None:
    person, values = people_with_effects(30, 4)
    found = bootstrap_over_people(
        person, lambda w: float(np.average(values, weights=w)), rng=rng(), draws=300
    )
    assert found.value == pytest.approx(values.mean())
    assert found.low < values.mean() < found.high


def test_a_paired_ratio_is_exact_where_one_loss_is_a_multiple_of_the_other() -> None:
    person, values = people_with_effects(15, 6)
    loss = values**2 + 0.1
    found = paired_ratio(person, 1.21 * loss, loss, rng=rng(), root=True)
    assert (found.low, found.value, found.high) == pytest.approx((1.1, 1.1, 1.1))


def test_a_paired_difference_weighs_people_and_not_their_rows() -> None:
    person = np.array(["a"] * 9 + ["b"])
    ours = np.array([1.0] * 9 + [3.0])
    assert paired_difference(person, ours, np.zeros(10), rng=rng()).value == pytest.approx(2.0)


def test_pairing_removes_what_both_share() -> None:
    person, values = people_with_effects(12, 3)
    found = paired_difference(person, values + 0.5, values, rng=rng())
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_the_corrected_interval_is_nadeau_and_bengios() -> None:
    differences = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
    found = corrected_resampled_t(differences, train_size=800, test_size=200)
    variance = (1 / 5 + 200 / 800) * differences.var(ddof=1)
    half = stats.t.ppf(0.975, 4) * np.sqrt(variance)
    assert found.value == pytest.approx(differences.mean())
    assert found.high - found.value == pytest.approx(half)


def test_the_corrected_interval_is_wider_than_the_plain_one() -> None:
    differences = np.random.default_rng(4).normal(0, 1, 30)
    corrected = corrected_resampled_t(differences, train_size=700, test_size=300)
    plain = mean_over_seeds(differences)
    assert corrected.high - corrected.low > 2 * (plain.high - plain.low)


def test_one_split_has_no_corrected_interval() -> None:
    with pytest.raises(ValueError, match="at least two splits"):
        corrected_resampled_t(np.array([0.1]), train_size=8, test_size=2)


def test_one_seed_has_a_mean_and_no_bounds() -> None:
    found = mean_over_seeds(np.array([0.4]))
    assert found.value == 0.4
    assert np.isnan(found.low) and np.isnan(found.high)


def test_a_distances_interval_holds_the_distance_and_ends_at_zero() -> None:
    found = of_draws(0.1, np.linspace(0.3, 0.9, 101), distance=True)
    assert found.low == 0.0
    assert found.low <= found.value <= found.high


def test_the_same_seed_gives_the_same_interval() -> None:
    person, values = people_with_effects(10, 3)
    assert weighted_mean(person, values, rng=rng()) == weighted_mean(person, values, rng=rng())
