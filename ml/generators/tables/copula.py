"""Rows drawn from one normal distribution of scores: the simple baseline of table generators.

Every column keeps its own distribution; what holds between columns is a matrix of correlations
between normal scores, categories in their order. A network that does not beat it has learnt no
more than that.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.special import ndtri
from scipy.stats import qmc

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.tables.marginal import Marginal
from ml.generators.tables.plan import Plan
from ml.generators.tables.sampling import Where, check_where, copied_rows, fill
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

_VERSION = 1
_ARRAYS = "copula.safetensors"
_PLAN = "plan.json"
_COUNTED = 10_000
_LEAST_VARIANCE = 1e-6
_EVENLY = "even"

Floats = npt.NDArray[np.float64]


class GaussianCopula:
    """Marginals and correlations of a table; any category is asked for by drawing until it came.

    Args:
        even: draw rows that are spread evenly instead of independently; see `even_normals`.
    """

    kind = "gaussian_copula"
    least_rows = 50

    def __init__(self, *, even: bool = False) -> None:
        self._even = even
        self._plan: Plan | None = None
        self._marginals: tuple[Marginal, ...] = ()
        self._root: Floats = np.empty((0, 0))
        self._card: dict[str, Any] = {}

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Marginals and correlations of `data`; see `Generator.fit`. Nothing to resume."""
        if len(data) < self.least_rows:
            raise TooLittleData(f"{len(data)} rows are too few: {self.least_rows} are needed")
        self._plan = plan = Plan.of(data)
        columns = columns_of(plan, data)
        marginals, scores = [], np.empty((len(data), len(columns)))
        for index, cells in enumerate(columns):
            seen = ~np.isnan(cells)
            marginals.append(Marginal.learn(cells[seen]))
            ranks = rng.random(len(cells))
            ranks[seen] = marginals[-1].ranks(cells[seen], rng)
            scores[:, index] = np.clip(ndtri(ranks), -5, 5)
        self._marginals = tuple(marginals)
        self._root = _root(np.atleast_2d(np.corrcoef(scores.T))) if columns else self._root
        drawn = self._table(min(len(data), _COUNTED), rng)
        self._card = {
            "rows": len(data),
            "columns": len(data.schema.columns),
            "copies": copied_rows(drawn, data),
            "licence": "that of the data it was trained on",
            "release": "only what passed the gate",
            "releasable": True,
        }
        if self._even:
            self._card["draws"] = _EVENLY
        progress(Progress("marginals and correlations", 1, 1))

    def sample(self, n: int, *, rng: np.random.Generator, where: Where | None = None) -> Table:
        """`n` rows, all with the categories that `where` names; see `LearntTables.sample`."""
        asked = dict(where or {})
        check_where(self._fitted(), asked)
        return fill(n, asked, self._table(0, rng), lambda count: self._table(count, rng))

    def to_artifact(self) -> Artifact:
        """Marginals, correlations and plan; no row of the training table."""
        plan = self._fitted()
        arrays = plan.arrays() | {"root": self._root}
        for index, marginal in enumerate(self._marginals):
            arrays[f"marginal.{index}"] = marginal.packed()
        kept = json.dumps(plan.as_json(), sort_keys=True, ensure_ascii=False).encode()
        return Artifact(self.kind, _VERSION, self._card, {_ARRAYS: save(arrays), _PLAN: kept})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "GaussianCopula":
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        require(artifact, cls.kind, _VERSION)
        made = cls()
        made._even = artifact.card.get("draws") == _EVENLY
        try:
            arrays: Mapping[str, Floats] = load(artifact.files[_ARRAYS])
            made._plan = Plan.from_json(json.loads(artifact.files[_PLAN]), arrays)
            made._root = arrays["root"]
            made._marginals = tuple(
                Marginal.unpacked(arrays[f"marginal.{index}"]) for index in range(len(made._root))
            )
        except (KeyError, TypeError, ValueError, SafetensorError) as fault:
            raise BrokenArtifact("the copula's files do not fit: train it again") from fault
        made._card = dict(artifact.card)
        return made

    @property
    def card(self) -> dict[str, Any]:
        """What it was trained on, and its licence."""
        self._fitted()
        return dict(self._card)

    def _fitted(self) -> Plan:
        if self._plan is None:
            raise ValueError("this copula has learnt nothing yet: fit it, or load a fitted one")
        return self._plan

    def _table(self, n: int, rng: np.random.Generator) -> Table:
        plan = self._fitted()
        normals = even_normals if self._even else _normals
        scores = normals(n, len(self._root), rng) @ self._root.T
        columns = [
            marginal.from_scores(score)
            for marginal, score in zip(self._marginals, scores.T, strict=True)
        ]
        discrete, numbers = len(plan.discrete), len(plan.numbers)
        codes = np.column_stack([np.empty((n, 0)), *columns[:discrete]]).astype(np.intp)
        figures = np.column_stack([np.empty((n, 0)), *columns[discrete : discrete + numbers]])
        missing = [index for index, number in enumerate(plan.numbers) if number.missing]
        for index, gone in zip(missing, columns[discrete + numbers :], strict=True):
            figures[gone == 1, index] = np.nan
        return plan.restore(codes, figures)


def even_normals(n: int, width: int, rng: np.random.Generator) -> Floats:
    """Normal scores that fill their space more evenly than independent ones do, (n, width).

    Each row by itself is a standard normal draw; together they are a scrambled Sobol sequence
    (Owen 1998), so that what is reckoned from them is nearer to its expectation. Further calls
    are scrambled anew.
    """
    if not n or not width:
        return np.empty((n, width))
    sobol = qmc.Sobol(width, rng=rng)
    points = sobol.random_base2(int(np.ceil(np.log2(n))))[:n]
    scores: Floats = ndtri(points + 0.5**31)  # the middle of a cell: nothing lies at 0
    return scores


def _normals(n: int, width: int, rng: np.random.Generator) -> Floats:
    return rng.normal(size=(n, width))


def columns_of(plan: Plan, data: Table) -> list[Floats]:
    """Codes, numbers, and whether a number is missing, each a column of numbers."""
    figures = plan.figures(data)
    missing = [index for index, number in enumerate(plan.numbers) if number.missing]
    return [
        *plan.codes(data).T.astype(np.float64),
        *figures.T,
        *np.isnan(figures[:, missing]).T.astype(np.float64),
    ]


def _root(correlations: Floats) -> Floats:
    """A square root of the matrix, directions without variance given a little."""
    values, vectors = np.linalg.eigh(correlations)
    root: Floats = vectors * np.sqrt(np.maximum(values, _LEAST_VARIANCE))
    return root
