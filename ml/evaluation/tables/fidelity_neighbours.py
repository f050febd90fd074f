"""Whether synthetic rows lie where real ones do, and reach all of them, by nearest neighbours.

α-precision and β-recall after Alaa et al. 2022 (How faithful is your synthetic data?, section 3),
with two simplifications: rows are taken as `encoded`, not through a learnt one-class embedding,
and the α-support is the ball about the mean that holds α of the rows, as in the authors' code.
Density and coverage after Naeem et al. 2020 (Reliable fidelity and diversity metrics, section 3).
Distances go block by block: memory does not grow with the product of the sizes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.distances import ENTRIES, nearest, rms
from ml.evaluation.statistics import Interval, of_draws, resampled_weights
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]

NEIGHBOURS = 5
"""k of density and coverage, as in the paper's experiments."""
MOST_ROWS = 10_000
"""Of either side; more are drawn down to so many."""
MOST_CATEGORIES = 64
"""Of a column that are told apart as points; the rarer ones count as one."""
MEASURES = ("alpha_precision", "beta_recall", "density", "coverage")
_LEVELS = np.linspace(0, 1, 31)[1:-1]


@dataclass(frozen=True, eq=False)
class Encoding:
    """Rows as points: numbers by their rank among `known`, categories one-hot.

    Two categories are 1 apart, as are the ends of a column of numbers, and a missing cell from
    one that is there.
    """

    known: Table

    def __call__(self, table: Table) -> Floats:
        """The rows as points, (rows, features) float32."""
        parts = []
        for at, column in enumerate(table.schema.columns):
            cells = table.values[:, at]
            gone = np.isnan(cells)
            if column.numeric:
                parts.append(np.where(gone, 0.5, self._ranks(at, cells))[:, None])
            else:
                codes = self._frequent(at, len(column.categories), cells)
                each = codes[:, None] == np.arange(min(len(column.categories), MOST_CATEGORIES))
                parts.append(each * np.float32(np.sqrt(0.5)))
            if column.missing:
                parts.append(gone[:, None] * (1.0 if column.numeric else np.sqrt(0.5)))
        return np.concatenate([part.astype(np.float32) for part in parts], axis=1)

    def _frequent(self, at: int, categories: int, cells: Floats) -> Floats:
        """Positions of categories; with many, by frequency among `known`, rare ones the last."""
        if categories <= MOST_CATEGORIES:
            return cells
        known = self.known.values[:, at]
        counts = np.bincount(known[~np.isnan(known)].astype(np.intp), minlength=categories)
        rank = np.empty(categories)
        rank[np.argsort(-counts, kind="stable")] = np.arange(categories)
        found = np.minimum(rank, MOST_CATEGORIES - 1)[np.nan_to_num(cells, nan=0.0).astype(np.intp)]
        return np.where(np.isnan(cells), np.nan, found)

    def _ranks(self, at: int, cells: Floats) -> Floats:
        cells_known = self.known.values[:, at]
        steps = np.sort(cells_known[~np.isnan(cells_known)])
        if not steps.size:
            return np.full(cells.shape, 0.5)
        sides = [np.searchsorted(steps, cells, side=side) for side in ("left", "right")]
        found: Floats = (sides[0] + sides[1]) / (2 * steps.size)
        return found


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Real points, whose they are, and how near their neighbours of other people are.

    Attributes:
        points: (rows, features).
        person: (rows,).
        nearest, radius: distance to the nearest and to the `NEIGHBOURS`-th row of others, (rows,).
    """

    points: Floats
    person: Names
    nearest: Floats
    radius: Floats

    @classmethod
    def of(cls, points: Floats, person: Names) -> "Neighbourhood":
        """The neighbourhood of each point; `ValueError` with too few rows of other people."""
        _, whose, rows = np.unique(person, return_inverse=True, return_counts=True)
        if len(points) - rows.max() < NEIGHBOURS:
            raise ValueError(
                f"{len(points)} rows of {rows.size} people are too few for {NEIGHBOURS} neighbours"
            )
        owner = whose.astype(str)
        found = nearest(points, points, rms, k=NEIGHBOURS, owner=owner, other_owner=owner)
        return cls(points, person, found[:, 0], found[:, -1])


def neighbour_figures(
    real: Neighbourhood, synthetic: Floats, *, rng: np.random.Generator, draws: int = 200
) -> dict[str, Interval]:
    """Each of `MEASURES` with its interval over the real side's people.

    alpha_precision, beta_recall: 1 − the summed distance of the curve from α, over the sum of α
    (the integrated measures of the paper's code). density: mean over synthetic points of real
    neighbourhoods that hold it, over k. coverage: share of real neighbourhoods that hold one.
    """
    far, which, held = _met(real, synthetic)
    inner = _from_centre(synthetic)[which]
    reached = far <= real.nearest
    _, whose = np.unique(real.person, return_inverse=True)
    weights = resampled_weights(int(whose.max()) + 1, draws=draws, rng=rng)[:, whose]
    weights = np.concatenate([np.ones((1, len(whose))), weights])
    weights /= weights.sum(axis=1, keepdims=True)
    drawn = {
        "alpha_precision": _precision(real.points, synthetic, weights),
        "beta_recall": _recall(inner, reached, weights),
        "density": (weights @ held) * (len(held) / (NEIGHBOURS * len(synthetic))),
        "coverage": weights @ (held > 0),
    }
    return {name: of_draws(float(found[0]), found[1:]) for name, found in drawn.items()}


def _met(real: Neighbourhood, synthetic: Floats) -> tuple[Floats, npt.NDArray[np.intp], Floats]:
    """Of each real point: distance to the nearest synthetic one, which, and how many are within."""
    size = len(real.points)
    far, held = np.empty(size), np.empty(size)
    which = np.empty(size, dtype=np.intp)
    step = max(1, ENTRIES // len(synthetic))
    for start in range(0, size, step):
        part = slice(start, start + step)
        block = rms(real.points[part], synthetic)
        which[part] = block.argmin(axis=1)
        far[part] = np.take_along_axis(block, which[part][:, None], axis=1)[:, 0]
        held[part] = (block <= real.radius[part, None]).sum(axis=1)
    return far, which, held


def _precision(points: Floats, synthetic: Floats, weights: Floats) -> Floats:
    """Integrated α-precision under each row of weights of the real points, (draws,)."""
    far = _from_centre(points)
    order = np.argsort(far)
    from_centre = np.sort(np.sqrt(((synthetic - points.mean(axis=0)) ** 2).mean(axis=1)))
    found = []
    for row in weights:
        share = np.cumsum(row[order])
        at = np.searchsorted(share, _LEVELS - 1e-9).clip(max=len(order) - 1)
        inside = np.searchsorted(from_centre, far[order[at]], side="right") / len(synthetic)
        found.append(1 - np.abs(inside - _LEVELS).sum() / _LEVELS.sum())
    return np.array(found)


def _recall(inner: Floats, reached: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Integrated β-recall under each row of weights of the real points, (draws,)."""
    order = np.argsort(inner)
    found = []
    for row in weights:
        share = np.cumsum(row[order])
        at = np.searchsorted(share, _LEVELS - 1e-9).clip(max=len(order) - 1)
        held = np.cumsum((row * reached)[order])
        last = np.searchsorted(inner[order], inner[order[at]], side="right") - 1
        found.append(1 - np.abs(held[last] - _LEVELS).sum() / _LEVELS.sum())
    return np.array(found)


def _from_centre(points: Floats) -> Floats:
    found: Floats = np.sqrt(((points - points.mean(axis=0)) ** 2).mean(axis=1))
    return found
