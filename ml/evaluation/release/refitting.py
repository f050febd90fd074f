"""Membership by refitting: what a generator of these settings tells of the people it learns from.

One split of a small cohort compares some people with others, whose differences bury the answer:
sixty people never bound an AUC under .55 that way. Here generators of the same settings learn from
halves of the cohort, each half and then its rest, so that everybody is in as often as out, and the
AUC of one split is averaged over all of them. What people differ by in themselves cancels between a
half and its rest. It judges settings and cohort, at half the size (which is the conservative side:
fewer people hide each other less), and not the one data set that leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import sums_of_draws
from ml.evaluation.release.evidence import Tell, tell_nobody
from ml.evaluation.statistics import Interval, of_draws

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Attack = Callable[[Mask, np.random.Generator], Floats]
"""From which people a generator learns, (people,), to the score of every person under every attack
on what it draws, (attacks, people); a higher score says member."""

MODELS = 40
"""Trainings; see docs/decisions/0451."""
FEWEST_MODELS = 8


@dataclass(frozen=True, eq=False)
class Refitted:
    """How well attackers tell people in a training from people out of it.

    Attributes:
        attacks: AUC of each attack over pairs of one person in and one out, mean over trainings,
            with its 90 % interval over people; .5 tells nothing.
        own: the same, each person compared with themselves in other trainings: an attacker who
            has made such trainings of the same cohort knows what to expect of everybody.
        people, models: how many there were.
    """

    attacks: dict[str, Interval]
    own: dict[str, Interval]
    people: int
    models: int

    @property
    def bound(self) -> float:
        """One-sided 95 % upper bound of the largest max(AUC, 1 − AUC) of `attacks`."""
        return bound_of_all(list(self.attacks.values()))


def membership_by_refitting(
    people: int,
    attack: Attack,
    *,
    names: tuple[str, ...],
    models: int = MODELS,
    rng: np.random.Generator,
    draws: int = 2000,
    progress: Tell = tell_nobody,
) -> Refitted:
    """Train `models` generators, each on half of the people, and tell who is in from who is out.

    Args:
        people: how many there are.
        attack: trains on the people of the mask, draws, and scores everybody.
        names: of the attacks, in their order.

    Raises:
        ValueError: fewer than `FEWEST_MODELS` trainings, or an odd number of them.
    """
    if models < FEWEST_MODELS or models % 2:
        raise ValueError(
            f"{models} trainings tell nothing of a person: an even number of at least "
            f"{FEWEST_MODELS} is needed"
        )
    member = np.empty((models, people), dtype=bool)
    scores = np.empty((models, len(names), people))
    for model in range(models):
        progress("membership by refitting", model, models)
        member[model] = ~member[model - 1] if model % 2 else _half(people, rng)
        scores[model] = attack(member[model], rng)
    progress("membership by refitting", models, models)
    between = np.stack([_ahead(scores[:, i], member) for i in range(len(names))])
    alone = np.stack([_of_each(_centred(scores[:, i]), member) for i in range(len(names))])
    drawn = sums_of_draws(np.concatenate([between, alone]), draws=draws, rng=rng) / people
    attacks, own = {}, {}
    for place, name in enumerate(names):
        value = float(between[place].mean())
        # half of the people are on either side, so that a person moves the AUC by twice what the
        # pairs they are in differ from it: their influence, by which people are drawn anew
        attacks[name] = of_draws(value, value + 2 * (drawn[:, place] - value), level=0.9)
        areas = drawn[:, len(names) + place]
        own[name] = of_draws(float(alone[place].mean()), areas, level=0.9)
    return Refitted(attacks, own, people, models)


def folded(area: float) -> float:
    """An attacker who is wrong more often than right turns the answer round."""
    return max(area, 1 - area)


def bound_of_all(areas: list[Interval]) -> float:
    """Upper 95 % bound of the largest max(AUC, 1 − AUC), of 90 % intervals.

    The largest is one of them, and its own one-sided bound fails in 5 % of cases: the largest of
    the bounds needs no correction for how many there are (Berger, Technometrics 24, 1982).
    """
    return max(max(each.high, 1 - each.low) for each in areas)


def _half(people: int, rng: np.random.Generator) -> Mask:
    member = np.zeros(people, dtype=bool)
    member[rng.permutation(people)[: people // 2]] = True
    return member


def _centred(scores: Floats) -> Floats:
    """Less the mean of each training and of each person, (models, people)."""
    left: Floats = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0)
    return left + float(scores.mean())


def _ahead(scores: Floats, member: Mask) -> Floats:
    """Of the pairs that each person makes with somebody on the other side of a training, the share
    in which the one who is in has the higher score: mean over trainings, (people,)."""
    ahead = np.empty(scores.shape)
    for score, inside, found in zip(scores, member, ahead, strict=True):
        below = _ranks(score) - np.where(inside, _ranks(score, inside), _ranks(score, ~inside))
        share = below / np.where(inside, (~inside).sum(), inside.sum())
        found[:] = np.where(inside, share, 1 - share)
    means: Floats = ahead.mean(axis=0)
    return means


def _ranks(score: Floats, among: Mask | None = None) -> Floats:
    """How many (of `among`) have a lower score, and half of those with the same, (people,)."""
    known = np.sort(score if among is None else score[among])
    low, high = (np.searchsorted(known, score, side) for side in ("left", "right"))
    ranks: Floats = (low + high) / 2
    return ranks


def _of_each(scores: Floats, member: Mask) -> Floats:
    """AUC of in against out for every person, (people,); ties count half."""
    found = np.empty(scores.shape[1])
    for person in range(scores.shape[1]):
        inside, outside = (scores[member[:, person] == which, person] for which in (True, False))
        above = np.sign(inside[:, None] - outside[None, :])
        found[person] = 0.5 + above.mean() / 2
    return found
