"""How a table is encoded when nothing may be learnt of its rows: by its schema alone.

Every category that the schema names has its place, whether or not it occurred. Numbers lie in
bands of equal width over the declared range, or on its grid.
"""

import numpy as np
import numpy.typing as npt

from ml.generators.tables.marginal import Marginal
from ml.generators.tables.mixture import MOST_MODES, Mixture
from ml.generators.tables.mode_encoding import ModeEncoding
from ml.generators.tables.plan import FEW, Discrete, Number, Plan
from ml.generators.tables.private import NotPublic
from ml.generators.tables.quantile_encoding import QuantileEncoding
from ml.records.tables.schema import Column, Schema

_MOST_STEPS = 2000
_ENDS = 0.005
_WIDE = 4.0

Floats = npt.NDArray[np.float64]


def public_plan(schema: Schema) -> Plan:
    """The plan for any table of the schema.

    Raises:
        NotPublic: the schema relies on what determines what, which only rows can tell.
    """
    if schema.dependencies:
        first = schema.dependencies[0]
        raise NotPublic(
            f"the schema says that {first.determinant!r} determines {first.dependent!r}, which was "
            "learnt from rows: for a private training take it without dependencies "
            "(Table.with_dependencies(()))"
        )
    discrete, numbers, constants = [], [], []
    for index, column in enumerate(schema.columns):
        levels = _levels(column)
        if levels is None:
            numbers.append(Number(index, column.minimum, _highest(column), column.missing, False))
        elif levels.size == 1:
            constants.append((index, float(levels[0])))
        else:
            discrete.append(Discrete(index, levels))
    return Plan(schema, tuple(discrete), tuple(numbers), tuple(constants), ())


def public_modes(plan: Plan) -> ModeEncoding:
    """Numbers told by the band of their range that they lie in, and where in it."""
    mixtures = []
    for number in plan.numbers:
        edges = np.linspace(number.lowest, number.highest, MOST_MODES + 1)
        means = 0.5 * (edges[1:] + edges[:-1])
        deviations = np.full(MOST_MODES, (edges[1] - edges[0]) / _WIDE)
        mixtures.append(Mixture(means, deviations, np.full(MOST_MODES, 1 / MOST_MODES)))
    return ModeEncoding.of(plan, tuple(mixtures))


def public_quantiles(plan: Plan) -> QuantileEncoding:
    """Numbers as normal scores of their place in the range, and no column kept apart."""
    marginals = tuple(_evenly(plan.schema.columns[each.column], each) for each in plan.numbers)
    return QuantileEncoding.of(plan, marginals, conditional=False)


def _levels(column: Column) -> Floats | None:
    """The cells of a column that is learnt as categories, None for one learnt as a number."""
    if column.numeric:
        grid = _grid(column)
        full = np.array([column.minimum]) if column.constant else grid
        if full is None or full.size > FEW:
            return None
    else:
        full = np.arange(len(column.categories), dtype=np.float64)
    return np.append(full, np.nan) if column.missing else full


def _grid(column: Column) -> Floats | None:
    """Every number that an integer column can hold, None when they are too many or not whole."""
    if column.kind != "integer":
        return None
    count = int((column.maximum - column.minimum) // column.step) + 1
    if count > _MOST_STEPS:
        return None
    return column.minimum + column.step * np.arange(count, dtype=np.float64)


def _highest(column: Column) -> float:
    """The largest number that the column can hold."""
    if column.kind != "integer":
        return column.maximum
    return column.minimum + column.step * ((column.maximum - column.minimum) // column.step)


def _evenly(column: Column, number: Number) -> Marginal:
    """The even distribution over the range: on its grid, or with a little weight at both ends."""
    grid = _grid(column)
    if grid is None:
        ends = np.array([number.lowest, number.highest])
        return Marginal(ends, np.array([0.0, 1 - _ENDS]), np.array([_ENDS, 1.0]))
    upto = np.arange(1, grid.size + 1) / grid.size
    return Marginal(grid, np.append(0.0, upto[:-1]), upto)
