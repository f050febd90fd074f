"""Tables as CTGAN and TVAE learn them: mode-specific normalisation and one-hot spans.

A number is told by the mode of its column that it belongs to, and by how far from the mode's mean
it lies, in four standard deviations; a missing number is one more mode (Xu et al. 2019).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ml.generators.tables.mixture import Mixture, fit_mixture
from ml.generators.tables.onehots import OneHots
from ml.generators.tables.plan import Plan
from ml.records.tables.table import Table

_WIDE = 4.0
_FURTHEST = 0.99

Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ModeEncoding:
    """The way there and back.

    Rows are [one offset per number | one-hot categories | one-hot modes]; within each of the
    last two, spans are ordered by width.

    Attributes:
        plan: which columns are learnt.
        mixtures: the modes of each number column.
        discrete_order, mode_order: discrete and number columns as their spans are ordered.
        spans: of categories, then of modes.
    """

    plan: Plan
    mixtures: tuple[Mixture, ...]
    discrete_order: tuple[int, ...]
    mode_order: tuple[int, ...]
    spans: OneHots

    @classmethod
    def learn(cls, table: Table) -> "ModeEncoding":
        """The encoding of tables like `table`."""
        plan = Plan.of(table)
        figures = plan.figures(table)
        return cls.of(plan, tuple(fit_mixture(column[~np.isnan(column)]) for column in figures.T))

    @classmethod
    def of(cls, plan: Plan, mixtures: tuple[Mixture, ...]) -> "ModeEncoding":
        """The encoding of these modes."""
        widths = [each.levels.size for each in plan.discrete]
        modes = [
            mixture.means.size + int(number.missing)
            for mixture, number in zip(mixtures, plan.numbers, strict=True)
        ]
        discrete_order = tuple(sorted(range(len(widths)), key=lambda index: (widths[index], index)))
        mode_order = tuple(sorted(range(len(modes)), key=lambda index: (modes[index], index)))
        spans = OneHots(
            (*(widths[index] for index in discrete_order), *(modes[index] for index in mode_order))
        )
        return cls(plan, mixtures, discrete_order, mode_order, spans)

    @property
    def offsets(self) -> int:
        """Leading columns that hold offsets."""
        return len(self.mixtures)

    @property
    def categories(self) -> OneHots:
        """The spans of discrete columns alone."""
        return OneHots(self.spans.widths[: len(self.discrete_order)])

    @property
    def width(self) -> int:
        """Columns of an encoded row."""
        return self.offsets + self.spans.total

    def encode(self, table: Table, rng: np.random.Generator) -> tuple[Tensor, Codes]:
        """Rows as (n, width) float32, and their discrete codes (n, spans of categories)."""
        codes = self.plan.codes(table)[:, list(self.discrete_order)]
        figures = self.plan.figures(table)
        modes = np.empty(figures.shape, dtype=np.intp)
        offsets = np.zeros(figures.shape)
        for index, mixture in enumerate(self.mixtures):
            seen = ~np.isnan(figures[:, index])
            cells = figures[seen, index]
            drawn = mixture.draw_modes(cells, rng)
            modes[:, index] = mixture.means.size
            modes[seen, index] = drawn
            offsets[seen, index] = (cells - mixture.means[drawn]) / (
                _WIDE * mixture.deviations[drawn]
            )
        every = np.concatenate([codes, modes[:, list(self.mode_order)]], axis=1)
        ones = self.spans.matrix(torch.from_numpy(every))
        left = torch.from_numpy(offsets.clip(-_FURTHEST, _FURTHEST)).float()
        return torch.cat([left, ones], dim=1), codes

    def decode(self, offsets: Tensor, codes: Tensor) -> tuple[Codes, Floats]:
        """Codes and figures for `Plan.restore` of what a network made.

        Args:
            offsets: (n, offsets), within -1 to 1.
            codes: (n, spans).
        """
        drawn = codes.numpy()
        split = len(self.discrete_order)
        discrete = np.empty((len(drawn), split), dtype=np.intp)
        discrete[:, list(self.discrete_order)] = drawn[:, :split]
        figures = np.empty((len(drawn), self.offsets))
        shift = offsets.double().numpy()
        for place, index in enumerate(self.mode_order):
            mixture, mode = self.mixtures[index], drawn[:, split + place]
            means, deviations = np.append(mixture.means, np.nan), np.append(mixture.deviations, 1.0)
            figures[:, index] = means[mode] + _WIDE * deviations[mode] * shift[:, index]
        return discrete, figures

    def span_of(self, discrete: int) -> int:
        """The span of the plan's discrete column at this place."""
        return self.discrete_order.index(discrete)

    def arrays(self) -> dict[str, Floats]:
        """What `from_arrays` needs besides the plan."""
        return {
            f"mixture.{index}": np.stack([each.means, each.deviations, each.weights])
            for index, each in enumerate(self.mixtures)
        }

    @classmethod
    def from_arrays(cls, plan: Plan, arrays: Mapping[str, Floats]) -> "ModeEncoding":
        """The encoding that `arrays` gave."""
        return cls.of(
            plan,
            tuple(Mixture(*arrays[f"mixture.{index}"]) for index in range(len(plan.numbers))),
        )
