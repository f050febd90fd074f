"""Errors, coverage and skill of three-month summaries, by hand."""

import numpy as np
import pytest

from ml.evaluation.quarter import absolute_errors, covered, explained, ratio_to, score

METRICS = ("tir", "gmi")


def rows(*values: float) -> np.ndarray:
    """One person per value: three weeks and the quarter at that value, both metrics."""
    return np.repeat(np.array(values, dtype=float), 8).reshape(-1, 4, 2)


def test_half_of_an_error_is_the_weeks_and_half_the_quarters() -> None:
    predicted, after = rows(0.0), rows(0.0)
    after[0, :3] = 0.3
    after[0, 3] = 0.1
    assert absolute_errors(predicted, after) == pytest.approx(np.full((1, 2), 0.2))


def test_unknown_weeks_and_quarters_are_left_out() -> None:
    predicted, after = rows(0.0), rows(0.3)
    after[0, 1:, 0] = np.nan
    errors = absolute_errors(predicted, after)
    assert errors[0] == pytest.approx([0.3, 0.3])
    after[...] = np.nan
    assert np.isnan(absolute_errors(predicted, after)).all()


def test_a_better_model_has_a_ratio_below_one_and_no_error_to_beat_gives_exactly_one() -> None:
    rng = np.random.default_rng(0)
    carried = rng.uniform(1, 2, 50)
    found = ratio_to(0.8 * carried, carried, rng=rng)
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.8, 0.8))
    assert ratio_to(carried, np.zeros(50), rng=rng).high == 1.0


def test_coverage_counts_the_bounds_in_and_the_unknown_out() -> None:
    after = np.array([[0.0, 1.0, 1.1, np.nan]])
    bounded = np.stack([np.zeros((1, 4)), np.full((1, 4), 0.5), np.ones((1, 4))], axis=-1)
    assert np.array_equal(covered(bounded, after), [[1.0, 1.0, 0.0, np.nan]], equal_nan=True)


def test_scores_count_each_person_once_and_tell_equal_from_better() -> None:
    after, carried = rows(0.0, 0.0, 0.0, 0.0), rows(0.2, 0.2, 0.2, 0.2)
    mid = rows(0.1, 0.2, 0.3, 0.1)
    bounded = np.stack([mid - 0.15, mid, mid + 0.15], axis=-1)
    tir = score(METRICS, bounded, carried, after, rng=np.random.default_rng(0))[0]
    assert tir.people == 4
    assert tir.ratio.value == pytest.approx(0.7 / 0.8)
    assert (tir.better, tir.equal) == (0.5, 0.25)
    assert tir.weeks_covered == tir.quarter_covered == 0.5


def test_explained_is_the_squared_correlation() -> None:
    seen = np.array([1.0, 2.0, 3.0, np.nan])
    assert explained(seen, np.array([2.0, 4.0, 6.0, 1.0])) == pytest.approx(1.0)
