"""Who is near to whom, counted by hand among points; and what is said of members alone."""

import numpy as np
import pytest

from ml.evaluation.distances import rms
from ml.evaluation.nearness import closest_share
from ml.evaluation.neighbours import SearchUnder
from ml.evaluation.release.evidence import Measure, tell_nobody
from ml.evaluation.release.judging import (
    FEWEST_PEOPLE,
    Sides,
    Surroundings,
    nearness_measures,
    one_of_several,
    outlier_exposure,
    people_across_split,
    surroundings,
)

SEARCH = SearchUnder(rms)


def names(prefix: str, people: int, rows: int) -> np.ndarray:
    return np.repeat([f"{prefix}{number}" for number in range(people)], rows)


def sides_of(
    synthetic: np.ndarray,
    training: np.ndarray,
    trained: np.ndarray,
    holdout: np.ndarray,
    held: np.ndarray,
) -> Sides[np.ndarray]:
    real = np.concatenate([training, holdout])
    return Sides(synthetic, training, trained, holdout, held, real)


@pytest.fixture(scope="module")
def points() -> Sides[np.ndarray]:
    """Eight training people of three points each, six others of two, and thirty synthetic ones."""
    rng = np.random.default_rng(1)
    home = rng.normal(size=(14, 4))
    training = np.repeat(home[:8], 3, axis=0) + 0.05 * rng.normal(size=(24, 4))
    holdout = np.repeat(home[8:], 2, axis=0) + 0.05 * rng.normal(size=(12, 4))
    synthetic = rng.normal(size=(30, 4))
    return sides_of(synthetic, training, names("t", 8, 3), holdout, names("h", 6, 2))


@pytest.fixture(scope="module")
def near(points: Sides[np.ndarray]) -> Surroundings:
    return surroundings(points, SEARCH, tell_nobody)


def by_hand(
    row: np.ndarray, others: np.ndarray, whose: np.ndarray | None = None, but: str | None = None
) -> list[float]:
    """Distances, ascending; of each person in `whose` the nearest alone, and none of `but`."""
    far = np.sqrt(((others - row) ** 2).mean(axis=1))
    if whose is None:
        return sorted(far)
    return sorted(far[whose == name].min() for name in np.unique(whose) if name != but)


def test_neighbours_are_of_different_people_and_nobody_is_their_own(
    points: Sides[np.ndarray], near: Surroundings
) -> None:
    trained, everybody = points.training_person, points.person
    for at, row in enumerate(points.synthetic):
        assert near.ours.distance[at] == pytest.approx(by_hand(row, points.training, trained)[:2])
        assert near.to_holdout.distance[at] == pytest.approx(by_hand(row, points.holdout)[:1])
    for at, row in enumerate(points.holdout):
        assert near.theirs.distance[at] == pytest.approx(by_hand(row, points.training, trained)[:2])
    for at, row in enumerate(points.real):
        own = str(everybody[at])
        others = by_hand(row, points.real, everybody, own)[:5]
        assert near.others.distance[at] == pytest.approx(others)
        assert near.real.distance[at] == pytest.approx(by_hand(row, points.synthetic)[:5])
    for at, row in enumerate(points.training):
        beside = by_hand(row, points.training, trained, str(trained[at]))[:1]
        assert near.beside.distance[at] == pytest.approx(beside)
        assert near.across.distance[at] == pytest.approx(by_hand(row, points.holdout)[:1])


def test_members_are_the_training_rows_and_the_largest_share_is_the_largest_persons(
    points: Sides[np.ndarray],
) -> None:
    assert points.member.tolist() == [True] * 24 + [False] * 12
    assert points.person.tolist() == [*points.training_person, *points.holdout_person]
    assert points.largest_share == 3 / 36
    many = np.append(points.training_person[:-4], ["t0"] * 4)
    uneven = sides_of(
        points.synthetic, points.training, many, points.holdout, points.holdout_person
    )
    assert uneven.largest_share == 7 / 36


