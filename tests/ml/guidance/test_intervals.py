"""The intervals of guidance against scipy and by counting."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ml.guidance.intervals import median_interval, shift, wilson


@pytest.mark.parametrize(
    ("events", "days", "low", "high"),
    [(10, 100, 0.0552, 0.1744), (0, 10, 0.0, 0.2775), (14, 14, 0.7847, 1.0), (0, 0, 0.0, 1.0)],
)
def test_a_share_has_wilsons_interval(events: int, days: int, low: float, high: float) -> None:
    assert wilson(events, days) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("sizes", [(5, 5), (6, 9), (14, 11), (25, 33), (40, 40)])
def test_a_shift_is_clear_exactly_where_the_mann_whitney_test_is(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    agreed = 0
    for _ in range(60):
        one, two = rng.normal(rng.uniform(0, 2), 1, sizes[0]), rng.normal(0, 1, sizes[1])
        found = shift(one, two, alpha=0.05)
        assert found is not None
        exact = sizes[0] * sizes[1] <= 900
        told = mannwhitneyu(one, two, method="exact" if exact else "asymptotic").pvalue <= 0.05
        agreed += (found[1] > 0 or found[2] < 0) == told
    assert agreed == 60 if exact else agreed >= 58


def test_a_shift_is_estimated_and_held_by_its_interval() -> None:
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(500):
        found = shift(rng.normal(30, 10, 7), rng.normal(0, 10, 8), alpha=0.05)
        assert found is not None and found[1] <= found[0] <= found[2]
        held += found[1] <= 30 <= found[2]
    assert held >= 475


def test_a_level_that_so_few_cannot_reach_has_no_interval() -> None:
    assert shift([1, 2, 3], [4, 5, 6], alpha=0.05) is None
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([6, 1, 5, 2, 4, 3]) == (1, 6)
