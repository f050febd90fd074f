"""The copula of `copula.py`, learnt under differential privacy of a person, without training.

Two noisy answers, after Li, Xiong and Jiang (2014), "Differentially private synthesization of
multi-dimensional data using copula functions": a histogram of every column over its public range,
and the correlations between normal scores under those histograms. A person is one in every count,
whatever the number of rows, and one clipped sum of products; both answers together are one Gaussian
mechanism, so that a small cohort pays once and not for every step of a training. Smoothing,
thresholds and the mending of the correlations look at the noisy answers alone.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from ml.generators.generator import TooLittleData
from ml.generators.tables.copula import GaussianCopula, columns_of
from ml.generators.tables.marginal import Marginal
from ml.generators.tables.plan import Plan
from ml.generators.tables.private import Privacy, PrivacySpent, require_delta
from ml.generators.tables.private_accounting import FIRST, SECOND, noise_for
from ml.generators.tables.private_encoding import public_plan
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

LEAST_PEOPLE = 20
MOST_BANDS, FEWEST_BANDS = 32, 8
"""Of equal width over the public range of a number; the more noise to the people, the fewer."""
MARGINALS = 0.7
"""Of the squared budget; the correlations have the rest."""
KERNEL, KERNEL_AT_ENDS = 6**0.5 / 4, 10**0.5 / 4
"""What is left of noise after neighbours were mixed as 1 : 2 : 1, the ends with themselves."""
FLAGS = 0.1
"""What the marginal of whether a number is missing has of the budget of a column's own."""
CLIP = 0.8
"""Root mean square of the products of one person that are kept whole."""
FURTHEST = 2.5
"""Scores are cut here, so that nobody's products are large by one cell."""
APART, JOINED = 2.0, 1.0
"""Standard deviations of noise under which a band of a number holds nobody: one by itself, and one
that is joined to what stands above the first."""

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[Any]


class PrivateCopula(GaussianCopula):
    """Noisy marginals over public ranges, noisy correlations; (ε, δ) for a person.

    However many rows a person has, none is left out: together they weigh as one.
    """

    kind = "private_copula"
    least_rows = LEAST_PEOPLE

    def __init__(self, private: Privacy | None = None) -> None:
        super().__init__()
        self._private = private or Privacy(epsilon=8.0)

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
        persons: Names | None = None,
    ) -> None:
        """See `Generator.fit`. Nothing to resume.

        Args:
            persons: whose each row is, (rows,); without it every row is taken for another person's.

        Raises:
            NotPublic: the schema relies on what only rows can tell.
            PrivacyOutOfReach: `delta` is not below one over the people, or no noise is enough.
            ValueError: `persons` does not name one person a row.
        """
        owner = np.arange(len(data)) if persons is None else np.asarray(persons)
        if len(owner) != len(data):
            raise ValueError(f"{len(owner):,} persons are named for {len(data):,} rows")
        names, who = np.unique(owner, return_inverse=True)
        people = names.size
        if people < LEAST_PEOPLE:
            raise TooLittleData(f"{people} people are too few: {LEAST_PEOPLE} are needed")
        require_delta(self._private, people)
        noise, first, second = noise_for(self._private, 1.0, 1)
        self._plan = plan = public_plan(data.schema)
        columns = columns_of(plan, data)
        progress(Progress("noisy marginals", 0, 2))
        self._marginals = _noisy_marginals(plan, columns, who, noise, rng)
        progress(Progress("noisy correlations", 1, 2))
        scores = _scores(self._marginals, columns, rng)
        self._root = _unit_root(_noisy_correlations(scores, who, noise, rng))
        spent = PrivacySpent(
            epsilon=first,
            delta=self._private.delta,
            noise=noise,
            steps=1,
            sampling_rate=1.0,
            accountant=FIRST,
            second_epsilon=second,
            second_accountant=SECOND,
            people=people,
            rows_per_person=None,
            clip=1.0,
        )
        self._card = {
            "people": people,
            "columns": len(data.schema.columns),
            "licence": "that of the data it was trained on",
            "release": "only what passed the gate",
            "releasable": True,
            "privacy": spent.as_json(),
        }
        progress(Progress("noisy correlations", 2, 2))

    @property
    def privacy(self) -> PrivacySpent:
        """What was spent for every person in it."""
        return PrivacySpent.from_json(self.card["privacy"])


