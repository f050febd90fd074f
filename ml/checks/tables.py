"""What `check_generator` has to know of typed tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.checks.generators import ClassSampling
from ml.records.tables.dependencies import broken_dependencies
from ml.records.tables.schema import Category
from ml.records.tables.table import Table, cell_fault, copies


@dataclass(frozen=True)
class TablesKind:
    """Typed tables, whose rows keep to their schema and to what was seen in training.

    Attributes:
        declared: whether rows need only keep to what the schema declares, seen or not: a private
            generator is not to know what was seen.
    """

    declared: bool = False

    def size(self, data: Table) -> int:
        return len(data)

    def schema(self, data: Table) -> object:
        return data.schema

    def same(self, first: Table, second: Table) -> bool:
        return first == second

    def fault(self, made: Table, learnt: Table) -> str | None:
        """A cell against the schema, outside what was seen, or against a dependency."""
        for index, column in enumerate(made.schema.columns):
            cells, seen = made.values[:, index], learnt.values[:, index]
            fault = cell_fault(column, cells)
            if fault is not None:
                return f"a cell in {column.name!r}: {fault[1]}"
            if self.declared:
                continue
            if np.isnan(cells).any() and not np.isnan(seen).any():
                return f"missing cells in {column.name!r}"
            given = cells[~np.isnan(cells)]
            if column.numeric and given.size:
                if given.min() < np.nanmin(seen) or given.max() > np.nanmax(seen):
                    return f"numbers in {column.name!r} outside what was seen"
            elif not np.isin(given, seen).all():
                return f"categories in {column.name!r} that never occurred"
        for each in broken_dependencies(made):
            return f"{each.dependent!r} that is not determined by {each.determinant!r}"
        return None

    def copies(self, made: Table, learnt: Table) -> int:
        return int(copies(made, learnt).sum())

    def first(self, data: Table, n: int) -> Table:
        return data.take(slice(0, n))


TABLES = TablesKind()
DECLARED_TABLES = TablesKind(declared=True)


def class_sampling(column: str, categories: tuple[Category, ...]) -> ClassSampling[Table]:
    """How rows of one category of `column` are asked for."""

    def sample(generator: Any, n: int, label: Category, rng: np.random.Generator) -> Table:
        where: Mapping[str, Category] = {column: label}
        table: Table = generator.sample(n, rng=rng, where=where)
        return table

    def labels(data: Table) -> np.ndarray:
        categories = np.array(data.schema.column(column).categories, dtype=object)
        return categories[data.column(column).astype(np.intp)]

    return ClassSampling(sample, labels, categories)
