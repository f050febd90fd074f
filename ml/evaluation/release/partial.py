"""Partial copies: synthetic rows that have some cells of one real row, the others made anew.

A row is *linked* to the training row with which it shares the rarest cells: the logarithms of how
many real rows have each shared cell are added (the weights of record linkage, Fellegi and Sunter
1969), which is the most telling subset of columns, all subsets looked at at once. Strangers share
cells as well, so that a figure stands beside the links of real rows to training rows of other
people, and beside those of the same synthetic rows to people whom the generator never saw (the
control of Anonymeter, Giomi et al., PoPETs 2023).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import EXPECTED
from ml.evaluation.release.evidence import Measure, count
from ml.evaluation.release.judging import Sides, one_of_several
from ml.evaluation.statistics import in_parts, resampled_weights

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]

PARTS = 100
"""Of a number's range, in the view in which numbers need not be quite equal."""
LINKED = 0.1
"""Share of strangers' rows whose links are the strong ones."""
ACCUSED = 0.001
"""Share of honest releases that the strength of links may accuse, over all views. Strangers' tail
is skewed and read off few of them: what is accused is some 1 % (docs/decisions/0477)."""
_FAR, _FEWEST_FAR = 0.02, 5  # strangers behind the point from which their tail is followed
_DRAWS, _OF_EACH = 200, 25  # of people, and of rows for each of these
_TARGETS = 200  # training rows whose chances are reckoned
_GRAIN, _DEEPEST = 0.1, 120.0  # nats


@dataclass(frozen=True, eq=False)
class Cells:
    """One way to say which cells are equal.

    Attributes:
        name: of the view, as it is said to a person.
        real: (real rows, columns) numbers from 0, equal where cells of a column are.
        synthetic: the same of the synthetic rows, by the same numbers.
    """

    name: str
    real: Indices
    synthetic: Indices


def equal_cells(real: Floats, synthetic: Floats) -> Cells:
    """Cells that are the same number or category, or both missing."""
    columns = zip(real.T, synthetic.T, strict=True)
    return _cells("equal cells", [_numbered(*pair) for pair in columns])


def alike_cells(real: Floats, synthetic: Floats, spans: Floats) -> Cells:
    """Cells of numbers in the same one of `PARTS` equal parts of the range, others equal.

    Args:
        spans: range of each column of numbers, NaN of others (`gower.ranges`).
    """
    numbered = []
    for ours, theirs, span in zip(real.T, synthetic.T, spans, strict=True):
        if span > 0:
            width = span / PARTS
            ours, theirs = np.floor(ours / width), np.floor(theirs / width)
        numbered.append(_numbered(ours, theirs))
    return _cells(f"numbers in the same 1/{PARTS} of their range", numbered)


def equal_hours(real: Floats, synthetic: Floats) -> Cells:
    """Hours of days, (days, 24 × readings an hour), whose readings are all the same in mg/dL."""
    sides = [np.rint(side).reshape(len(side), 24, -1) for side in (real, synthetic)]
    numbered = []
    for ours, theirs in zip(*(side.swapaxes(0, 1) for side in sides), strict=True):
        rows = np.concatenate([ours, theirs])
        both = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
        numbered.append((both[: len(ours)], both[len(ours) :]))
    return _cells("hours of the same readings in mg/dL", numbered)


def partial_measures(
    sides: Sides[Any], views: Sequence[Cells], *, rng: np.random.Generator
) -> dict[str, Measure]:
    """`partial_copies` and `shared_cells`, under views each of which may accuse."""
    person = np.unique(sides.person, return_inverse=True)[1]
    n = len(sides.synthetic)
    found = np.zeros(n, dtype=bool)
    limits, excess = [], []
    for cells in views:
        links = _links(cells, person, len(sides.training))
        ours, strangers = links.ours, links.strangers
        limit = min(
            linked_limit(each, n, len(sides.training), expected=EXPECTED / len(views))
            for each in (strangers, links.control)
        )
        found |= ours > limit
        limits.append(f"{limit:.1f} for {cells.name}")
        excess.append((cells.name, _excess(ours, strangers, person, ACCUSED / len(views), rng)))
    return {
        "partial_copies": count(
            int(found.sum()), n,
            "synthetic rows that share cells with one training row which are together rarer than "
            f"{EXPECTED:g} of all rows would share as strangers do, or as synthetic rows do with "
            f"holdout rows (nats: {', '.join(limits)})",
        ),
        "shared_cells": one_of_several(excess),
    }  # fmt: skip


