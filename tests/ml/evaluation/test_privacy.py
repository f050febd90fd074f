"""What the privacy measures must find, and what they must not mistake for copying."""

import numpy as np
import pytest
from planted_days import wandering_days

from ml.evaluation import distances
from ml.evaluation.distances import (
    Distance,
    closest,
    copied_rows,
    day_distance,
    nearest,
    rms,
    window_distance,
)
from ml.evaluation.privacy import Membership, Nearness, People, membership, nearness, weighted_auc

DAY = day_distance(step_minutes=15)
SHIFTED = day_distance(step_minutes=15, shift_minutes=60, level=False)
WINDOW = window_distance(step_minutes=15)


@pytest.fixture(scope="module")
def sides() -> tuple[People, People]:
    rng = np.random.default_rng(1)
    days = [wandering_days(rng, people=30) for _ in range(2)]
    return People(days[0].mg_dl, days[0].person), People(days[1].mg_dl, days[1].person)


@pytest.fixture(scope="module")
def others() -> np.ndarray:
    return wandering_days(np.random.default_rng(2), people=30).mg_dl


def near(sides: tuple[People, People], made: np.ndarray, distance: Distance = DAY) -> Nearness:
    return nearness(*sides, made, distance, rng=np.random.default_rng(3), draws=200)


def told(sides: tuple[People, People], made: np.ndarray, distance: Distance = DAY) -> Membership:
    return membership(*sides, made, distance, rng=np.random.default_rng(3), draws=300)


@pytest.mark.parametrize("distance", [DAY, SHIFTED, WINDOW])
def test_real_days_of_other_people_do_not_fire(
    sides: tuple[People, People],
    others: np.ndarray,
    distance: Distance,
) -> None:
    found = near(sides, others, distance)
    assert not found.fires
    assert 0.35 < found.dcr_share.value < 0.65
    for name, auc in told(sides, others, distance).attacks.items():
        error = 0.075 if name.endswith("of_person") else 0.03  # of 30 × 30 people, 240 × 240 days
        assert abs(auc.value - 0.5) < 3.5 * error, name


@pytest.mark.parametrize("distance", [DAY, SHIFTED, WINDOW])
def test_copied_days_fire_and_betray_whose_they_are(
    sides: tuple[People, People],
    distance: Distance,
) -> None:
    copies = sides[0].rows[::2]
    assert copied_rows(copies, sides[0].rows) == len(copies)
    found = near(sides, copies, distance)
    assert found.fires
    assert found.dcr_share.low > 0.85
    assert found.near_copies.low > 0.85
    assert found.synthetic_nndr < 0.01 < found.stranger_nndr
    attack = told(sides, copies, distance)
    assert attack.bound > 0.7
    assert attack.attacks["distance"].low > 0.6


def test_copies_under_noise_fire(sides: tuple[People, People]) -> None:
    rng = np.random.default_rng(4)
    noisy = sides[0].rows[::2] + rng.normal(0, 4, sides[0].rows[::2].shape)
    assert copied_rows(noisy, sides[0].rows) == 0
    assert near(sides, noisy).fires
    assert told(sides, noisy).attacks["distance"].low > 0.6


def test_one_near_copy_among_a_thousand_days_fires_and_none_does_not(
    sides: tuple[People, People],
) -> None:
    rng = np.random.default_rng(12)
    strangers = wandering_days(rng, people=125).mg_dl[:1000]
    found = near(sides, strangers)
    assert found.too_near == 0
    assert not found.fires
    with_copy = strangers.copy()
    with_copy[500] = sides[0].rows[17] + rng.normal(0, 1, strangers.shape[1])
    found = near(sides, with_copy)
    assert found.too_near == 1
    assert found.near_copies.low <= 0.01
    assert found.fires


def test_copies_moved_in_time_or_level_fire_under_the_distance_that_allows_for_it(
    sides: tuple[People, People],
) -> None:
    moved = np.roll(sides[0].rows[::2], 3, axis=1) + 30
    assert near(sides, moved, SHIFTED).near_copies.low > 0.9
    assert near(sides, moved, DAY).near_copies.value < 0.2


