"""The evidence of a synthetic table."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ml.evaluation.nearness import nearer_than_strangers
from ml.evaluation.neighbours import Search
from ml.evaluation.release.evidence import Measure, ReleaseEvidence, Tell, count, tell_nobody
from ml.evaluation.release.judging import (
    FEWEST_PEOPLE,
    Sides,
    Surroundings,
    nearness_measures,
    one_of_several,
    outlier_exposure,
    people_across_split,
    surroundings,
)
from ml.evaluation.release.membership import by_refitting, on_one_split, refitted_measures
from ml.evaluation.release.partial import alike_cells, equal_cells, partial_measures
from ml.evaluation.release.refitting import MODELS
from ml.evaluation.tables.attributes import attribute_advantage
from ml.evaluation.tables.gower import nearest_cells, nearest_rows, ranges
from ml.records.tables.table import Table, joined, row_keys

Names = npt.NDArray[np.str_]

_CHANGED, _STRANGERS = 1, 2
"""A copy may have so many cells changed; it is told where any two people differ in more cells."""


@dataclass(frozen=True)
class TableRefit:
    """How a generator of the release's settings is trained anew.

    Attributes:
        fit_and_sample: (real rows of half of the people, whose they are, how many rows to draw,
            rng) to synthetic rows; it does all that the release's own training did, blunting
            included.
        models: trainings.
    """

    fit_and_sample: Callable[[Table, Names, int, np.random.Generator], Table]
    models: int = MODELS


def table_evidence(
    synthetic: Table,
    training: Table,
    training_person: Names,
    holdout: Table,
    holdout_person: Names,
    *,
    refit: TableRefit | None = None,
    sensitive: tuple[str, ...] | None = None,
    rng: np.random.Generator,
    progress: Tell = tell_nobody,
) -> ReleaseEvidence:
    """What the synthetic rows give away of the training's people.

    Args:
        synthetic: the rows that would leave, all of them.
        training: what the generator learnt from; `training_person` whose each row is.
        holdout: rows of people whom it never saw, `holdout_person` whose; their cells went
            through the same hands (blunting) as the training's.
        refit: without it the bound of membership is that of one split, which hundreds of people
            do not bring under .55.
        sensitive: columns that an attacker would want to know; by default all that vary.
        progress: told the stage; raises to stop the work.

    Raises:
        ValueError: too few people on a side, no synthetic row, or tables of different columns.
    """
    holdout, synthetic = _alike(holdout, training), _alike(synthetic, training)
    sides = Sides(
        synthetic, training, training_person, holdout, holdout_person,
        joined([training, holdout]),
    )  # fmt: skip
    spans = ranges(sides.real)
    search = partial(nearest_rows, spans=spans)
    near = surroundings(sides, search, progress)
    measures = {
        "exact_matches": exact_matches(synthetic, training, sides.real, sides.person),
        **nearness_measures(sides, near, rng=rng),
        "membership_auc": on_one_split(sides, near, rng=rng),
        "outlier_exposure": outlier_exposure(sides, near),
        "people_across_split": people_across_split(sides, near),
    }
    measures["too_near"] = _or_but_for_one_cell(measures["too_near"], sides, near)
    progress("attribute inference", 0, 1)
    measures["attribute_advantage"] = _attributes(sides, spans, sensitive, rng)
    if refit is not None:
        measures["membership_auc_of_one_split"] = measures["membership_auc"]
        measures |= _refitted(sides, near, search, refit, rng, progress)
    progress("partial copies", 0, 1)
    measures |= _partial(sides, spans, rng)
    everybody, trained, held = (
        int(np.unique(each).size) for each in (sides.person, training_person, holdout_person)
    )
    return ReleaseEvidence(everybody, trained, held, sides.largest_share, len(synthetic), measures)


def exact_matches(synthetic: Table, training: Table, real: Table, person: Names) -> Measure:
    """Synthetic rows that are, cell for cell, a training row that few people share."""
    keys, whose = np.unique(row_keys(real.values), return_inverse=True)
    pairs = np.unique(np.stack([whose, np.unique(person, return_inverse=True)[1]]), axis=1)
    shared = np.bincount(pairs[0], minlength=keys.size) >= FEWEST_PEOPLE
    trained = np.zeros(keys.size, dtype=bool)
    trained[whose[: len(training)]] = True
    found = int(np.isin(row_keys(synthetic.values), keys[trained & ~shared]).sum())
    return count(
        found, len(synthetic),
        "synthetic rows equal to a training row in every cell, missing ones included, which fewer "
        f"than {FEWEST_PEOPLE} people share",
    )  # fmt: skip


def _or_but_for_one_cell(whole: Measure, sides: Sides[Table], near: Surroundings) -> Measure:
    """`too_near` with the rows that share all cells but one with a training row, where no two
    people share all but two: a copy with one cell changed can lie as far as strangers do."""
    person = sides.person
    strangers = _unequal(sides.real, sides.real, owner=person, other_owner=person)
    ours, theirs = near.ours.distance[:, 0], near.theirs.distance[:, 0]
    found = nearer_than_strangers(ours, theirs, len(ours))[0]
    if strangers.min() > _STRANGERS:
        found |= _unequal(sides.synthetic, sides.training) <= _CHANGED
    return count(
        int(found.sum()), len(ours),
        f"{whole.protocol}; or equal to one in all cells but {_CHANGED}, where no two people have "
        f"rows that are equal in all but {_STRANGERS}",
    )  # fmt: skip


def _unequal(rows: Table, others: Table, **owners: Names) -> npt.NDArray[np.float64]:
    """In how many cells each row differs from the row of `others` that it shares most with."""
    width = len(rows.schema.columns)
    near = nearest_cells(rows.values, others.values, np.zeros(width), k=1, **owners)
    return np.asarray(np.rint(near.distance[:, 0] * width))


def _partial(
    sides: Sides[Table], spans: npt.NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Measure]:
    real, synthetic = sides.real.values, sides.synthetic.values
    views = equal_cells(real, synthetic), alike_cells(real, synthetic, spans)
    return partial_measures(sides, views, rng=rng)


def _attributes(
    sides: Sides[Table],
    spans: npt.NDArray[np.float64],
    sensitive: tuple[str, ...] | None,
    rng: np.random.Generator,
) -> Measure:
    found = attribute_advantage(
        sides.synthetic,
        (sides.training, sides.training_person),
        (sides.holdout, sides.holdout_person),
        spans=spans,
        sensitive=sensitive,
        rng=rng,
    )
    protocol = (
        f"how much more alike guess and cell are for training than for holdout people, mean over "
        f"{len(found.columns)} columns each guessed from all others; 99 % interval over people"
    )
    each = found.attackers.items()
    return one_of_several(
        [(name, Measure(i.value, i.low, i.high, found.people, protocol)) for name, i in each]
    )


def _refitted(
    sides: Sides[Table],
    near: Surroundings,
    search: Search[Table],
    refit: TableRefit,
    rng: np.random.Generator,
    progress: Tell,
) -> dict[str, Measure]:
    def fit_and_sample(chosen: npt.NDArray[np.bool_], own: np.random.Generator) -> Table:
        rows = sides.real.take(chosen)
        made = refit.fit_and_sample(rows, sides.person[chosen], len(sides.synthetic), own)
        return _alike(made, sides.training)

    found = by_refitting(
        sides, near, search, fit_and_sample, models=refit.models, rng=rng, progress=progress
    )
    return refitted_measures(found)


def _alike(table: Table, training: Table) -> Table:
    """The table under the schema of `training`, whose cells mean the same."""
    if table.schema == training.schema:
        return table
    raise ValueError(
        "the tables have different schemas: bring real and synthetic rows under one schema first"
    )
