"""Whether every half of a cohort holds enough to learn from: told before anything is learnt.

Membership is judged by trainings on halves of all people, held out or not (docs/decisions/0451). A
half that is too small would be refused by its generator hours later, when the release's own
training, on two thirds of them, is long done.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from backend.adapters.generators.people import Names
from backend.domain.errors import NotEnoughData

WIDTHS = 4.0
"""Standard deviations below the mean that no half of a run falls short of: one of some 30,000."""
_MOST_PEOPLE = 1_000_000


@dataclass(frozen=True)
class Least:
    """What a generator learns from at the least: rows or days, and people."""

    rows: int
    people: int = 1


def least_of(generator: object) -> Least:
    """As the generator itself says; see `TooLittleData`."""
    told = [each for each in (generator, getattr(generator, "settings", None)) if each is not None]
    rows = [
        getattr(each, name)
        for each in told
        for name in ("least_rows", "least_days")
        if hasattr(each, name)
    ]
    people = [each.least_people for each in told if hasattr(each, "least_people")]
    return Least(max(rows, default=1), max(people, default=1))


def require_halves(person: Names, least: Least, *, generator: str, things: str) -> None:
    """Raises `NotEnoughData`, with how many people would be enough, for halves that are too small.

    Args:
        person: whose each row or day is that would be learnt from or held out, (rows,).
        things: what these are called.
    """
    counts = np.unique(person, return_counts=True)[1]
    rows, people = rows_of_a_half(counts), counts.size // 2
    if rows >= least.rows and people >= least.people:
        return
    enough = enough_people(counts, least)
    raise NotEnoughData(
        f"{counts.size} people have {int(counts.sum())} {things} that can be learnt from, and "
        f"membership is judged on halves of them: such a half has {people} people and may have no "
        f"more than {rows} {things}, where {generator} learns from {least.rows} of "
        f"{least.people} people at the least",
        needs=f"{enough} people with as many {things} each as those there are, or more {things} "
        "of each",
        reasons=("too_little_data",),
    )


def rows_of_a_half(counts: npt.NDArray[np.intp]) -> int:
    """Rows that every half drawn from people with so many rows each has, (people,)."""
    half = counts.size // 2
    worst = int(np.sort(counts)[:half].sum())
    usual = _usual(counts.size, float(counts.mean()), float(counts.std()))
    return max(worst, int(usual))


def enough_people(counts: npt.NDArray[np.intp], least: Least) -> int:
    """The fewest people, with rows as these have, of whom every half is enough."""
    mean, spread = float(counts.mean()), float(counts.std())
    few, many = counts.size, _MOST_PEOPLE
    while few + 1 < many:
        people = (few + many) // 2
        reached = _usual(people, mean, spread) >= least.rows and people // 2 >= least.people
        few, many = (few, people) if reached else (people, many)
    return many


def _usual(people: int, mean: float, spread: float) -> float:
    """Rows of a half: its mean less `WIDTHS` deviations of a draw without replacement."""
    half = people // 2
    deviation = spread * sqrt(half * (1 - half / people) * people / max(1, people - 1))
    return half * mean - WIDTHS * deviation
