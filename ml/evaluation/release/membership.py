"""Two attackers who hold the synthetic rows and ask whether a person was in the training.

``nearest``: how near a synthetic row comes to any of the person's rows. ``density``: how many lie
about their rows, by the distance to the fifth nearest. Both know how near the person's rows are to
everybody else's real rows and divide by it, so that common people are not taken for members (the
density ratio of DOMIAS, van Breugel et al. 2023).
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import by_person
from ml.evaluation.neighbours import Neighbours, Search
from ml.evaluation.privacy import weighted_auc
from ml.evaluation.release.evidence import Measure, Tell
from ml.evaluation.release.judging import ATTACK_NEIGHBOURS, Sides, Sized, Surroundings
from ml.evaluation.release.refitting import (
    Mask,
    Refitted,
    bound_of_all,
    folded,
    membership_by_refitting,
)
from ml.evaluation.statistics import Interval, in_parts, of_draws, resampled_weights

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]
Rows = TypeVar("Rows", bound=Sized)

ATTACKS = ("nearest", "density")
FitAndSample = Callable[[Mask, np.random.Generator], Rows]
"""From which real rows a generator of the release's settings learns, (real rows,), to as many
synthetic rows as the release has."""
_LEAST = 1e-6
_DRAWS = 1000


def on_one_split(sides: Sides[Rows], near: Surroundings, *, rng: np.random.Generator) -> Measure:
    """Training people against holdout people, in this one release."""
    scores = _scores(near.real, near.others, sides.person)
    names, first = np.unique(sides.person, return_index=True)
    member = sides.member[first]
    drawn: list[list[npt.NDArray[np.floating]]] = [[] for _ in ATTACKS]
    for count in in_parts(_DRAWS, names.size):
        weights = np.empty((count, names.size))
        for side in (member, ~member):
            weights[:, side] = resampled_weights(int(side.sum()), draws=count, rng=rng)
        for score, areas in zip(scores, drawn, strict=True):
            areas.append(weighted_auc(score, member, weights))
    found = {}
    for name, score, areas in zip(ATTACKS, scores, drawn, strict=True):
        value = weighted_auc(score, member, np.ones((1, names.size)))[0]
        found[name] = of_draws(float(value), np.concatenate(areas), level=0.9)
    return _largest(
        found, names.size, f"largest max(AUC, 1 − AUC) of {' and '.join(ATTACKS)} between "
        f"{int(member.sum())} training and {int((~member).sum())} holdout people of one split",
    )  # fmt: skip


def by_refitting(
    sides: Sides[Rows],
    near: Surroundings,
    search: Search[Rows],
    fit_and_sample: FitAndSample[Rows],
    *,
    models: int,
    rng: np.random.Generator,
    progress: Tell,
) -> Refitted:
    """People in trainings against people out of them; see `membership_by_refitting`."""
    names, whose = np.unique(sides.person, return_inverse=True)

    def attack(member: Mask, own: np.random.Generator) -> Floats:
        made = fit_and_sample(member[whose], own)
        found = search(sides.real, made, k=ATTACK_NEIGHBOURS)
        return _scores(found, near.others, sides.person)

    return membership_by_refitting(
        names.size, attack, names=ATTACKS, models=models, rng=rng, progress=progress
    )


def refitted_measures(found: Refitted) -> dict[str, Measure]:
    """`membership_auc`, and beside it what an attacker with trainings of their own would tell."""
    attacks = " and ".join(ATTACKS)
    sides = f"{found.models} trainings on halves of the {found.people} people"
    return {
        "membership_auc": _largest(
            found.attacks, found.people, f"largest max(AUC, 1 − AUC) of {attacks} between people "
            f"in and out of a training, mean over {sides}",
        ),
        "membership_auc_of_own": _largest(
            found.own, found.people, f"largest max(AUC, 1 − AUC) of {attacks} by an attacker who "
            "knows what to expect of each person in and out of a training, mean over people; "
            f"{sides}",
        ),
    }  # fmt: skip


def _largest(found: dict[str, Interval], people: int, protocol: str) -> Measure:
    each = list(found.values())
    return Measure(
        max(folded(area.value) for area in each),
        max(0.5, *(max(area.low, 1 - area.high) for area in each)),
        min(1.0, bound_of_all(each)),
        people,
        f"{protocol}; each bound one-sided 95 % over people",
    )


def _scores(near: Neighbours, others: Neighbours, person: Names) -> Floats:
    """Of every person under both attacks, (attacks, people)."""
    logs = _logs(near) - _logs(others)
    return np.stack(
        [-by_person(person, logs[:, 0], "least")[1], -by_person(person, logs[:, 1], "mean")[1]]
    )


def _logs(near: Neighbours) -> Floats:
    """Of the distances to the nearest and to the furthest that was found, (rows, 2)."""
    far = np.where(np.isfinite(near.distance), near.distance, -np.inf).max(axis=1)
    reached = np.stack([near.distance[:, 0], far], axis=1)
    logs: Floats = np.log(np.maximum(reached, _LEAST))
    return logs
