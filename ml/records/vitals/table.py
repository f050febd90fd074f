"""Traces of many people as one table, in the vocabulary's public ranges."""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Schema
from ml.records.tables.table import InvalidTable, Table
from ml.records.vitals.trace import VitalsTrace
from ml.records.vitals.variable import Variable
from ml.records.vitals.vocabulary import VOCABULARY, variable

LEAST_SHARE = 0.5


def vitals_table(
    traces: Sequence[VitalsTrace],
    persons: Sequence[Hashable],
    *,
    target: str | None = None,
    least_share: float = LEAST_SHARE,
) -> tuple[Table, npt.NDArray[np.int64]]:
    """One row per measurement of anybody, and whose each row is.

    Ranges, decimals and categories of the schema are those of the vocabulary, whatever was
    observed; every column but the target may have missing cells. Which columns there are is
    decided by people, never by rows: nobody's hour of telemetry brings in a column. A value that
    an older vocabulary allowed and today's does not is missing.

    Args:
        traces: of any number of people, several of one allowed.
        persons: whose each trace is, as long as `traces`.
        target: a variable of categories; rows without it are left out.
        least_share: of the people, who must have a variable at least once for it to be a column.

    Returns:
        The table, columns in the vocabulary's order and rows trace by trace in time; and for each
        row the position of its person among the different `persons` as they appear, (rows,).

    Raises:
        InvalidTable: no trace, no column that enough people have, no row left, or a target that
            too few people have or that is a number.
    """
    if not traces or len(traces) != len(persons):
        raise InvalidTable(f"{len(traces)} traces of {len(persons)} persons make no table")
    codes = {person: code for code, person in enumerate(dict.fromkeys(persons))}
    names = _common(traces, [codes[person] for person in persons], len(codes), least_share)
    if not names:
        raise InvalidTable(f"no variable is known of {least_share:.0%} of {len(codes)} people")
    if target is not None and target not in names:
        raise InvalidTable(f"{target!r} is not known of {least_share:.0%} of {len(codes)} people")
    if target is not None and variable(target).numeric:
        raise InvalidTable(f"the target {target!r} holds numbers, not classes")
    values = np.concatenate([_columns(trace, names) for trace in traces])
    person = np.repeat(
        np.array([codes[person] for person in persons], dtype=np.int64),
        [len(trace) for trace in traces],
    )
    kept = ~np.isnan(values).all(axis=1)
    values = np.column_stack(
        [_allowed(variable(name), column) for name, column in zip(names, values.T, strict=True)]
    )
    if target is not None:
        kept &= ~np.isnan(values[:, names.index(target)])
    if not kept.any():
        raise InvalidTable("no row has any of the columns, or all lack the target")
    columns = tuple(variable(name).column(missing=name != target) for name in names)
    return Table(Schema(columns, (), target), values[kept]), person[kept]


def _common(
    traces: Sequence[VitalsTrace], codes: Sequence[int], people: int, least_share: float
) -> list[str]:
    """Names of the variables that enough people have, in the vocabulary's order."""
    having: dict[str, set[int]] = {}
    for trace, code in zip(traces, codes, strict=True):
        for name in trace.variables:
            having.setdefault(name, set()).add(code)
    return [
        known.name
        for known in VOCABULARY
        if len(having.get(known.name, ())) >= max(1, least_share * people)
    ]


def _columns(trace: VitalsTrace, names: Sequence[str]) -> npt.NDArray[np.float64]:
    """The trace's values under these names; (rows, names), NaN for what it does not have."""
    values = np.full((len(trace), len(names)), np.nan)
    for place, name in enumerate(names):
        if name in trace.variables:
            values[:, place] = trace.column(name)
    return values


def _allowed(known: Variable, column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The column in today's decimals, without what today's vocabulary does not allow."""
    if known.numeric:
        low, high = known.minimum, known.maximum
    else:
        low, high = 0.0, len(known.categories) - 1.0
    rounded = np.round(column, known.decimals)
    return np.where((rounded >= low) & (rounded <= high), rounded, np.nan)
