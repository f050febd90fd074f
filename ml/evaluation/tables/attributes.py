"""Attribute inference: whether the synthetic rows tell more of training people than of others.

An attacker knows all of a person's row but one column, looks for the synthetic rows nearest to what
they know, and guesses that column. Whatever they learn of people in general they learn of holdout
people too; the advantage is what is left.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import by_person, difference_of_means, shared_level
from ml.evaluation.statistics import Interval
from ml.evaluation.tables.gower import difference, nearest_cells
from ml.records.tables.table import Table

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]

VOTERS = 5
MOST_ROWS = 5000
"""Rows on either side that are attacked, all of a person or none: bounds the time."""
ATTACKERS = ("the nearest row", f"the {VOTERS} nearest rows")


@dataclass(frozen=True)
class Advantage:
    """How much better training people's cells are guessed than holdout people's.

    Attributes:
        attackers: by name, difference of mean likeness of guess and cell (1 equal, 0 unlike),
            with its interval over people.
        people: attacked, on both sides.
        columns: guessed, each in its turn.
    """

    attackers: dict[str, Interval]
    people: int
    columns: tuple[str, ...]


def attribute_advantage(
    synthetic: Table,
    training: tuple[Table, Names],
    holdout: tuple[Table, Names],
    *,
    spans: Floats,
    sensitive: tuple[str, ...] | None = None,
    rng: np.random.Generator,
) -> Advantage:
    """See the module; every person counts once.

    From the likeness of each guess that of the same attacker's guess from other people's real
    rows is taken, which leaves less to chance between people.

    Args:
        training, holdout: real rows, and whose they are.
        spans: of the columns, as `gower.ranges` gives.
        sensitive: columns that are guessed; by default all that vary.
    """
    columns = sensitive if sensitive is not None else _varying(training[0])
    sides = [_some_people(*side, rng=rng) for side in (training, holdout)]
    real = _both(training[0], holdout[0]), np.concatenate([training[1], holdout[1]])
    gained = []
    for rows, person in sides:
        likeness = np.zeros((len(ATTACKERS), len(rows)))
        for column in columns:
            likeness += _likeness(rows, synthetic, column, spans)
            likeness -= _likeness(rows, real[0], column, spans, person, real[1])
        gained.append(
            np.stack([by_person(person, each / len(columns), "mean")[1] for each in likeness])
        )
    level = shared_level(len(ATTACKERS))
    found = {
        name: difference_of_means(*(side[i] for side in gained), level=level)
        for i, name in enumerate(ATTACKERS)
    }
    return Advantage(found, sum(side.shape[1] for side in gained), columns)


def _likeness(
    rows: Table,
    source: Table,
    column: str,
    spans: Floats,
    person: Names | None = None,
    source_person: Names | None = None,
) -> Floats:
    """1 less the Gower difference of each guess from the cell, (attackers, rows)."""
    position = rows.schema.index(column)
    known = np.delete(np.arange(len(spans)), position)
    near = nearest_cells(
        rows.values[:, known],
        source.values[:, known],
        spans[known],
        k=VOTERS,
        owner=person,
        other_owner=source_person,
    )
    cells = source.values[:, position]
    there = np.where(near.index >= 0, near.index, near.index[:, :1])
    numeric = rows.schema.columns[position].numeric
    guesses = cells[near.index[:, 0]], _voted(cells[there], numeric=numeric)
    truth, span = rows.values[:, position], spans[position]
    return np.stack([1 - difference(guess, truth, span) for guess in guesses])


def _voted(cells: Floats, *, numeric: bool) -> Floats:
    """The median of numbers or the commonest category of each row, missing as often as most are."""
    gone = np.isnan(cells).mean(axis=1) > 0.5
    if numeric:
        filled = np.where(np.isnan(cells).all(axis=1, keepdims=True), 0.0, cells)
        return np.where(gone, np.nan, np.nanmedian(filled, axis=1))
    same = (cells[:, :, None] == cells[:, None, :]).sum(axis=2)
    return np.where(gone, np.nan, cells[np.arange(len(cells)), same.argmax(axis=1)])


def _varying(table: Table) -> tuple[str, ...]:
    """Columns with two different cells, a missing one among them; all where none has."""
    kept = tuple(
        name
        for name in table.schema.names
        if np.unique(table.column(name), equal_nan=True).size > 1
    )
    return kept or table.schema.names


def _some_people(table: Table, person: Names, *, rng: np.random.Generator) -> tuple[Table, Names]:
    """All rows of as many people, drawn by chance, as have `MOST_ROWS` together."""
    names, rows = np.unique(person, return_counts=True)
    order = rng.permutation(names.size)
    kept = max(1, int(np.searchsorted(np.cumsum(rows[order]), MOST_ROWS, side="right")))
    chosen = np.isin(person, names[order[:kept]])
    return table.take(chosen), person[chosen]


def _both(training: Table, holdout: Table) -> Table:
    return Table(training.schema, np.concatenate([training.values, holdout.values]))
