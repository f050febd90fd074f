"""Whether synthetic rows give away whom a generator learnt from.

Three kinds of evidence, each against people whom the generator never saw: how near synthetic rows
come to training rows, how many are nearer than strangers ever are, and whether an attacker who
holds the synthetic rows can tell training people from others. Rows may be days or table rows; the
distance is an argument. Intervals draw people anew.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.distances import Distance, closest, nearest
from ml.evaluation.statistics import Interval, in_parts, of_draws, resampled_weights

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]

STRANGERS = 0.01
"""Share of strangers' rows that are nearer to a training row than the near-copy limit."""
STRICT = 0.5
"""Of the least distance of any stranger's row: no synthetic row may come nearer than this."""
FEWEST_PEOPLE = 5
"""On either side; with fewer an interval over people means nothing."""


@dataclass(frozen=True, eq=False)
class People:
    """Rows of known people: `rows` (n, features), `person` (n,)."""

    rows: Floats
    person: Names

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Nearness:
    """How near synthetic rows come to the training rows, beside strangers' rows.

    Attributes:
        dcr_share: share of synthetic rows whose nearest real row is a training row, as if either
            side had equally many rows; .5 where nothing is copied.
        near_copies: share of synthetic rows nearer to a training row than `limit`.
        limit: the distance under which `STRANGERS` of the held-out rows lie.
        strict_limit: `STRICT` times the least distance of any held-out row.
        too_near: synthetic rows nearer to a training row than that; one is a copy too many.
        synthetic_distance, stranger_distance: median distance to the nearest training row.
        synthetic_nndr, stranger_nndr: median ratio of nearest to second-nearest training row.
    """

    dcr_share: Interval
    near_copies: Interval
    limit: float
    strict_limit: float
    too_near: int
    synthetic_distance: float
    stranger_distance: float
    synthetic_nndr: float
    stranger_nndr: float

    @property
    def fires(self) -> bool:
        """Whether copying is shown: beyond its interval on the share or on near copies, or by
        a single row that is too near.

        A copy that was changed by more than `strict_limit`, among fewer than `STRANGERS` of such,
        is not seen.
        """
        return self.dcr_share.low > 0.5 or self.near_copies.low > STRANGERS or self.too_near > 0


@dataclass(frozen=True)
class Membership:
    """What an attacker tells of whether a person was in the training.

    Attributes:
        attacks: AUC of each attack with its interval; .5 tells nothing.
        bound: 95 % upper bound of max(AUC, 1 − AUC) over all attacks at once (Bonferroni).
        members, others: people on either side.
    """

    attacks: dict[str, Interval]
    bound: float
    members: int
    others: int


def nearness(
    training: People,
    held_out: People,
    synthetic: Floats,
    distance: Distance,
    *,
    rng: np.random.Generator,
    draws: int = 500,
) -> Nearness:
    """See `Nearness`."""
    _require_people(training, held_out)
    ours = nearest(synthetic, training.rows, distance, k=2)
    theirs = nearest(held_out.rows, training.rows, distance, k=2)
    limit = float(np.quantile(theirs[:, 0], STRANGERS))
    strict_limit = STRICT * float(theirs[:, 0].min())
    return Nearness(
        dcr_share=_dcr_share(synthetic, training, held_out, distance, rng=rng, draws=draws),
        near_copies=_near_copies(ours[:, 0], theirs[:, 0], held_out.person, rng=rng, draws=draws),
        limit=limit,
        strict_limit=strict_limit,
        too_near=int((ours[:, 0] < strict_limit).sum()),
        synthetic_distance=float(np.median(ours[:, 0])),
        stranger_distance=float(np.median(theirs[:, 0])),
        synthetic_nndr=_nndr(ours),
        stranger_nndr=_nndr(theirs),
    )