@pytest.mark.parametrize("side", ["training", "holdout"])
def test_four_people_on_a_side_are_too_few_and_five_are_not(
    points: Sides[np.ndarray], side: str
) -> None:
    for people in (FEWEST_PEOPLE - 1, FEWEST_PEOPLE):
        trained = names("t", 8, 3) if side == "holdout" else np.resize(names("t", people, 1), 24)
        held = names("h", 6, 2) if side == "training" else np.resize(names("h", people, 1), 12)
        if people < FEWEST_PEOPLE:
            with pytest.raises(ValueError, match=f"4 {side} people are too few"):
                sides_of(points.synthetic, points.training, trained, points.holdout, held)
        else:
            sides_of(points.synthetic, points.training, trained, points.holdout, held)


def lonely(on: str) -> Measure:
    """Forty people on either side, of whom two of each stand far out; a synthetic point sits on
    one that stands out: on a training person, on one held out, or on nobody."""
    rng = np.random.default_rng(2)
    training, holdout = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    training[:2], holdout[:2] = [[30, 0, 0], [0, 30, 0]], [[0, 0, 30], [0, 0, -30]]
    synthetic = rng.normal(size=(50, 3))
    if on != "nobody":
        synthetic[0] = {"a training person": training, "one held out": holdout}[on][0] + 1e-4
    made = sides_of(synthetic, training, names("t", 40, 1), holdout, names("h", 40, 1))
    return outlier_exposure(made, surroundings(made, SEARCH, tell_nobody))


def test_an_outlier_that_is_drawn_again_is_exposed_where_it_was_learnt_from() -> None:
    assert lonely("a training person").value == 1
    assert lonely("one held out").value == 0
    assert lonely("nobody").value == 0


def test_only_training_outliers_are_counted() -> None:
    """Eight of eighty rows stand out; four of them were learnt from at most, two at least."""
    assert 2 <= lonely("nobody").n < 8


def test_people_on_both_sides_are_found_by_name_and_by_rows() -> None:
    rng = np.random.default_rng(3)
    training, holdout = rng.normal(size=(60, 5)), rng.normal(size=(30, 5))
    trained, held = names("t", 20, 3), names("h", 10, 3)

    def found(holdout: np.ndarray, held: np.ndarray) -> Measure:
        made = sides_of(rng.normal(size=(20, 5)), training, trained, holdout, held)
        return people_across_split(made, surroundings(made, SEARCH, tell_nobody))

    assert found(holdout, held).value == 0 and found(holdout, held).n == 20
    named = held.copy()
    named[:3] = "t4"
    assert found(holdout, named).value == 1
    again = holdout.copy()
    again[:3] = training[12:15] + 1e-4
    assert found(again, held).value == 1
    once = holdout.copy()
    once[0] = training[12] + 1e-4
    assert found(once, held).value == 0, "one row of three may be alike by chance"


def test_the_view_that_accuses_most_is_the_one_that_counts() -> None:
    calm = Measure(0.4, 0.2, 0.6, 9, "calm")
    accusing = Measure(0.3, 0.25, 0.4, 9, "accusing")
    for order in ((calm, accusing), (accusing, calm)):
        worst = one_of_several([(one.protocol, one) for one in order])
        assert (worst.low, worst.protocol) == (0.25, "accusing; by accusing")


def test_each_of_several_views_is_given_a_wider_interval(
    points: Sides[np.ndarray], near: Surroundings
) -> None:
    """Or three distances would accuse an honest generator three times as often as one."""
    one, three = (
        nearness_measures(points, near, rng=np.random.default_rng(4), views=views)
        for views in (1, 3)
    )
    for name in ("near_copies", "dcr_share", "nndr_below"):
        assert three[name].low <= one[name].low and one[name].high <= three[name].high
        assert "98.0%" in one[name].protocol and "99.3%" in three[name].protocol
    assert three["dcr_share"].low < one["dcr_share"].low


def test_a_side_of_twice_as_many_rows_is_no_nearer_for_that() -> None:
    """Of honest rows two thirds are nearest to training rows where these are two thirds."""
    to_training = np.array([0.1] * 20 + [0.3] * 10)
    to_holdout = np.array([0.2] * 30)
    share = closest_share(
        to_training,
        np.arange(30) % 20,
        names("t", 20, 1),
        to_holdout,
        np.arange(30) % 10,
        names("h", 10, 1),
        rng=np.random.default_rng(5),
    )
    assert share.value == 0.5