def test_days_patched_from_real_windows_fire_under_windows_alone(
    sides: tuple[People, People],
) -> None:
    rng = np.random.default_rng(5)
    rows = sides[0].rows
    source = np.repeat(rng.integers(len(rows), size=(120, 4)), 24, axis=1)
    patched = rows[source, np.arange(96)]
    assert near(sides, patched, DAY).near_copies.value < 0.05
    assert near(sides, patched, WINDOW).near_copies.low > 0.9


def test_the_share_is_half_whatever_the_sizes_of_the_two_sides(others: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    many, few = wandering_days(rng, people=60), wandering_days(rng, people=15)
    sides = People(many.mg_dl, many.person), People(few.mg_dl, few.person)
    assert near(sides, others).dcr_share.low < 0.5 < near(sides, others).dcr_share.high


def test_membership_is_bounded_from_above_and_never_below_its_value(
    sides: tuple[People, People], others: np.ndarray
) -> None:
    found = told(sides, others)
    assert found.members == found.others == 30
    for auc in found.attacks.values():
        assert found.bound >= max(auc.value, 1 - auc.value)


def test_fewer_people_give_a_wider_bound(others: np.ndarray) -> None:
    rng = np.random.default_rng(7)
    bounds = []
    for people in (8, 60):
        days = [wandering_days(rng, people=people) for _ in range(2)]
        sides = tuple(People(d.mg_dl, d.person) for d in days)
        bounds.append(told(sides, others).bound)  # type: ignore[arg-type]
    assert bounds[0] > bounds[1]


def test_a_person_on_both_sides_is_refused(sides: tuple[People, People]) -> None:
    with pytest.raises(ValueError, match="on both sides"):
        near((sides[0], sides[0]), sides[1].rows)


def test_too_few_people_are_refused(sides: tuple[People, People]) -> None:
    few = People(sides[1].rows[:8], sides[1].person[:8])
    with pytest.raises(ValueError, match="too few"):
        near((sides[0], few), sides[1].rows)


def test_the_same_seed_gives_the_same_figures(
    sides: tuple[People, People], others: np.ndarray
) -> None:
    assert near(sides, others) == near(sides, others)
    assert told(sides, others) == told(sides, others)


def test_table_rows_are_judged_by_the_same_functions() -> None:
    rng = np.random.default_rng(8)
    rows, unseen = rng.normal(size=(400, 6)), rng.normal(size=(400, 6))
    names = np.array([f"a{i}" for i in range(400)]), np.array([f"b{i}" for i in range(400)])
    sides = People(rows, names[0]), People(unseen, names[1])
    assert near(sides, rows + rng.normal(0, 0.01, rows.shape), rms).fires
    assert not near(sides, rng.normal(size=(400, 6)), rms).fires


def test_blocks_find_the_same_neighbours_as_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distances, "ENTRIES", 90 * 64)
    rng = np.random.default_rng(9)
    rows, others = rng.normal(size=(700, 5)), rng.normal(size=(90, 5))
    owner = np.array([f"p{i % 7}" for i in range(90)])
    whole = np.sqrt(((rows[:, None] - others[None]) ** 2).mean(axis=2))
    assert np.allclose(nearest(rows, others, rms, k=3), np.sort(whole, axis=1)[:, :3])
    far, which = closest(rows, others, rms)
    assert np.allclose(far, whole.min(axis=1))
    assert np.array_equal(which, whole.argmin(axis=1))
    own = np.array([f"p{i % 7}" for i in range(700)])
    apart = np.where(own[:, None] == owner[None], np.inf, whole).min(axis=1)
    found = nearest(rows, others, rms, owner=own, other_owner=owner)
    assert np.allclose(found[:, 0], apart)


def test_flat_windows_are_nobodys() -> None:
    flat = np.full((4, 96), 40.0) + np.random.default_rng(10).normal(0, 1, (4, 96))
    assert (WINDOW(flat, flat) > 1).all()


def test_weighted_area_is_that_of_repeated_rows_and_ties_count_half() -> None:
    rng = np.random.default_rng(11)
    score, positive = rng.integers(0, 5, 40).astype(float), rng.random(40) < 0.4
    weights = rng.integers(0, 3, 40)
    again, label = np.repeat(score, weights), np.repeat(positive, weights)
    pairs = again[label][:, None] - again[~label][None]
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert weighted_auc(score, positive, weights[None].astype(float))[0] == pytest.approx(expected)
