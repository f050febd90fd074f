"""A cohort's vital signs as rows: whose each is, and what is blunted before anything is learnt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from backend.adapters.generators.people import Mask, Names
from backend.adapters.generators.reading import vitals_trace
from backend.domain.errors import NotEnoughData
from backend.ports.generators import CohortMember
from ml.evaluation.release.blunting import blunted, conformed
from ml.records.tables.table import InvalidTable, Table
from ml.records.vitals.table import vitals_table
from ml.records.vitals.trace import VitalsTrace

FEWEST = 5
"""People behind every bound and category that a generator sees."""
TARGET = "status"


@dataclass(frozen=True)
class Side:
    rows: Table
    person: Names

    def take(self, which: Mask) -> "Side":
        return Side(self.rows.take(which), self.person[which])


def opened_traces(members: Sequence[CohortMember]) -> tuple[list[VitalsTrace], list[str]]:
    traces, owner = [], []
    for member in members:
        for canonical in member.canonicals:
            traces.append(vitals_trace(canonical))
            owner.append(member.pseudonym)
    return traces, owner


def cohort_table(
    traces: list[VitalsTrace], owner: list[str]
) -> tuple[Table, Names, npt.NDArray[np.intp]]:
    """Rows of everybody, whose each is, and of which trace."""
    try:
        table, _ = vitals_table(traces, owner)
    except InvalidTable as fault:
        raise NotEnoughData(
            f"the cohort's records make no table: {fault}",
            needs="people with vital signs in common",
            reasons=("no_table",),
        ) from fault
    names = table.schema.names
    rows = [_rows(trace, names) for trace in traces]
    trace = np.repeat(np.arange(len(traces)), rows)
    person = np.array(owner, dtype=np.str_)[trace]
    target = TARGET if TARGET in names else None
    if target is not None:
        known = ~np.isnan(table.column(target))
        table, person, trace = table.take(known), person[known], trace[known]
        columns = tuple(
            replace(column, missing=False) if column.name == target else column
            for column in table.schema.columns
        )
        table = Table(replace(table.schema, columns=columns, target=target), table.values)
    return table, person, trace


def _rows(trace: VitalsTrace, names: Sequence[str]) -> int:
    """How many rows of the table are the trace's: those with any of its columns."""
    known = [~np.isnan(trace.column(name)) for name in names if name in trace.variables]
    return int(np.any(known, axis=0).sum()) if known else 0


def both_blunted(training: Side, holdout: Side) -> tuple[Side, Side]:
    training = _with_target_that_holds(training)
    rows = blunt(training)
    others = holdout.rows.with_target(training.rows.schema.target)
    return replace(training, rows=rows), replace(holdout, rows=conformed(others, rows))


def _with_target_that_holds(side: Side) -> Side:
    """A class of which too few people are is merged like any category, and foretold by nobody."""
    target = side.rows.schema.target
    if target is None:
        return side
    cells = side.rows.column(target)
    classes = range(len(side.rows.schema.column(target).categories))
    people = [np.unique(side.person[cells == code]).size for code in classes]
    if any(0 < count < 2 * FEWEST for count in people):
        return replace(side, rows=side.rows.with_target(None))
    return side


def blunt(side: Side) -> Table:
    try:
        return blunted(side.rows, side.person, fewest=FEWEST)[0]
    except ValueError as fault:
        rows = side.rows.with_target(None)
        if side.rows.schema.target is None:
            raise NotEnoughData(
                f"the cohort's table cannot be shown: {fault}",
                needs="more people with the same vital signs",
                reasons=("too_few_people",),
            ) from fault
        return blunted(rows, side.person, fewest=FEWEST)[0]


def under(table: Table, release: Table) -> Table:
    """Rows of a half's generator under the release's schema: what the half left out is usual."""
    held = {column.name: column for column in table.schema.columns}
    columns, cells = [], []
    for column in release.schema.columns:
        if column.name in held:
            columns.append(held[column.name])
            cells.append(table.column(column.name))
        else:
            columns.append(replace(column, missing=True))
            cells.append(np.full(len(table), np.nan))
    schema = replace(release.schema, columns=tuple(columns), dependencies=(), target=None)
    return conformed(Table(schema, np.column_stack(cells)), release)


def by_member(
    members: Sequence[CohortMember], learnt: npt.NDArray[np.intp]
) -> dict[str, tuple[int, ...]]:
    found, at = {}, 0
    for member in members:
        found[member.pseudonym] = tuple(
            int(count) for count in learnt[at : at + len(member.canonicals)]
        )
        at += len(member.canonicals)
    return found
