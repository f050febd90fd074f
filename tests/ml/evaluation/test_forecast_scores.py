"""Forecast scores against figures worked out by hand."""

import numpy as np
import pytest

from ml.evaluation.forecast import (
    PersonScores,
    as_lists,
    band_of,
    bootstrap_mean,
    coverage,
    from_lists,
    joined,
    paired_ratio,
    rmse_over_people,
    score,
)

LEVELS = (0.1, 0.5, 0.9)


def _scores(
    person: list[str], target: list[list[float]], middle: list[list[float]], half: float = 10.0
) -> PersonScores:
    points = np.array(middle, dtype=float)
    return score(
        person=np.array(person),
        last=np.full(len(person), 100.0),
        hour=np.zeros(len(person), dtype=int),
        target=np.array(target, dtype=float),
        quantiles=points[:, :, None] + np.array([-half, 0.0, half]),
        levels=LEVELS,
    )


def test_a_person_counts_once_however_many_windows_there_are() -> None:
    person = ["a"] * 9 + ["b"]
    scores = _scores(person, [[100.0]] * 10, [[103.0]] * 9 + [[109.0]])
    mean, median = rmse_over_people(scores)
    assert scores.windows.tolist() == [9, 1]
    assert mean == pytest.approx([6.0])
    assert median == pytest.approx([6.0])


def test_the_mean_and_the_median_over_people_are_told_apart() -> None:
    scores = _scores(["a", "b", "c"], [[100.0]] * 3, [[101.0], [102.0], [112.0]])
    mean, median = rmse_over_people(scores)
    assert (mean[0], median[0]) == pytest.approx((5.0, 2.0))


def test_pinball_loss_is_that_of_the_textbook() -> None:
    scores = _scores(["a"], [[104.0]], [[100.0]])
    expected = (0.1 * 14 + 0.5 * 4 + 0.1 * 6) / 3  # (1 - .9) of the 6 below the upper one
    assert scores.pinball[0, 0] == pytest.approx(expected)


def test_an_unknown_outcome_is_neither_error_nor_coverage() -> None:
    scores = _scores(["a", "a"], [[100.0, np.nan], [np.nan, 100.0]], [[100.0, 0.0], [0.0, 130.0]])
    assert scores.mse.tolist() == [[0.0, 900.0]]
    assert scores.counts.tolist() == [[1.0, 1.0]]
    assert scores.hits.tolist() == [[1.0, 0.0]]


def test_seventy_and_one_hundred_eighty_belong_to_the_range() -> None:
    last = np.array([53.9, 54.0, 69.9, 70.0, 180.0, 180.1, 250.0, 250.1])
    assert band_of(last).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_coverage_is_counted_by_hour_and_by_band_of_the_last_observed_glucose() -> None:
    scores = score(
        person=np.array(["a", "a", "a"]),
        last=np.array([50.0, 100.0, 300.0]),
        hour=np.array([0, 7, 7]),
        target=np.array([[300.0], [100.0], [200.0]]),
        quantiles=np.array([[[40.0, 50.0, 60.0]], [[90.0, 100.0, 110.0]], [[290.0, 300.0, 310.0]]]),
        levels=LEVELS,
    )
    assert scores.hour_counts[0, [0, 7], 0].tolist() == [1.0, 2.0]
    assert scores.hour_hits[0, [0, 7], 0].tolist() == [0.0, 1.0]
    assert scores.band_counts[0, :, 0].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert scores.band_hits[0, :, 0].tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_a_paired_ratio_sees_through_differences_between_people() -> None:
    rng = np.random.default_rng(0)
    hard = rng.uniform(5, 60, 40)
    names = [str(index) for index in range(40)]
    theirs = _scores(names, [[0.0]] * 40, [[value] for value in hard])
    ours = _scores(names, [[0.0]] * 40, [[0.9 * value] for value in hard])
    ratio = paired_ratio(ours, theirs, 0, rng=rng)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.9, 0.9, 0.9))
    apart = bootstrap_mean(np.sqrt(ours.mse[:, 0]), rng=rng)
    assert apart.high - apart.low > 5


def test_a_paired_ratio_of_different_people_is_refused() -> None:
    one, other = (_scores([name], [[1.0]], [[2.0]]) for name in "ab")
    with pytest.raises(ValueError, match="same people"):
        paired_ratio(one, other, 0, rng=np.random.default_rng(0))


def test_a_person_tested_in_two_folds_is_refused() -> None:
    one = _scores(["a"], [[1.0]], [[2.0]])
    with pytest.raises(ValueError, match="two folds"):
        joined([one, one])


def test_the_bootstrap_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        bounds = bootstrap_mean(rng.normal(10, 3, 40), rng=rng, draws=300)
        held += bounds.low <= 10 <= bounds.high
    assert 0.88 <= held / 200 <= 0.99


def test_coverage_of_nothing_is_not_a_number() -> None:
    nothing = coverage(np.zeros(3), np.zeros(3), rng=np.random.default_rng(0))
    assert np.isnan(nothing.value)


def test_scores_survive_being_written_down() -> None:
    scores = _scores(["a", "b"], [[1.0, np.nan], [3.0, 4.0]], [[1.5, 2.0], [3.0, 9.0]])
    again = from_lists(as_lists(scores))
    assert again.person.tolist() == scores.person.tolist()
    assert again.mse == pytest.approx(scores.mse, nan_ok=True)
    assert again.hour_hits == pytest.approx(scores.hour_hits)


def test_forecasts_that_do_not_fit_their_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score(
            person=np.array(["a"]),
            last=np.array([100.0]),
            hour=np.array([0]),
            target=np.zeros((1, 2)),
            quantiles=np.zeros((1, 3, 3)),
            levels=LEVELS,
        )


def test_the_width_of_an_interval_is_told_whether_or_not_its_outcome_is_known() -> None:
    scores = _scores(["a", "a", "b"], [[100.0], [np.nan], [100.0]], [[100.0]] * 3, half=12.0)
    assert scores.width.tolist() == [[24.0], [24.0]]