def membership(
    training: People,
    held_out: People,
    synthetic: Floats,
    distance: Distance,
    *,
    rng: np.random.Generator,
    k: int = 5,
    draws: int = 1000,
) -> Membership:
    """Three attacks by someone who holds the synthetic rows and candidates' real rows.

    ``distance``: nearness of a candidate's row to the nearest synthetic row. ``density_ratio``:
    the same of the k-th nearest, relative to the k-th nearest row of everybody else, so that
    common rows are not taken for members. ``density_ratio_of_person``: its mean over all rows of
    the candidate.
    """
    _require_people(training, held_out)
    rows = np.concatenate([training.rows, held_out.rows])
    person = np.concatenate([training.person, held_out.person])
    member = np.arange(len(rows)) < len(training)
    to_synthetic = nearest(rows, synthetic, distance, k=min(k, len(synthetic)))
    to_others = nearest(rows, rows, distance, k=k, owner=person, other_owner=person)
    ratio = np.log(to_others[:, -1] + 1e-6) - np.log(to_synthetic[:, -1] + 1e-6)
    _, first, whose = np.unique(person, return_index=True, return_inverse=True)
    scores = {
        "distance": (-to_synthetic[:, 0], np.arange(len(rows)), whose),
        "density_ratio": (ratio, np.arange(len(rows)), whose),
        "density_ratio_of_person": (
            np.bincount(whose, ratio) / np.bincount(whose),
            first,
            np.arange(first.size),
        ),
    }
    drawn: dict[str, list[Floats]] = {name: [] for name in scores}
    for count in in_parts(draws, len(rows)):
        weights = _weights_within(member[first], draws=count, rng=rng)
        for name, (score, candidates, of_person) in scores.items():
            drawn[name].append(weighted_auc(score, member[candidates], weights[:, of_person]))
    attacks, bounds = {}, []
    for name, (score, candidates, _) in scores.items():
        areas = np.concatenate(drawn[name])
        value = weighted_auc(score, member[candidates], np.ones((1, score.size)))[0]
        attacks[name] = of_draws(float(value), areas)
        bounds.append(np.quantile(np.maximum(areas, 1 - areas), 1 - 0.05 / len(scores)))
    people = int(member[first].sum())
    return Membership(attacks, float(max(bounds)), people, first.size - people)


def weighted_auc(score: Floats, positive: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Area under the ROC curve for each row of `weights`, (draws, n) → (draws,).

    Ties count half.
    """
    values, which = np.unique(score, return_inverse=True)
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(values.size))
    gained = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    other = np.add.reduceat((weights * ~positive)[:, order], starts, axis=1)
    below = np.cumsum(other, axis=1) - other / 2
    return (gained * below).sum(axis=1) / (gained.sum(axis=1) * other.sum(axis=1))


def _dcr_share(
    synthetic: Floats,
    training: People,
    held_out: People,
    distance: Distance,
    *,
    rng: np.random.Generator,
    draws: int,
) -> Interval:
    """How often a training row is nearest, per row, over the same for either side.

    Each synthetic row goes to the person who has the nearest row; people are drawn anew.
    """
    (to_training, trained), (to_others, untrained) = (
        closest(synthetic, side.rows, distance) for side in (training, held_out)
    )
    tie = 0.5 * (to_training == to_others)
    wins = ((to_training < to_others) + tie, (to_others < to_training) + tie)
    rates, drawn_rates = [], []
    for side, which, won in zip((training, held_out), (trained, untrained), wins, strict=True):
        names, whose, rows = np.unique(side.person, return_inverse=True, return_counts=True)
        hits = np.bincount(whose[which], won, names.size)
        drawn = [
            (weights @ hits) / (weights @ rows)
            for count in in_parts(draws, names.size)
            for weights in (resampled_weights(names.size, draws=count, rng=rng),)
        ]
        rates.append(hits.sum() / rows.sum())
        drawn_rates.append(np.concatenate(drawn))
    share = drawn_rates[0] / np.maximum(drawn_rates[0] + drawn_rates[1], 1e-12)
    return of_draws(float(rates[0] / (rates[0] + rates[1])), share)


def _weights_within(
    member: npt.NDArray[np.bool_], *, draws: int, rng: np.random.Generator
) -> Floats:
    """People drawn anew on either side, so that both keep their size: (draws, people)."""
    weights = np.empty((draws, member.size))
    for side in (member, ~member):
        weights[:, side] = resampled_weights(int(side.sum()), draws=draws, rng=rng)
    return weights


def _near_copies(
    ours: Floats, theirs: Floats, person: Names, *, rng: np.random.Generator, draws: int
) -> Interval:
    """Share of `ours` under the `STRANGERS` quantile of `theirs`; both sides drawn anew."""
    names, whose = np.unique(person, return_inverse=True)
    order = np.argsort(theirs)
    drawn = []
    for count in in_parts(draws, names.size):
        for people in resampled_weights(names.size, draws=count, rng=rng):
            share = np.cumsum(people[whose[order]])
            limit = theirs[order[np.searchsorted(share, STRANGERS * share[-1])]]
            drawn.append(np.mean(rng.choice(ours, ours.size) < limit))
    return of_draws(float(np.mean(ours < np.quantile(theirs, STRANGERS))), np.array(drawn))


def _nndr(distances: Floats) -> float:
    return float(np.median(distances[:, 0] / np.maximum(distances[:, 1], 1e-9)))


def _require_people(training: People, held_out: People) -> None:
    for side, word in ((training, "training"), (held_out, "held-out")):
        count = np.unique(side.person).size
        if count < FEWEST_PEOPLE:
            raise ValueError(
                f"{count} {word} people are too few to judge privacy: {FEWEST_PEOPLE} are needed"
            )
    if np.intersect1d(training.person, held_out.person).size:
        raise ValueError("someone is on both sides: split by person before judging privacy")