def linked_limit(strangers: Floats, rows: int, targets: int, *, expected: float) -> float:
    """The strength of link that `expected` of so many strangers' rows would pass, in nats.

    Strangers' tail is followed from their 2 % strongest, as steeply as it falls from their median
    to there, the fall taken lower by its standard error and never steeper than chance lets it.
    The limit is no lower than what chance alone reaches among so many pairs of rows; where a
    stranger passes it, the tail is another one than it seems, and nothing is told (inf).
    """
    ordered = np.sort(strangers)[::-1]
    far = max(1, min(max(_FEWEST_FAR, round(_FAR * ordered.size)), ordered.size // 4))
    start, middle = ordered[min(far, ordered.size - 1)], float(np.median(ordered))
    fall = 1.0
    if start > middle:
        steep = np.log(0.5 * ordered.size / far) / (start - middle)
        fall = min(1.0, float(steep * (1 - 0.5 / np.sqrt(far))))
    followed = start + np.log(max(rows * far / ordered.size / expected, 1.0)) / fall
    limit = max(float(followed), float(np.log(rows * targets / expected)))
    return limit if ordered[0] <= limit else float("inf")


def _excess(
    ours: Floats,
    strangers: Floats,
    person: Indices,
    accused: float,
    rng: np.random.Generator,
) -> Measure:
    """How much stronger links are than strangers', beyond what all but a tenth of them reach.

    The bounds are those between which as many strangers' rows would come: whose links are strong
    a binomial says, how strong a gamma, both with what strangers drawn anew by person leave open.
    """
    strong = float(np.quantile(strangers, 1 - LINKED))
    beyond = np.maximum(strangers - strong, 0.0)
    of_person = np.stack(
        [np.bincount(person, each) for each in (beyond, beyond > 0, np.ones(beyond.size))]
    )
    drawn = np.concatenate(
        [
            resampled_weights(of_person.shape[1], draws=draws, rng=rng) @ of_person.T
            for draws in in_parts(_DRAWS, of_person.shape[1])
        ]
    )
    usual = (of_person[0].sum() + 1) / (of_person[1].sum() + 1)
    share = (drawn[:, 1] + 0.5) / (drawn[:, 2] + 1)
    mean = (drawn[:, 0] + 0.5 * usual) / (drawn[:, 1] + 0.5)
    share, mean = np.repeat(share, _OF_EACH), np.repeat(mean, _OF_EACH)
    linked = rng.binomial(ours.size, np.minimum(share, 1.0))
    sums = np.where(linked > 0, rng.gamma(np.maximum(linked, 1), mean), 0.0) / ours.size
    found = float(np.maximum(ours - strong, 0.0).mean())
    least, most = np.quantile(sums, [accused, 1 - accused])
    value = found - float(beyond.mean())
    return Measure(
        value, min(found - float(most), value), max(found - float(least), value), ours.size,
        "how much rarer, in nats, the cells are that a synthetic row shares with one training row "
        "than those that a stranger's row shares with one, beyond what all but "
        f"{LINKED:.0%} of strangers reach; bounds one-sided {1 - accused:.3%} of as many "
        "strangers' rows",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Links:
    """Strength of the best link of each row, in nats: the logarithm of how seldom a row of
    independent cells shares as rare ones with one row.

    Attributes:
        ours: of the synthetic rows to a training row.
        strangers: of the real rows to a training row of somebody else.
        control: of the synthetic rows to a holdout row, as if there were as many of these.
    """

    ours: Floats
    strangers: Floats
    control: Floats


def _links(cells: Cells, person: Indices, training: int) -> _Links:
    everybody, ours, theirs = _weights(cells, person)
    chance = -np.log(_by_chance(everybody[:training]))
    nobody = np.full(len(cells.synthetic), -1)

    def strongest(rows: Indices, weights: Floats, owner: Indices, side: slice) -> Floats:
        found = _strongest(rows, weights, cells.real[side], owner, person[side])
        return np.interp(found, np.arange(chance.size) * _GRAIN, chance)

    trained, held = slice(0, training), slice(training, None)
    more = np.log(training / (len(person) - training))
    return _Links(
        strongest(cells.synthetic, ours, nobody, trained),
        strongest(cells.real, theirs, person, trained),
        strongest(cells.synthetic, ours, nobody, held) + more,
    )


def _weights(cells: Cells, person: Indices) -> tuple[Floats, Floats, Floats]:
    """Rarity of each cell, −log of the share of real rows that have it: of the real rows' cells
    among everybody, of the synthetic rows' among everybody, of the real rows' among others;
    0 for a cell that no row has."""
    everybody = np.zeros(cells.real.shape)
    ours, theirs = np.zeros(cells.synthetic.shape), np.zeros(cells.real.shape)
    rows = len(cells.real)
    for column in range(cells.real.shape[1]):
        real, made = cells.real[:, column], cells.synthetic[:, column]
        values = int(max(real.max(), made.max())) + 1
        held = np.bincount(real, minlength=values)
        key = person * values + real
        own = np.unique(key, return_inverse=True, return_counts=True)
        everybody[:, column] = _rarity(held[real], rows)
        ours[:, column] = _rarity(held[made], rows)
        theirs[:, column] = _rarity(held[real] - own[2][own[1]], rows)
    return everybody, ours, theirs


def _rarity(held: Indices, rows: int) -> Floats:
    return np.where(held > 0, -np.log(np.maximum(held, 1) / rows), 0.0)


def _strongest(
    rows: Indices, weights: Floats, targets: Indices, person: Indices, whose: Indices
) -> Floats:
    """The largest sum of weights of cells shared with one target of another person, (rows,).

    For every value of a column it knows which targets have it, so that rare cells cost little.
    """
    values = int(max(rows.max(), targets.max())) + 2
    held = []
    for cells in targets.T:
        order = np.argsort(cells, kind="stable")
        held.append((order, np.searchsorted(cells[order], np.arange(values))))
    mine = np.argsort(whose, kind="stable")
    first = np.searchsorted(whose[mine], np.arange(int(max(person.max(), whose.max())) + 2))
    found = np.empty(len(rows))
    shared = np.empty(len(targets))
    for at, (row, weight, owner) in enumerate(zip(rows, weights, person, strict=True)):
        shared[:] = 0.0
        for value, rare, (order, starts) in zip(row, weight, held, strict=True):
            if rare > 0:
                shared[order[starts[value] : starts[value + 1]]] += rare
        if owner >= 0:
            shared[mine[first[owner] : first[owner + 1]]] = 0.0
        found[at] = shared.max()
    return found


def _by_chance(weights: Floats) -> Floats:
    """How often a row of independent cells shares cells of at least 0, 0.1, … nats with a
    target, mean over targets: each cell is shared as often as it is held."""
    picked = weights[np.unique(np.linspace(0, len(weights) - 1, _TARGETS).astype(np.intp))]
    spread = np.zeros((len(picked), round(_DEEPEST / _GRAIN)))
    spread[:, 0] = 1.0
    for rare in picked.T:
        chance, steps = np.exp(-rare)[:, None], np.round(rare / _GRAIN).astype(np.intp)
        moved = np.zeros_like(spread)
        for step in np.unique(steps):
            rows = steps == step
            moved[rows, step:] = spread[rows, : spread.shape[1] - step]
        spread = spread * (1 - chance) + moved * chance
    return np.maximum(spread.mean(axis=0)[::-1].cumsum()[::-1], np.exp(-_DEEPEST))


def _numbered(ours: Floats, theirs: Floats) -> tuple[Indices, Indices]:
    both = np.unique(np.concatenate([ours, theirs]), return_inverse=True, equal_nan=True)[1]
    return both[: ours.size], both[ours.size :]


def _cells(name: str, numbered: Sequence[tuple[Indices, Indices]]) -> Cells:
    real, synthetic = (np.column_stack(side) for side in zip(*numbered, strict=True))
    return Cells(name, real, synthetic)
