"""What every sampler of tables does: asking for a category, matching marginals, counting copies."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from ml.generators.tables.marginal import Marginal
from ml.generators.tables.plan import FINE, Plan
from ml.records.tables.schema import Category
from ml.records.tables.table import Table, copies, joined

_CHUNK = 10_000
_ROUNDS = 100
_OUTERMOST = 1e-3
"""Rank beyond which nothing is moved: the ends of a fine column are two people's numbers."""

Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Where = Mapping[str, Category]


class CategoryOutOfReach(ValueError):
    """Rows with the category that was asked for cannot be made; says why."""


def check_where(plan: Plan, where: Where) -> None:
    """Nothing, once every category asked for is one that was learnt.

    Raises:
        CategoryOutOfReach: it never occurred in training, or the column holds numbers.
        KeyError: there is no such column or category.
    """
    for name, category in where.items():
        column = plan.schema.column(name)
        if column.numeric:
            raise CategoryOutOfReach(f"column {name!r} holds numbers: ask for a category")
        code = column.code(category)
        place = plan.position(name)
        seen = [] if place is None else plan.discrete[place].levels.tolist()
        seen += [cell for position, cell in plan.constants if plan.schema.names[position] == name]
        for mapping in plan.mappings:
            if mapping.dependency.dependent == name:
                seen += mapping.gives.tolist()
        if float(code) not in seen:
            raise CategoryOutOfReach(f"{category!r} of column {name!r} never occurred in training")


def fill(
    n: int, where: Where, empty: Table, draw: Callable[[int], Table], largest: int = _CHUNK
) -> Table:
    """`n` rows out of as many draws as it takes until enough rows fit `where`.

    Raises:
        CategoryOutOfReach: too few of the drawn rows fit.
    """
    found, tables = 0, [empty]
    share = 1.0
    for _ in range(_ROUNDS):
        if found >= n:
            break
        wanted = int(np.ceil((n - found) / max(share, 0.01) * (1.1 if share < 1 else 1.0)))
        table = draw(min(largest, max(wanted, 1)))
        fits = np.ones(len(table), dtype=bool)
        for name, category in where.items():
            fits &= table.where(name, category)
        share = max(0.5 * share, float(fits.mean()))
        tables.append(table.take(fits))
        found += len(tables[-1])
    if found < n and where:
        asked = ", ".join(f"{name} = {category!r}" for name, category in where.items())
        raise CategoryOutOfReach(f"{found:,} of {n:,} rows with {asked} after {_ROUNDS} attempts")
    return joined(tables).take(slice(0, n))


def marginal_maps(made: Floats, real: Floats) -> tuple[tuple[Marginal, Marginal], ...]:
    """For each number column, what the network makes and what it should; NaN are left out."""
    maps = []
    for ours, theirs in zip(made.T, real.T, strict=True):
        ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
        maps.append((Marginal.learn(ours if ours.size else theirs), Marginal.learn(theirs)))
    return tuple(maps)


def matched(figures: Floats, maps: tuple[tuple[Marginal, Marginal], ...]) -> Floats:
    """Figures moved, in their order, to the numbers that training had at their ranks."""
    moved = figures.copy()
    for index, (made, real) in enumerate(maps):
        seen = ~np.isnan(figures[:, index])
        ranks = made.ranks(figures[seen, index])
        moved[seen, index] = real.cells(ranks.clip(_OUTERMOST, 1 - _OUTERMOST))
    return moved


def copied_rows(table: Table, training: Table) -> dict[str, int]:
    """How many rows of `table` are rows of `training`: whole, and in the fine columns alone.

    Fine are the numbers of which most rows have one of their own: rows of few values coincide by
    chance, rows of fine ones do not.
    """
    fine = tuple(
        column.name
        for column, cells in zip(training.schema.columns, training.values.T, strict=True)
        if column.numeric and np.unique(cells).size >= FINE * len(training)
    )
    figures = {"rows": len(table), "copied": int(copies(table, training).sum())}
    if fine:
        figures["copied_in_fine_columns"] = int(copies(table, training, columns=fine).sum())
    return figures
