"""What distances say of copying is right where the answer is known."""

import numpy as np
import pytest

from ml.evaluation.distances import rms
from ml.evaluation.nearness import (
    by_person,
    closest_share,
    difference_of_means,
    near_end,
    nearer_than_strangers,
    ratio_of_two,
    share_under,
    strict_limit,
)
from ml.evaluation.neighbours import SearchUnder


def power(rng: np.random.Generator, n: int, dimension: float) -> np.ndarray:
    """Nearest-neighbour distances in a space of this dimension."""
    return (-np.log(rng.random(n))) ** (1 / dimension)


@pytest.mark.parametrize("dimension", [2.0, 6.0])
def test_the_near_end_is_read_far_below_what_was_seen(dimension: float) -> None:
    rng = np.random.default_rng(1)
    seen = np.sort(power(rng, 20_000, dimension))
    below = np.mean(power(rng, 2_000_000, dimension) < near_end(seen, 1e-3))
    assert below == pytest.approx(1e-3, rel=0.5)


@pytest.mark.parametrize("dimension", [2.0, 6.0])
def test_honest_rows_hardly_ever_come_under_the_strict_limit(dimension: float) -> None:
    rng = np.random.default_rng(2)
    accused = [
        (power(rng, 500, dimension) < strict_limit(power(rng, 60, dimension), 500)).any()
        for _ in range(400)
    ]
    assert np.mean(accused) < 0.03


def test_a_few_duplicates_among_strangers_do_not_move_the_limit_up() -> None:
    strangers = power(np.random.default_rng(3), 300, 5)
    with_copies = np.append(strangers, [1e-4, 2e-4])
    assert strict_limit(with_copies, 100) == pytest.approx(1e-4)
    assert strict_limit(np.zeros(100), 100) == 0


def test_a_stranger_who_is_equal_by_chance_hides_no_row_that_is_nearly_equal() -> None:
    strangers = np.append(power(np.random.default_rng(3), 300, 5), 0.0)
    ours = np.array([0.0, 1e-4, 0.5])
    close, limit = nearer_than_strangers(ours, strangers, 100)
    assert 1e-4 < limit < strangers[strangers > 0].min()
    assert close.tolist() == [False, True, False]
    assert nearer_than_strangers(ours, strangers[:-1], 100)[0].tolist() == [True, True, False]
    assert not nearer_than_strangers(ours, np.zeros(100), 100)[0].any()
    assert not nearer_than_strangers(ours, strangers[:0], 100)[0].any()


def test_the_share_under_a_quantile_is_that_quantile_of_honest_rows() -> None:
    rng = np.random.default_rng(4)
    within = []
    for _ in range(40):
        ours, theirs = power(rng, 300, 4), power(rng, 150, 4)
        names = np.array([f"p{i}" for i in range(300)])
        found = share_under(ours, names, theirs, names[:150], quantile=0.05, rng=rng, draws=200)
        within.append(found.low <= 0.05)
    assert np.mean(within) >= 0.9


def test_copies_of_one_person_do_not_pass_for_copies_of_many() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = power(rng, 300, 4), power(rng, 150, 4)
    ours[:20] = 0
    names = np.array([f"p{i}" for i in range(300)])
    one = np.where(np.arange(300) < 20, "same", names)
    held = names[:150]
    many, single = (
        share_under(ours, whose, theirs, held, quantile=0.01, rng=rng) for whose in (names, one)
    )
    assert many.value == single.value > 0.05
    assert many.low > 0.01 >= single.low


def test_ties_are_shared_and_either_side_weighs_the_same() -> None:
    far = np.array([0.1, 0.2, 0.3, 0.3])
    rows = np.arange(4)
    person = np.array(["a", "b", "c", "d"])
    share = closest_share(
        far, rows, person, far, rows, np.char.add("h", person), rng=np.random.default_rng(6)
    )
    assert share.value == 0.5
    twice = np.append(person, person)
    nearer = closest_share(far, rows, twice, far + 0.1, rows, person, rng=np.random.default_rng(6))
    assert nearer.value == 1.0


def test_a_ratio_is_nothing_for_a_copy_and_one_without_a_second() -> None:
    distance = np.array([[0.0, 0.2], [0.1, 0.2], [0.1, np.inf], [0.0, 0.0]])
    assert ratio_of_two(distance).tolist() == [0, 0.5, 1, 0]


def test_each_persons_rows_make_one_figure() -> None:
    person = np.array(["b", "a", "b", "b", "a"])
    values = np.array([5.0, 1.0, 9.0, 6.0, 4.0])
    for of, wanted in (("mean", [2.5, 20 / 3]), ("median", [2.5, 6.0]), ("least", [1.0, 5.0])):
        names, found = by_person(person, values, of)
        assert names.tolist() == ["a", "b"]
        assert found == pytest.approx(wanted)


def test_a_difference_of_means_is_found_in_its_interval() -> None:
    rng = np.random.default_rng(7)
    held = []
    for _ in range(300):
        found = difference_of_means(rng.normal(1, 1, 12), rng.normal(0, 3, 8), level=0.9)
        held.append(found.low <= 1 <= found.high)
    assert np.mean(held) == pytest.approx(0.9, abs=0.06)
    same = difference_of_means(np.ones(5), np.ones(4), level=0.9)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_nearest_of_others_one_of_each_person(monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.evaluation import neighbours

    monkeypatch.setattr(neighbours, "ENTRIES", 50)  # a few rows at a time
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(30, 3))
    person = np.array([f"p{i % 6}" for i in range(30)])
    search = SearchUnder(rms)
    found = search(rows, rows, k=7, owner=person, other_owner=person, one_each=True)
    assert (found.index[:, 5:] == -1).all()
    assert np.isinf(found.distance[:, 5:]).all()
    for row, indices in enumerate(found.index[:, :5]):
        assert sorted([*person[indices], person[row]]) == [f"p{i}" for i in range(6)]
    pairs = rms(rows, rows)
    assert search(rows, rows, k=2).distance[:, 1] == pytest.approx(np.sort(pairs, axis=1)[:, 1])
