"""Refitting bounds what one split cannot, and its bound holds as often as it says."""

import numpy as np
import pytest

from ml.evaluation.release.refitting import Attack, Refitted, membership_by_refitting
from ml.evaluation.statistics import Interval

PEOPLE = 60


def attacker(gain: float, *, spread: float, seed: int = 0) -> Attack:
    """Scores of people who differ by `spread`, to whom being in adds `gain`; noise of 1."""
    own = np.random.default_rng(seed).normal(0, spread, PEOPLE)

    def attack(member: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        shared = rng.normal(0, 3)  # one training's scores are all higher or lower
        return (own + gain * member + shared + rng.normal(size=PEOPLE))[None]

    return attack


def refitted(attack: Attack, *, models: int = 24, seed: int = 1) -> Refitted:
    rng = np.random.default_rng(seed)
    return membership_by_refitting(
        PEOPLE, attack, names=("scores",), models=models, rng=rng, draws=500
    )


def test_attackers_who_know_nothing_are_bounded_as_one_split_of_sixty_never_is() -> None:
    bounds = [refitted(attacker(0, spread=2, seed=i), models=40, seed=i).bound for i in range(10)]
    assert np.median(bounds) < 0.53
    assert max(bounds) < 0.55


def test_the_auc_is_that_of_one_split_on_average() -> None:
    from scipy.special import ndtr

    attacks = [refitted(attacker(1.5, spread=1, seed=i), seed=i).attacks for i in range(10)]
    wanted = ndtr(1.5 / np.sqrt(2 * (1 + 1)))
    assert np.mean([each["scores"].value for each in attacks]) == pytest.approx(wanted, abs=0.015)


def test_who_knows_what_to_expect_of_each_person_tells_more() -> None:
    found = refitted(attacker(0.7, spread=3))
    assert found.own["scores"].low > found.attacks["scores"].high


def test_the_bound_lies_above_the_truth_in_nineteen_of_twenty() -> None:
    from scipy.special import ndtr

    truth = ndtr(0.5 / np.sqrt(2 * (1 + 0.5**2)))
    above = [
        refitted(attacker(0.5, spread=0.5, seed=seed), models=12, seed=seed).bound >= truth
        for seed in range(100)
    ]
    assert sum(above) >= 89  # five in a hundred may lie under it; 1 % of the time eleven do


def test_everybody_is_in_as_often_as_out_and_halves_are_halves() -> None:
    seen = []

    def attack(member: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(member.copy())
        return rng.normal(size=(1, PEOPLE))

    refitted(attack, models=10)
    assert (np.sum(seen, axis=0) == 5).all()
    assert {int(member.sum()) for member in seen} == {PEOPLE // 2}


def test_a_wrong_attacker_is_as_bad_as_a_right_one() -> None:
    found = refitted(attacker(-1.5, spread=1))
    assert found.attacks["scores"].value < 0.3
    assert found.bound > 0.7


@pytest.mark.parametrize("models", [0, 6, 25])
def test_too_few_or_unpaired_trainings_are_refused(models: int) -> None:
    with pytest.raises(ValueError, match="even number of at least 8"):
        refitted(attacker(0, spread=1), models=models)


def test_a_refit_is_stopped_by_whoever_is_told_of_it() -> None:
    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        membership_by_refitting(
            PEOPLE, attacker(0, spread=1), names=("scores",), models=24,
            rng=np.random.default_rng(1), progress=stop,
        )  # fmt: skip


def test_the_largest_bound_of_all_attacks_is_taken() -> None:
    from ml.evaluation.release.refitting import bound_of_all

    assert bound_of_all([Interval(0.5, 0.4, 0.52), Interval(0.5, 0.48, 0.58)]) == 0.6
