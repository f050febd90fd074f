"""The tables that a judgement is about: synthetic rows, and real rows of two groups of people."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.tables.table import Table

Names = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Sides:
    """Tables of one schema and, for real ones, whose each row is, (rows,).

    Attributes:
        synthetic: what is judged.
        training, training_person: whom the generator learnt from.
        holdout, holdout_person: whom it never saw; nobody is on both sides.
    """

    synthetic: Table
    training: Table
    training_person: Names
    holdout: Table
    holdout_person: Names

    def __post_init__(self) -> None:
        if not self.synthetic.schema == self.training.schema == self.holdout.schema:
            raise ValueError("synthetic, training and held-out rows need one schema to be compared")
        for table, word in (
            (self.synthetic, "synthetic"),
            (self.training, "training"),
            (self.holdout, "held-out"),
        ):
            if not len(table):
                raise ValueError(f"there is no {word} row to report on")
        for table, person, word in (
            (self.training, self.training_person, "training"),
            (self.holdout, self.holdout_person, "held-out"),
        ):
            if len(table) != len(person):
                raise ValueError(f"{len(person)} names for {len(table)} {word} rows")
        if np.intersect1d(self.training_person, self.holdout_person).size:
            raise ValueError("someone is on both sides: split by person before reporting")

    @property
    def holdout_people(self) -> int:
        """How many held-out people there are."""
        return int(np.unique(self.holdout_person).size)

    @property
    def sizes(self) -> dict[str, int]:
        """Rows and people of every side."""
        return {
            "synthetic_rows": len(self.synthetic),
            "training_people": int(np.unique(self.training_person).size),
            "training_rows": len(self.training),
            "holdout_people": self.holdout_people,
            "holdout_rows": len(self.holdout),
        }


def independent_columns(
    table: Table, rows: int, *, rng: np.random.Generator, within: str | None = None
) -> Table:
    """Rows whose cells are drawn column by column from `table`, each from a row of its own.

    With `within`, the name of a column of categories, that column is drawn first and the others
    from rows that share its category: what a generator knows that thinks columns independent
    given the class.
    """
    if within is None:
        drawn = [column[rng.integers(len(table), size=rows)] for column in table.values.T]
        return Table(table.schema, np.stack(drawn, axis=1))
    at = table.schema.index(within)
    source = np.nan_to_num(table.values[:, at], nan=-1.0)
    order = np.argsort(source, kind="stable")
    known, start, count = np.unique(source[order], return_index=True, return_counts=True)
    classes = rng.choice(known.size, rows, p=count / count.sum())
    values = np.empty((rows, table.values.shape[1]))
    for each in range(values.shape[1]):
        chosen = order[start[classes] + (rng.random(rows) * count[classes]).astype(np.intp)]
        values[:, each] = table.values[chosen, each]
    values[:, at] = np.where(known[classes] < 0, np.nan, known[classes])
    return Table(table.schema, values)


def some_rows(rows: int, most: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """At most `most` of so many rows, drawn at random, in their order."""
    return np.sort(rng.permutation(rows)[:most])
