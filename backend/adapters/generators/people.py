"""Who is learnt from, who is held out, and how much of anybody: decided by a seed, person by
person."""

import numpy as np
import numpy.typing as npt

from backend.domain.errors import NotEnoughData

Names = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]

HELD_OUT = 1 / 3
LEAST_HELD_OUT = 20
"""Figures of fewer people are not shown in a report."""
MOST_OF_ONE = 0.05
LEAST_TRAINING = 20
"""With fewer, somebody would always be more than a twentieth."""


def held_out(person: Names, *, rng: np.random.Generator) -> Mask:
    """Which rows are of people held out: a third of them, and at least `LEAST_HELD_OUT`; (rows,).

    Raises:
        NotEnoughData: fewer people than both sides need.
    """
    names = np.unique(person)
    least = LEAST_TRAINING + LEAST_HELD_OUT
    if names.size < least:
        raise NotEnoughData(
            f"{names.size} people have records that can be learnt from",
            needs=f"{least - names.size} more people with whole days or measurements",
            reasons=("too_few_people",),
        )
    count = max(LEAST_HELD_OUT, round(names.size * HELD_OUT))
    return np.isin(person, rng.permutation(names)[:count])


def at_most(person: Names, most: int, *, rng: np.random.Generator) -> Mask:
    """Which rows to keep so that nobody has more than `most`, the others left out by lot."""
    kept = np.zeros(person.size, dtype=bool)
    for name in np.unique(person):
        rows = np.flatnonzero(person == name)
        kept[rows if rows.size <= most else rng.permutation(rows)[:most]] = True
    return kept


def most_rows(person: Names) -> int:
    """How many rows of one person are no more than `MOST_OF_ONE` of everybody's, cut to as many."""
    counts = np.unique(person, return_counts=True)[1]
    for most in range(int(counts.max()), 1, -1):
        if most <= MOST_OF_ONE * np.minimum(counts, most).sum() + 1e-9:
            return most
    return 1
