"""The columns of a report as they are drawn: shares per cell, real ones only where many are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.tables.report_cells import coarse, hidden_cells, shown_shares
from ml.records.tables.schema import Column
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.intp]
Names = npt.NDArray[np.str_]

BINS = 10
MOST_CATEGORIES = 40
OTHERS = "(all others)"


def edges_of(column: Column) -> Floats:
    """The ends of at most `BINS` equal bins over the declared range of a column of numbers."""
    if column.kind == "integer":
        values = round((column.maximum - column.minimum) / column.step) + 1
        half = column.step / 2
        bins = min(values, BINS)
        return np.linspace(column.minimum - half, column.maximum + half, bins + 1)
    if column.constant:
        return np.array([column.minimum - 0.5, column.maximum + 0.5])
    return np.linspace(column.minimum, column.maximum, BINS + 1)


def drawn_columns(
    synthetic: Table,
    real: Table | None,
    person: Names,
    *,
    similarity: Sequence[float],
    people_judged: int,
) -> dict[str, Any]:
    """Every column by name, as JSON values: edges or categories, shares, similarity.

    Args:
        real: rows of real people and, in `person`, whose they are; None shows nothing of them.
            Columns that are determined by one with hidden cells are not shown: they would give
            its cells away.
        similarity: of each column, shown to within twenty of `people_judged` people.
    """
    found: dict[str, Any] = {}
    closed: set[str] = set()
    _, whose = np.unique(person, return_inverse=True)
    determinant = {each.dependent: each.determinant for each in synthetic.schema.dependencies}
    cells = {column.name: _Cells(column, synthetic) for column in synthetic.schema.columns}
    if real is not None:
        for name, each in cells.items():
            if each.hides(real, whose):
                closed.add(name)
    for at, (name, each) in enumerate(cells.items()):
        withheld = real is None or _closed(name, determinant, closed)
        shown = None if withheld or real is None else each.real(real, whose)
        score = None if real is None else coarse(similarity[at], people_judged)
        found[name] = each.as_json(shown) | {"similarity": score}
    return found


def _closed(name: str, determinant: Mapping[str, str], closed: set[str]) -> bool:
    """Whether the column is determined, through others or not, by one with hidden cells."""
    while name in determinant:
        name = determinant[name]
        if name in closed:
            return True
    return False


class _Cells:
    """One column cut into cells, the missing ones last."""

    def __init__(self, column: Column, synthetic: Table) -> None:
        self._column = column
        self._cells = synthetic.column(column.name)
        self._name = column.name
        self._merged: Codes | None = None
        self._edges = edges_of(column) if column.numeric else None
        bins = len(self._edges) - 1 if self._edges is not None else self._named()
        self._size = bins + column.missing
        self._counts = np.bincount(self._codes(self._cells), minlength=self._size)

    def hides(self, real: Table, whose: Codes) -> bool:
        """Whether a cell of the real rows must not be shown."""
        people, _ = self._real(real, whose)
        return bool(hidden_cells(people.tolist(), order=self._order).any())

    def real(self, real: Table, whose: Codes) -> list[float | None]:
        """The real rows' shares, None where few people are."""
        people, rows = self._real(real, whose)
        return shown_shares(people.tolist(), rows.tolist(), order=self._order)

    def as_json(self, real: list[float | None] | None) -> dict[str, Any]:
        """Edges or categories, and the shares of either side."""
        made = [round(float(share), 6) for share in self._counts / max(self._counts.sum(), 1)]
        shown: list[float | None] = real if real is not None else [None] * self._size
        there = self._size - self._column.missing
        found: dict[str, Any] = {"kind": self._column.kind}
        if self._edges is not None:
            found["edges"] = [round(float(edge), 6) for edge in self._edges]
        else:
            found["categories"] = self._titles
        found |= {"synthetic": made[:there], "real": shown[:there]}
        if self._column.missing:
            found["missing"] = {"synthetic": made[-1], "real": shown[-1]}
        return found

    @property
    def _order(self) -> list[int]:
        """Cells from the rarest synthetic one: known to every reader."""
        return [int(at) for at in np.argsort(self._counts, kind="stable")]

    def _named(self) -> int:
        """The cells of categories: all, or the most frequent synthetic ones and the others."""
        categories = self._column.categories
        self._titles: list[Any] = list(categories)
        if len(categories) <= MOST_CATEGORIES:
            return len(categories)
        there = self._cells[~np.isnan(self._cells)].astype(np.intp)
        frequent = np.argsort(-np.bincount(there, minlength=len(categories)), kind="stable")
        kept = np.sort(frequent[: MOST_CATEGORIES - 1])
        self._merged = np.full(len(categories), MOST_CATEGORIES - 1, dtype=np.intp)
        self._merged[kept] = np.arange(kept.size)
        self._titles = [*(categories[at] for at in kept), OTHERS]
        return MOST_CATEGORIES

    def _codes(self, cells: Floats) -> Codes:
        gone = np.isnan(cells)
        if self._edges is not None:
            codes = np.digitize(cells, self._edges[1:-1])
        else:
            codes = np.where(gone, 0, cells).astype(np.intp)
            codes = codes if self._merged is None else self._merged[codes]
        return np.where(gone, self._size - 1, codes).astype(np.intp)

    def _real(self, real: Table, whose: Codes) -> tuple[Codes, Codes]:
        """People with a row in each cell, and rows in it."""
        codes = self._codes(real.column(self._name))
        both = np.unique(whose.astype(np.int64) * self._size + codes) % self._size
        people = np.bincount(both, minlength=self._size)
        return people.astype(np.intp), np.bincount(codes, minlength=self._size).astype(np.intp)
