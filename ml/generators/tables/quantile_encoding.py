"""Tables as TabDDPM and the copula learn them: normal scores and one-hot spans.

A number is the normal score of its rank in its column; a missing one has a random score and is
told by a category of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.generators.tables.marginal import Marginal
from ml.generators.tables.onehots import OneHots
from ml.generators.tables.plan import Plan
from ml.records.tables.table import Table

Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QuantileEncoding:
    """The way there and back.

    Rows are normal scores, one per number, and codes: of the discrete columns that are not
    `apart`, and of whether a number is missing, spans ordered by width.

    Attributes:
        plan: which columns are learnt.
        marginals: of each number column.
        apart: place of the discrete column that is kept out of the codes, to be conditioned on.
        order: of the columns behind the spans: discrete places, then numbers that may be missing.
        spans: of the codes.
    """

    plan: Plan
    marginals: tuple[Marginal, ...]
    apart: int | None
    order: tuple[int, ...]
    spans: OneHots

    @classmethod
    def learn(cls, table: Table, *, conditional: bool = True) -> "QuantileEncoding":
        """The encoding of tables like `table`; its target is kept apart if `conditional`."""
        plan = Plan.of(table)
        figures = plan.figures(table)
        marginals = tuple(Marginal.learn(column[~np.isnan(column)]) for column in figures.T)
        return cls.of(plan, marginals, conditional=conditional)

    @classmethod
    def of(
        cls, plan: Plan, marginals: tuple[Marginal, ...], *, conditional: bool = True
    ) -> "QuantileEncoding":
        """The encoding of these marginals; the target is kept apart if `conditional`."""
        target = plan.schema.target if conditional else None
        apart = None if target is None else plan.position(target)
        widths = [each.levels.size for each in plan.discrete]
        widths += [2 for number in plan.numbers if number.missing]
        used = [index for index in range(len(widths)) if index != apart]
        order = tuple(sorted(used, key=lambda index: (widths[index], index)))
        spans = OneHots(tuple(widths[index] for index in order))
        return cls(plan, marginals, apart, order, spans)

    @property
    def classes(self) -> int:
        """Levels of the column kept apart; 1 when there is none."""
        return 1 if self.apart is None else self.plan.discrete[self.apart].levels.size

    def encode(self, table: Table, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Scores (n, numbers) float32, codes (n, spans), and codes of the column apart (n,)."""
        discrete, figures = self.plan.codes(table), self.plan.figures(table)
        empty = np.isnan(figures)
        scores = rng.normal(size=figures.shape)
        for index, marginal in enumerate(self.marginals):
            seen = ~empty[:, index]
            scores[seen, index] = marginal.scores(figures[seen, index], rng)
        may_miss = [index for index, each in enumerate(self.plan.numbers) if each.missing]
        every = np.concatenate([discrete, empty[:, may_miss].astype(np.intp)], axis=1)
        apart = np.zeros(len(table), np.intp) if self.apart is None else discrete[:, self.apart]
        return (
            torch.from_numpy(scores).float(),
            torch.from_numpy(every[:, list(self.order)]),
            torch.from_numpy(apart.copy()),
        )

    def decode(self, scores: Tensor, codes: Tensor, apart: Tensor) -> tuple[Codes, Floats]:
        """Codes and figures for `Plan.restore`."""
        count = len(self.plan.discrete)
        may_miss = [index for index, each in enumerate(self.plan.numbers) if each.missing]
        every = np.zeros((len(scores), count + len(may_miss)), dtype=np.intp)
        every[:, list(self.order)] = codes.numpy()
        if self.apart is not None:
            every[:, self.apart] = apart.numpy()
        figures = np.empty((len(scores), len(self.marginals)))
        drawn = scores.double().numpy()
        for index, marginal in enumerate(self.marginals):
            figures[:, index] = marginal.from_scores(drawn[:, index])
        for place, index in enumerate(may_miss):
            figures[every[:, count + place] == 1, index] = np.nan
        return every[:, :count], figures

    def arrays(self) -> dict[str, Floats]:
        """What `from_arrays` needs besides the plan."""
        return {f"marginal.{index}": each.packed() for index, each in enumerate(self.marginals)}

    @classmethod
    def from_arrays(
        cls, plan: Plan, arrays: Mapping[str, Floats], *, conditional: bool = True
    ) -> "QuantileEncoding":
        """The encoding that `arrays` gave."""
        return cls.of(
            plan,
            tuple(
                Marginal.unpacked(arrays[f"marginal.{index}"]) for index in range(len(plan.numbers))
            ),
            conditional=conditional,
        )