def _noisy_marginals(
    plan: Plan, columns: list[Floats], who: npt.NDArray[np.intp], noise: float, rng: Any
) -> tuple[Marginal, ...]:
    """One of every learnt column; a person counts one in each, spread over the person's rows."""
    people, weight = int(who.max()) + 1, 1.0 / np.bincount(who)[who]
    discrete, numbers = len(plan.discrete), len(plan.numbers)
    parts = np.ones(len(columns))
    parts[discrete + numbers :] = FLAGS
    spreads = noise / np.sqrt(MARGINALS * parts / parts.sum())
    found = []
    for index, (cells, spread) in enumerate(zip(columns, spreads, strict=True)):
        if discrete <= index < discrete + numbers:
            number = plan.numbers[index - discrete]
            edges = np.linspace(number.lowest, number.highest, _bands(people, spread) + 1)
            seen = ~np.isnan(cells)
            counts = np.histogram(cells[seen], edges, weights=weight[seen])[0]
            found.append(_banded(edges, counts + spread * rng.normal(size=counts.size), spread))
        else:
            levels = plan.discrete[index].levels.size if index < discrete else 2
            counts = np.bincount(cells.astype(np.intp), weights=weight, minlength=levels)
            found.append(_stepped(counts + spread * rng.normal(size=levels)))
    return tuple(found)


def _bands(people: int, spread: float) -> int:
    """So many that a few people in one stand out of the noise."""
    return int(np.clip(2.5 * people / spread, FEWEST_BANDS, MOST_BANDS))


def _banded(edges: Floats, noisy: Floats, spread: float) -> Marginal:
    """Between the edges numbers are even; neighbours are mixed first, and then small ones drop."""
    kernel = np.array([1.0, 2.0, 1.0]) / 4
    smooth = np.convolve(np.pad(noisy, 1, mode="edge"), kernel, mode="valid")
    left = np.full(noisy.size, KERNEL)
    left[[0, -1]] = KERNEL_AT_ENDS
    upto = np.append(0.0, _upto(np.where(_held(smooth / (spread * left)), smooth, 0.0)))
    return Marginal(edges, upto, upto)


def _held(heights: Floats) -> npt.NDArray[np.bool_]:
    """Bands that stand out of the noise, in its standard deviations; the highest does always."""
    highest = float(heights.max())
    sure = heights >= (APART if highest >= APART else min(JOINED, highest))
    likely = sure | (heights >= JOINED)
    starts = np.flatnonzero(np.diff(likely.astype(int), prepend=0) == 1)
    island = np.searchsorted(starts, np.arange(heights.size), side="right")
    held: npt.NDArray[np.bool_] = likely & np.isin(island, island[sure])
    return held


def _stepped(noisy: Floats) -> Marginal:
    upto = _upto(np.maximum(noisy, 0.0))
    levels = np.arange(noisy.size, dtype=np.float64)
    return Marginal(levels, np.append(0.0, upto[:-1]), upto)


def _upto(counts: Floats) -> Floats:
    """Shares summed up to 1 exactly; all alike where nothing is left of the counts."""
    counts = np.maximum(counts, 0.0)
    total = counts.sum()
    shares = counts / total if total > 0 else np.full(counts.size, 1 / counts.size)
    upto: Floats = np.minimum(np.cumsum(shares), 1.0)
    upto[-1] = 1.0
    return upto


def _scores(marginals: tuple[Marginal, ...], columns: list[Floats], rng: Any) -> Floats:
    """Normal scores of all cells, (rows, columns); a missing one is drawn, and tells nothing."""
    scores = np.empty((len(columns[0]) if columns else 0, len(columns)))
    for index, (marginal, cells) in enumerate(zip(marginals, columns, strict=True)):
        seen = ~np.isnan(cells)
        ranks = rng.random(len(cells))
        ranks[seen] = marginal.ranks(cells[seen], rng)
        scores[:, index] = np.clip(ndtri(ranks), -FURTHEST, FURTHEST)
    return scores


def _noisy_correlations(
    scores: Floats, who: npt.NDArray[np.intp], noise: float, rng: Any
) -> Floats:
    """Mean products of pairs of columns over people, noisy, what noise explains taken off."""
    people, width = int(who.max()) + 1, scores.shape[1]
    upper = np.triu_indices(width, k=1)
    if upper[0].size == 0:
        return np.eye(width)
    longest = CLIP * np.sqrt(upper[0].size)
    total = np.zeros(upper[0].size)
    for rows in np.split(np.argsort(who, kind="stable"), np.cumsum(np.bincount(who))[:-1]):
        products = (scores[rows].T @ scores[rows] / rows.size)[upper]
        total += products * min(1.0, longest / max(float(np.linalg.norm(products)), 1e-12))
    spread = noise * longest / np.sqrt(1 - MARGINALS)
    mean = (total + spread * rng.normal(size=total.size)) / people
    kept = np.sign(mean) * np.maximum(np.abs(mean) - spread / people, 0.0)
    matrix = np.eye(width)
    matrix[upper] = np.clip(kept, -0.95, 0.95)
    return matrix + np.triu(matrix, k=1).T


def _unit_root(correlations: Floats) -> Floats:
    """A root of the nearest matrix with nothing below zero, every score of variance 1."""
    if correlations.size == 0:
        return np.empty((0, 0))
    values, vectors = np.linalg.eigh(correlations)
    root: Floats = vectors * np.sqrt(np.maximum(values, 1e-6))
    return root / np.linalg.norm(root, axis=1, keepdims=True)
