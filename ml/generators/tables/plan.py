"""Which columns a generator has to learn, and how rows of the whole schema come back from them.

Constants and columns that another one determines are not learnt: they are put back. Numbers with
few different values are learnt as categories. Only what occurred in training comes back: no
category that did not, no number outside what was seen.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.records.tables import dependencies
from ml.records.tables.schema import Category, Column, Dependency, Schema
from ml.records.tables.table import Table, snapped

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

FEW = 10
"""Numbers with at most so many different values are learnt as categories."""
FINE = 0.5
"""Share of rows with a number of their own from which on a column is fine."""


@dataclass(frozen=True)
class Discrete:
    """A column that is learnt as categories.

    Attributes:
        column: its position in the schema.
        levels: (k,), the different cells in ascending order, a missing one last as NaN.
    """

    column: int
    levels: Floats


@dataclass(frozen=True)
class Number:
    """A column that is learnt as a number.

    Attributes:
        column: its position in the schema.
        lowest, highest: what was seen.
        missing: whether any cell was.
        fine: whether most rows have a number of their own.
    """

    column: int
    lowest: float
    highest: float
    missing: bool
    fine: bool


@dataclass(frozen=True)
class Plan:
    """What is learnt of a table and what is put back.

    Attributes:
        schema: of the tables that come out.
        discrete, numbers: the columns that are learnt.
        constants: position and cell of those that are always the same.
        mappings: of the columns that are derived, in applicable order.
    """

    schema: Schema
    discrete: tuple[Discrete, ...]
    numbers: tuple[Number, ...]
    constants: tuple[tuple[int, float], ...]
    mappings: tuple[dependencies.Mapping, ...]

    @classmethod
    def of(cls, table: Table) -> "Plan":
        """The plan for tables like `table`; dependencies that its rows break are not relied on."""
        broken = dependencies.broken_dependencies(table)
        kept = tuple(each for each in table.schema.dependencies if each not in broken)
        mappings = dependencies.learn_mappings(table.with_dependencies(kept))
        derived = {each.dependency.dependent for each in mappings}
        discrete, numbers, constants = [], [], []
        for index, column in enumerate(table.schema.columns):
            if column.name in derived:
                continue
            cells = table.values[:, index]
            levels = np.unique(cells)
            if levels.size <= 1:
                constants.append((index, float(levels[0]) if levels.size else np.nan))
            elif column.numeric and levels.size > FEW:
                empty = np.isnan(cells)
                seen = cells[~empty]
                lowest, highest = float(seen.min()), float(seen.max())
                fine = levels.size >= FINE * len(cells)
                numbers.append(Number(index, lowest, highest, bool(empty.any()), fine))
            else:
                discrete.append(Discrete(index, levels))
        return cls(table.schema, tuple(discrete), tuple(numbers), tuple(constants), mappings)

    def codes(self, table: Table) -> Codes:
        """Cells of the discrete columns as positions among their levels, (rows, discrete)."""
        codes = np.empty((len(table), len(self.discrete)), dtype=np.intp)
        for index, each in enumerate(self.discrete):
            cells = table.values[:, each.column]
            full = each.levels.size - int(np.isnan(each.levels[-1]))
            found = np.searchsorted(each.levels[:full], cells)
            codes[:, index] = np.where(np.isnan(cells), each.levels.size - 1, found)
        return codes

    def figures(self, table: Table) -> Floats:
        """Cells of the number columns, NaN where missing, (rows, numbers)."""
        return table.values[:, [each.column for each in self.numbers]]

    def restore(self, codes: Codes, figures: Floats) -> Table:
        """The table of these learnt columns: levels looked up, numbers moved to what may be."""
        values = np.full((len(codes), len(self.schema.columns)), np.nan)
        for index, each in enumerate(self.discrete):
            values[:, each.column] = each.levels[codes[:, index]]
        for index, number in enumerate(self.numbers):
            column = self.schema.columns[number.column]
            values[:, number.column] = _within(column, number, figures[:, index])
        for position, cell in self.constants:
            values[:, position] = cell
        for mapping in self.mappings:
            given = values[:, self.schema.index(mapping.dependency.determinant)]
            values[:, self.schema.index(mapping.dependency.dependent)] = mapping.derive(given)
        return Table(self.schema, values)

    def position(self, name: str) -> int | None:
        """The place of a column among the discrete ones, None when it is not one of them."""
        column = self.schema.index(name)
        places = [index for index, each in enumerate(self.discrete) if each.column == column]
        return places[0] if places else None

    def level(self, name: str, category: Category) -> int | None:
        """The code of a category of a discrete column, None when it never occurred."""
        place = self.position(name)
        code = self.schema.column(name).code(category)
        if place is None:
            return None
        found = np.flatnonzero(self.discrete[place].levels == code)
        return int(found[0]) if found.size else None

    def as_json(self) -> dict[str, Any]:
        """The plan's structure as JSON values; `arrays` has the rest."""
        return {
            "schema": self.schema.as_json(),
            "discrete": [each.column for each in self.discrete],
            "numbers": [list(astuple(each)) for each in self.numbers],
            "constants": [
                [position, None if np.isnan(cell) else cell] for position, cell in self.constants
            ],
            "derived": [
                [each.dependency.determinant, each.dependency.dependent] for each in self.mappings
            ],
        }

    def arrays(self) -> dict[str, Floats]:
        """Levels and mappings, by name."""
        levels = {f"levels.{index}": each.levels for index, each in enumerate(self.discrete)}
        mappings = {
            f"mapping.{index}": np.stack([each.at, each.gives])
            for index, each in enumerate(self.mappings)
        }
        return levels | mappings

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], arrays: Mapping[str, Floats]) -> "Plan":
        """The plan that `as_json` and `arrays` gave."""
        return cls(
            Schema.from_json(kept["schema"]),
            tuple(
                Discrete(column, arrays[f"levels.{index}"])
                for index, column in enumerate(kept["discrete"])
            ),
            tuple(Number(*each) for each in kept["numbers"]),
            tuple(
                (position, np.nan if cell is None else cell) for position, cell in kept["constants"]
            ),
            tuple(
                dependencies.Mapping(Dependency(*pair), *arrays[f"mapping.{index}"])
                for index, pair in enumerate(kept["derived"])
            ),
        )


def _within(column: Column, number: Number, cells: Floats) -> Floats:
    """Cells on the column's grid and within what was seen.

    Beyond it, fine numbers are mirrored: moved to the end they would repeat a person's number.
    """
    if number.fine:
        cells = np.where(cells < number.lowest, 2 * number.lowest - cells, cells)
        cells = np.where(cells > number.highest, 2 * number.highest - cells, cells)
    inside = np.clip(cells, number.lowest, number.highest)
    moved: Floats = np.clip(snapped(column, inside), number.lowest, number.highest)
    return moved
