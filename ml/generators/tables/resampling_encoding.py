"""Rows as the numbers and codes that neighbours are sought in, and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.generators.tables.plan import Plan
from ml.records.tables.table import Table

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class NeighbourEncoding:
    """How the features of a table become numbers of one scale and codes.

    Attributes:
        plan: which columns are numbers, which are categories, which are put back.
        middle, spread: median and SD of every number column, (numbers,).
    """

    plan: Plan
    middle: Floats
    spread: Floats

    @classmethod
    def learn(cls, features: Table) -> "NeighbourEncoding":
        """The encoding of tables like `features`, which has no target."""
        plan = Plan.of(features)
        figures = plan.figures(features)
        if not figures.shape[1]:
            return cls(plan, np.empty(0), np.empty(0))
        spread = np.nanstd(figures, axis=0)
        return cls(plan, np.nanmedian(figures, axis=0), np.where(spread > 0, spread, 1.0))

    @property
    def levels(self) -> tuple[int, ...]:
        """How many codes every code column has."""
        kinds = tuple(each.levels.size for each in self.plan.discrete)
        return kinds + (2,) * len(self._gaps)

    def encode(self, features: Table) -> tuple[Floats, Codes]:
        """Numbers (n, numbers), missing ones at the median, and codes (n, code columns).

        A code column for every number column with missing cells says which are missing, so that
        a gap is a category like any other and is never averaged.
        """
        figures = self.plan.figures(features)
        empty = np.isnan(figures)
        scaled = (np.where(empty, self.middle, figures) - self.middle) / self.spread
        codes = np.column_stack([self.plan.codes(features), empty[:, self._gaps]])
        return scaled, codes.astype(np.intp)

    def decode(self, scaled: Floats, codes: Codes) -> Table:
        """The features again: numbers snapped to what a column can hold, within what was seen."""
        figures = scaled * self.spread + self.middle
        discrete = len(self.plan.discrete)
        for place, column in enumerate(self._gaps):
            figures[codes[:, discrete + place] == 1, column] = np.nan
        return self.plan.restore(codes[:, :discrete], figures)

    @property
    def _gaps(self) -> list[int]:
        return [index for index, number in enumerate(self.plan.numbers) if number.missing]
