"""How far a perfect forecaster's measured coverage strays, by how few people and how unlike."""

import numpy as np
import pytest

from ml.evaluation.wandering import Differences, differences, wandering

UNLIKE = Differences(person=0.001, cell=0.004, outcome=0.4)


def _drawn(people: int, seed: int, cells: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Hits and counts of people whose coverage differs as `UNLIKE` says, in cells of many sizes."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(100, 3000, (people, cells)).astype(float)
    own = 0.9 + rng.normal(0, np.sqrt(UNLIKE.person), (people, 1))
    scatter = np.sqrt(UNLIKE.cell + UNLIKE.outcome / counts)
    share = own + rng.uniform(-1, 1, (people, cells)) * np.sqrt(3) * scatter
    return share * counts, counts


def test_differences_are_found_as_they_were_put_in() -> None:
    found = differences(*_drawn(600, 1))
    assert found.person == pytest.approx(UNLIKE.person, rel=0.2)
    assert found.cell == pytest.approx(UNLIKE.cell, rel=0.2)
    assert found.outcome == pytest.approx(UNLIKE.outcome, rel=0.4)


def test_a_fault_that_everybody_shares_is_no_difference_between_people() -> None:
    hits, counts = _drawn(300, 2)
    worse = hits - 0.05 * counts * (np.arange(24) < 12)
    one, other = differences(hits, counts), differences(worse, counts)
    assert other.cell == pytest.approx(one.cell, rel=0.1)
    assert other.person == pytest.approx(one.person, rel=0.1)


def test_simulated_people_differ_as_much_as_they_are_told_to() -> None:
    counts = np.full((1, 1), 1000.0)
    low, high = wandering(counts, UNLIKE, rng=np.random.default_rng(0), draws=4000).overall
    expected = 2 * 1.96 * np.sqrt(UNLIKE.person + UNLIKE.cell + UNLIKE.outcome / 1000)
    assert high - low == pytest.approx(expected, rel=0.15)
    assert low < 0.9 < high


def test_of_few_people_the_worst_hour_lies_further_away_than_of_many() -> None:
    few, many = (
        wandering(np.full((people, 24), 800.0), UNLIKE, rng=np.random.default_rng(0), draws=500)
        for people in (6, 100)
    )
    assert few.least[0] < 0.85 < many.least[0]
    assert few.holds < 0.5 < many.holds


def test_people_who_are_all_alike_leave_nothing_to_chance() -> None:
    counts = np.full((20, 24), 500.0)
    alike = differences(0.9 * counts, counts)
    found = wandering(counts, alike, rng=np.random.default_rng(0), draws=50)
    assert found.least[0] == pytest.approx(0.9, abs=1e-3) == found.most[1]
    assert found.holds == 1.0


def test_a_cell_in_which_nobody_has_an_outcome_is_left_out() -> None:
    hits, counts = _drawn(40, 3, cells=5)
    counts[:, 2] = hits[:, 2] = 0.0
    found = wandering(counts, differences(hits, counts), rng=np.random.default_rng(0), draws=50)
    assert np.isfinite([*found.least, *found.most, *found.overall]).all()


def test_one_person_tells_nothing_of_how_people_differ() -> None:
    hits, counts = _drawn(3, 4)
    counts[1:] = hits[1:] = 0.0
    with pytest.raises(ValueError, match="from one person"):
        differences(hits, counts)
