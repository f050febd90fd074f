"""The measures that every kind of data has, of rows and a search among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import (
    EXPECTED,
    by_person,
    closest_share,
    nearer_than_strangers,
    ratio_of_two,
    share_under,
    shared_level,
)
from ml.evaluation.neighbours import Neighbours, Search
from ml.evaluation.release.evidence import Measure, Tell, count
from ml.evaluation.statistics import Interval

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]

NEAR_COPIES = 0.01
LOW_RATIO = 0.05
"""Shares of strangers' rows that lie under the limits of near copies and of ratios."""
OUTLIERS = 0.1
"""Share of the real rows, the furthest from everybody else's, that are outliers."""
ATTACK_NEIGHBOURS = 5
FEWEST_PEOPLE = 5
"""On either side; with fewer an interval over people means nothing."""


class Sized(Protocol):
    """Anything of so many rows."""

    def __len__(self) -> int: ...


Rows = TypeVar("Rows", bound=Sized)


@dataclass(frozen=True, eq=False)
class Sides(Generic[Rows]):
    """The synthetic rows, and real rows of people on either side of the split.

    Attributes:
        real: the rows of `training`, then those of `holdout`.
    """

    synthetic: Rows
    training: Rows
    training_person: Names
    holdout: Rows
    holdout_person: Names
    real: Rows

    def __post_init__(self) -> None:
        for rows, person, word in (
            (self.training, self.training_person, "training"),
            (self.holdout, self.holdout_person, "holdout"),
        ):
            if len(rows) != len(person):
                raise ValueError(
                    f"{len(rows)} {word} rows and {len(person)} names: say whose each row is"
                )
            people = np.unique(person).size
            if people < FEWEST_PEOPLE:
                raise ValueError(
                    f"{people} {word} people are too few to judge privacy by: "
                    f"{FEWEST_PEOPLE} are needed"
                )
        if len(self.synthetic) == 0:
            raise ValueError("there is no synthetic row to judge")

    @property
    def person(self) -> Names:
        """Whose every real row is."""
        return np.concatenate([self.training_person, self.holdout_person])

    @property
    def member(self) -> npt.NDArray[np.bool_]:
        """Which real rows are training rows."""
        return np.arange(len(self.real)) < len(self.training)

    @property
    def largest_share(self) -> float:
        """Of the real rows, what the person with most of them gave."""
        return float(np.unique(self.person, return_counts=True)[1].max() / len(self.real))


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Who is near to whom: neighbours of different people each.

    Attributes:
        ours: two nearest training rows of each synthetic row.
        theirs: two nearest training rows of each holdout row.
        to_holdout: nearest holdout row of each synthetic row.
        real: nearest synthetic rows of each real row.
        others: nearest real rows of other people of each real row.
        across: nearest holdout row of each training row.
        beside: nearest training row of another person of each training row.
    """

    ours: Neighbours
    theirs: Neighbours
    to_holdout: Neighbours
    real: Neighbours
    others: Neighbours
    across: Neighbours
    beside: Neighbours


def surroundings(sides: Sides[Rows], search: Search[Rows], progress: Tell) -> Surroundings:
    """All that the measures need to know of distances."""
    trained = sides.training_person
    tasks = (
        (sides.synthetic, sides.training, 2, None, trained),
        (sides.holdout, sides.training, 2, None, trained),
        (sides.synthetic, sides.holdout, 1, None, None),
        (sides.real, sides.synthetic, ATTACK_NEIGHBOURS, None, None),
        (sides.real, sides.real, ATTACK_NEIGHBOURS, sides.person, sides.person),
        (sides.training, sides.holdout, 1, None, None),
        (sides.training, sides.training, 1, trained, trained),
    )
    found = []
    for done, (rows, others, k, owner, other_owner) in enumerate(tasks):
        progress("distances", done, len(tasks))
        each = other_owner is not None
        found.append(search(rows, others, k=k, owner=owner, other_owner=other_owner, one_each=each))
    progress("distances", len(tasks), len(tasks))
    return Surroundings(*found)


def nearness_measures(
    sides: Sides[Rows], near: Surroundings, *, rng: np.random.Generator, views: int = 1
) -> dict[str, Measure]:
    """`too_near`, `near_copies`, `dcr_share`, `nndr_below`, under one of so many distances."""
    level = shared_level(views)
    ours, theirs = near.ours.distance, near.theirs.distance
    whose = sides.training_person[near.ours.index[:, 0]]
    n = len(ours)
    close, limit = nearer_than_strangers(ours[:, 0], theirs[:, 0], n)
    copies = share_under(
        ours[:, 0],
        whose,
        theirs[:, 0],
        sides.holdout_person,
        quantile=NEAR_COPIES,
        rng=rng,
        level=level,
    )
    ratios = share_under(
        ratio_of_two(ours), whose, ratio_of_two(theirs), sides.holdout_person,
        quantile=LOW_RATIO, rng=rng, level=level,
    )  # fmt: skip
    share = closest_share(
        ours[:, 0], near.ours.index[:, 0], sides.training_person,
        near.to_holdout.distance[:, 0], near.to_holdout.index[:, 0], sides.holdout_person,
        rng=rng, level=level,
    )  # fmt: skip
    return {
        "too_near": count(
            int(close.sum()), n,
            f"synthetic rows nearer to a training row than {limit:.3g}, under which {EXPECTED:g} "
            "of all rows would fall if they were strangers'",
        ),
        "near_copies": _share(
            copies, n, level, "synthetic rows nearer to a training row than all but "
            f"{NEAR_COPIES:.0%} of strangers' rows",
        ),
        "dcr_share": _share(
            share, n, level, "synthetic rows whose closest record is a training row, the holdout "
            "weighing the same",
        ),
        "nndr_below": _share(
            ratios, n, level, "synthetic rows whose ratio of the distances to nearest and "
            f"second-nearest person is lower than of all but {LOW_RATIO:.0%} of strangers' rows",
        ),
    }  # fmt: skip


def outlier_exposure(sides: Sides[Rows], near: Surroundings) -> Measure:
    """Training outliers on which synthetic rows sit as on no stranger.

    Strangers are all holdout rows: few of them are outliers, and an outlier is sat on no closer.
    """
    alone = near.others.distance[:, 0]
    known = alone > 0
    sat_on = near.real.distance[:, 0] / np.where(known, alone, 1.0)
    trained = known & (alone >= np.quantile(alone, 1 - OUTLIERS)) & sides.member
    strangers = sat_on[known & ~sides.member]
    n = int(trained.sum())
    exposed, limit = nearer_than_strangers(sat_on[trained], strangers, n)
    return count(
        int(exposed.sum()), n,
        f"training rows among the {OUTLIERS:.0%} furthest from everybody else's, whose distance to "
        "the nearest synthetic row, relative to that to the nearest real row of anybody else, is "
        f"under the limit of strangers' rows ({limit:.3g})",
    )  # fmt: skip


def people_across_split(sides: Sides[Rows], near: Surroundings) -> Measure:
    """Training people who are in the holdout as well, by name or by rows."""
    names, across = by_person(sides.training_person, near.across.distance[:, 0], "median")
    _, beside = by_person(sides.training_person, near.beside.distance[:, 0], "median")
    near_to_holdout, limit = nearer_than_strangers(across, beside, names.size)
    same = np.isin(names, sides.holdout_person) | near_to_holdout
    return count(
        int(same.sum()), names.size,
        "training people of whom the holdout has the name, or rows nearer to half of theirs than "
        f"training people's are to each other ({limit:.3g})",
    )  # fmt: skip


def one_of_several(found: Sequence[tuple[str, Measure]]) -> Measure:
    """The measure that shows most, by its lower bound, named in the protocol."""
    name, worst = max(found, key=lambda each: (each[1].low, each[1].value))
    return Measure(worst.value, worst.low, worst.high, worst.n, f"{worst.protocol}; by {name}")


def _share(interval: Interval, n: int, level: float, protocol: str) -> Measure:
    said = f"share of {protocol}; {level:.1%} interval over people"
    return Measure(interval.value, interval.low, interval.high, n, said)
