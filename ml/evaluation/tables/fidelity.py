"""How like real rows of unseen people a synthetic table is, beside a ceiling and a floor.

Three tables are held against the same held-out people: the synthetic one; the training people's
real rows (the ceiling: what other real people reach, and a perfect copier, too: whether anything
is copied is for the privacy measures); and columns drawn independently of one another from the
training rows (the floor: perfect marginals and nothing else).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, resampled_weights
from ml.evaluation.tables.fidelity_discriminator import MOST_ROWS as MOST_JUDGED
from ml.evaluation.tables.fidelity_discriminator import discriminator_auc
from ml.evaluation.tables.fidelity_neighbours import (
    MEASURES,
    MOST_ROWS,
    Encoding,
    Neighbourhood,
    neighbour_figures,
)
from ml.evaluation.tables.fidelity_pairs import numeric_pairs, pair_similarities
from ml.evaluation.tables.marginals import Sample, Scores, column_shapes, missing_similarities
from ml.evaluation.tables.utility_learner import Learner
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]
Advance = Callable[[str], None]

SIDES = ("synthetic", "ceiling", "floor")
PERFECT = {"discriminator_auc": 0.5}
"""What a figure is at best, where that is not 1."""


@dataclass(frozen=True)
class Figure:
    """A figure of the synthetic table beside what real people and a simple sampler reach.

    Attributes:
        interval: value with its interval over people and synthetic rows.
        people: held-out people behind it.
        baseline: the same of independent columns; `ceiling`: of the training people's rows.
        perfect: the best that can be.
        parts: columns or pairs that it averages; None where it is of whole rows.
    """

    interval: Interval
    people: int
    baseline: float
    ceiling: float
    perfect: float = 1.0
    parts: int | None = None


@dataclass(frozen=True, eq=False)
class Fidelity:
    """Figures by name; the similarity of each column (c,) and of each pair, in their order."""

    figures: dict[str, Figure]
    columns: Floats
    pairs: Floats


def fidelity(
    synthetic: Table,
    training: Table,
    training_person: Names,
    holdout: Table,
    holdout_person: Names,
    *,
    learner: Learner,
    rng: np.random.Generator,
    advance: Advance,
    draws: int = 200,
) -> Fidelity:
    """Every figure of `synthetic` against the held-out people.

    Returns figures: column_shapes, column_shapes_worst, missing_shares, correlations,
    contingencies, column_pairs (means of similarities; those that apply), discriminator_auc,
    alpha_precision, beta_recall, density, coverage.
    """
    floor = independent_columns(training, len(training), rng=rng)
    sides = dict(zip(SIDES, (synthetic, training, floor), strict=True))
    real = Sample.of_people(holdout, holdout_person, rng)
    samples = {
        "synthetic": Sample.of_rows(synthetic, rng),
        "ceiling": Sample.of_people(training, training_person, rng),
        "floor": Sample.of_rows(floor, rng),
    }
    people = int(np.unique(holdout_person).size)
    found: dict[str, dict[str, Interval]] = {name: {} for name in SIDES}
    scores = {}
    for name, sample in samples.items():
        advance(f"columns and pairs: {name}")
        weights = _weights(real, sample, draws if name == "synthetic" else 1, rng)
        scores[name] = _similarities(real, sample, weights, found[name])
    near = _Neighbours(holdout, holdout_person, training, rng)
    size = min(MOST_ROWS, *(len(table) for table in (holdout, *sides.values())))
    for name, table in sides.items():
        advance(f"neighbours: {name}")
        rows = some_rows(len(table), size, rng)
        found[name] |= near.figures(table.take(rows), rng, draws if name == "synthetic" else 1)
    for name, sample in samples.items():
        advance(f"discriminator: {name}")
        size = min(MOST_JUDGED, len(holdout), len(sample.table))
        judged = [_cut(side, size, rng) for side in (real, sample)]
        count = draws if name == "synthetic" else 1
        found[name]["discriminator_auc"] = discriminator_auc(
            judged[0], judged[1], learner, rng=rng, draws=count
        )
    columns, pairs = scores["synthetic"]
    parts = _parts(columns, pairs, holdout)
    figures = {
        name: Figure(
            interval,
            people,
            found["floor"][name].value,
            found["ceiling"][name].value,
            PERFECT.get(name, 1.0),
            parts.get(name),
        )
        for name, interval in found["synthetic"].items()
        if name in found["floor"] and name in found["ceiling"]
    }
    return Fidelity(figures, columns.values, pairs.values)


STEPS = 3 * len(SIDES)
"""How often `fidelity` calls `advance`."""


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


def _similarities(
    real: Sample, sample: Sample, weights: tuple[Floats, Floats], into: dict[str, Interval]
) -> tuple[Scores, Scores]:
    columns = column_shapes(real, sample, weights)
    missing = missing_similarities(real, sample, weights)
    pairs = pair_similarities(real, sample, weights)
    of_numbers = numeric_pairs(real.table)
    named = {
        "column_shapes": columns.mean(),
        "column_shapes_worst": columns.least(),
        "missing_shares": missing.mean(),
        "column_pairs": pairs.mean(),
        "correlations": pairs.mean(of_numbers),
        "contingencies": pairs.mean(~of_numbers),
    }
    into |= {name: interval for name, interval in named.items() if interval is not None}
    return columns, pairs


def _parts(columns: Scores, pairs: Scores, table: Table) -> dict[str, int]:
    """How many columns or pairs each figure averages."""
    there, of_numbers = np.isfinite(pairs.values), numeric_pairs(table)
    return {
        "column_shapes": int(np.isfinite(columns.values).sum()),
        "column_shapes_worst": 1,
        "missing_shares": sum(column.missing for column in table.schema.columns),
        "column_pairs": int(there.sum()),
        "correlations": int((there & of_numbers).sum()),
        "contingencies": int((there & ~of_numbers).sum()),
    }


class _Neighbours:
    """The held-out people's neighbourhoods, made once and held against several tables."""

    def __init__(
        self, holdout: Table, person: Names, training: Table, rng: np.random.Generator
    ) -> None:
        rows = some_rows(len(holdout), MOST_ROWS, rng)
        self._encode = Encoding(training)
        self._real = Neighbourhood.of(self._encode(holdout.take(rows)), person[rows])

    def figures(self, table: Table, rng: np.random.Generator, draws: int) -> dict[str, Interval]:
        found = neighbour_figures(self._real, self._encode(table), rng=rng, draws=draws)
        return {name: found[name] for name in MEASURES}


def _weights(
    real: Sample, sample: Sample, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    first, second = (
        resampled_weights(side.blocks, draws=draws, rng=rng) for side in (real, sample)
    )
    return first, second


def _cut(sample: Sample, most: int, rng: np.random.Generator) -> Sample:
    if len(sample.table) <= most:
        return sample
    rows = some_rows(len(sample.table), most, rng)
    _, block = np.unique(sample.block[rows], return_inverse=True)
    return Sample(sample.table.take(rows), block.astype(np.intp))
