"""Which columns are determined by another one, and how to derive them.

A determinant is believed when its groups could hardly agree by chance: were the dependent column
independent, every row after the first of its group would repeat the group's cell with at most
the share p of the commonest cell, so the whole table agrees with a probability of at most
p^(rows - groups). Below e^-EVIDENCE that counts as a rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Dependency
from ml.records.tables.table import Table

EVIDENCE = 20.0


@dataclass(frozen=True)
class Mapping:
    """What `dependent` is for every cell of `determinant` that was seen.

    Attributes:
        dependency: the two columns.
        at: cells of the determinant, ascending, a missing one last as NaN.
        gives: the dependent's cell for each.
    """

    dependency: Dependency
    at: npt.NDArray[np.float64]
    gives: npt.NDArray[np.float64]

    def derive(self, cells: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The dependent's cells; an unseen cell takes after the nearest one seen."""
        known = self.at[~np.isnan(self.at)]
        empty = np.isnan(cells)
        for_missing = self.gives[-1] if known.size < self.at.size else np.nan
        if known.size == 0:
            return np.full(cells.shape, for_missing)
        right = np.searchsorted(known, np.where(empty, known[0], cells)).clip(0, known.size - 1)
        left = (right - 1).clip(0)
        nearer = np.abs(cells - known[left]) < np.abs(cells - known[right])
        derived = self.gives[np.where(nearer, left, right)]
        return np.where(empty, for_missing, derived)


def find_dependencies(table: Table) -> tuple[Dependency, ...]:
    """Every column that another determines, with the plainest determinant, in applicable order.

    A column that is a target is nobody's dependent, so that it can be asked for.
    """
    groups = [_grouped(table.values[:, index]) for index in range(table.values.shape[1])]
    sizes = [int(codes.max()) + 1 if codes.size else 0 for codes in groups]
    names = table.schema.names
    order = sorted(range(len(names)), key=lambda index: (-sizes[index], index))
    found: dict[str, str] = {}
    for dependent in order:
        if sizes[dependent] < 2 or names[dependent] == table.schema.target:
            continue
        candidates = sorted(
            (index for index in range(len(names)) if sizes[index] >= sizes[dependent]),
            key=lambda index: (sizes[index], index),
        )
        for determinant in candidates:
            if determinant == dependent or _leads_to(found, names[determinant], names[dependent]):
                continue
            if _determines(groups[determinant], groups[dependent]):
                found[names[dependent]] = names[determinant]
                break
    return in_order([Dependency(found[name], name) for name in names if name in found])


def in_order(dependencies: Sequence[Dependency]) -> tuple[Dependency, ...]:
    """The same, each after the one that derives its determinant."""
    left = list(dependencies)
    ordered: list[Dependency] = []
    while left:
        waiting = {each.dependent for each in left}
        ready = [each for each in left if each.determinant not in waiting]
        if not ready:
            raise ValueError("the dependencies run in a circle")
        ordered.extend(ready)
        left = [each for each in left if each not in ready]
    return tuple(ordered)


def learn_mappings(table: Table) -> tuple[Mapping, ...]:
    """The mapping of every dependency of the schema, as the rows have it.

    Where rows disagree, the first one counts.
    """
    mappings = []
    for each in table.schema.dependencies:
        cells, gives = table.column(each.determinant), table.column(each.dependent)
        at, first = np.unique(cells, return_index=True)
        mappings.append(Mapping(each, at, gives[first]))
    return tuple(mappings)


def broken_dependencies(table: Table) -> tuple[Dependency, ...]:
    """The dependencies of the schema that the rows do not keep."""
    return tuple(
        each
        for each in table.schema.dependencies
        if not _agree(
            _grouped(table.column(each.determinant)), _grouped(table.column(each.dependent))
        )
    )


def _leads_to(found: dict[str, str], start: str, end: str) -> bool:
    while start in found:
        start = found[start]
        if start == end:
            return True
    return False


def _grouped(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """A number per different cell; missing cells are one."""
    _, codes = np.unique(cells, return_inverse=True)
    return codes.reshape(-1)


def _agree(determinant: npt.NDArray[np.intp], dependent: npt.NDArray[np.intp]) -> bool:
    if determinant.size == 0:
        return True
    first = np.zeros(int(determinant.max()) + 1, dtype=np.intp)
    first[determinant[::-1]] = dependent[::-1]
    return bool((first[determinant] == dependent).all())


def _determines(determinant: npt.NDArray[np.intp], dependent: npt.NDArray[np.intp]) -> bool:
    repeated = determinant.size - (int(determinant.max()) + 1)
    commonest = float(np.bincount(dependent).max() / dependent.size)
    if repeated * -np.log(commonest) < EVIDENCE:
        return False
    return _agree(determinant, dependent)
