"""How like real rows of unseen people a synthetic table is, beside a ceiling and a floor.

Three tables are held against the same held-out people: the synthetic one; the training people's
real rows (the ceiling: what other real people reach, and a perfect copier, too: whether anything
is copied is for the privacy measures); and columns drawn independently of one another from the
training rows (the floor: perfect marginals and nothing else).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, resampled_weights
from ml.evaluation.tables.fidelity_discriminator import MOST_ROWS as MOST_JUDGED
from ml.evaluation.tables.fidelity_discriminator import discriminator_auc
from ml.evaluation.tables.fidelity_neighbours import (
    MOST_ROWS,
    Encoding,
    Neighbourhood,
    neighbour_figures,
)
from ml.evaluation.tables.fidelity_pairs import numeric_pairs, pair_similarities
from ml.evaluation.tables.fidelity_sides import Sides, independent_columns, some_rows
from ml.evaluation.tables.marginals import Sample, Scores, column_shapes, missing_similarities
from ml.evaluation.tables.utility_learner import Learner
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Advance = Callable[[str], None]

CANDIDATES = ("synthetic", "ceiling", "floor")
STEPS = 3 * len(CANDIDATES)
"""How often `fidelity` calls `advance`."""
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
    sides: Sides,
    *,
    learner: Learner,
    rng: np.random.Generator,
    advance: Advance,
    draws: int = 200,
) -> Fidelity:
    """Every figure of the synthetic rows against the held-out people.

    Returns figures: column_shapes, column_shapes_worst, missing_shares, correlations,
    contingencies, column_pairs (means of similarities; those that apply), discriminator_auc,
    alpha_precision, beta_recall, density, coverage.
    """
    bench = _Bench(sides, rng, draws)
    scores = bench.compare(advance)
    bench.neighbours(advance)
    bench.discriminate(learner, advance)
    columns, pairs = scores["synthetic"]
    figures = bench.figures(_parts(columns, pairs, sides.holdout))
    return Fidelity(figures, columns.values, pairs.values)


class _Bench:
    """Three tables held against the same held-out people; `found` has what was measured."""

    def __init__(self, sides: Sides, rng: np.random.Generator, draws: int) -> None:
        floor = independent_columns(sides.training, len(sides.training), rng=rng)
        self._sides, self._rng, self._draws = sides, rng, draws
        self._real = Sample.of_people(sides.holdout, sides.holdout_person, rng)
        self._samples = {
            "synthetic": Sample.of_rows(sides.synthetic, rng),
            "ceiling": Sample.of_people(sides.training, sides.training_person, rng),
            "floor": Sample.of_rows(floor, rng),
        }
        self._found: dict[str, dict[str, Interval]] = {name: {} for name in CANDIDATES}

    def compare(self, advance: Advance) -> dict[str, tuple[Scores, Scores]]:
        """Columns and pairs of each."""
        scores = {}
        for name, sample in self._samples.items():
            advance(f"columns and pairs: {name}")
            first, second = (
                resampled_weights(side.blocks, draws=self._count(name), rng=self._rng)
                for side in (self._real, sample)
            )
            weights = (first, second)
            scores[name] = _similarities(self._real, sample, weights, self._found[name])
        return scores

    def neighbours(self, advance: Advance) -> None:
        """Precision, recall, density and coverage, each with as many rows."""
        sides, rng = self._sides, self._rng
        encode = Encoding(sides.training)
        rows = some_rows(len(sides.holdout), MOST_ROWS, rng)
        near = Neighbourhood.of(encode(sides.holdout.take(rows)), sides.holdout_person[rows])
        size = min(rows.size, *(len(sample.table) for sample in self._samples.values()))
        for name, sample in self._samples.items():
            advance(f"neighbours: {name}")
            chosen = encode(sample.table.take(some_rows(len(sample.table), size, rng)))
            self._found[name] |= neighbour_figures(near, chosen, rng=rng, draws=self._count(name))

    def discriminate(self, learner: Learner, advance: Advance) -> None:
        """How well `learner` tells each from the held-out people, as many rows of either side."""
        for name, sample in self._samples.items():
            advance(f"discriminator: {name}")
            size = min(MOST_JUDGED, len(self._sides.holdout), len(sample.table))
            real, made = (_cut(side, size, self._rng) for side in (self._real, sample))
            self._found[name]["discriminator_auc"] = discriminator_auc(
                real, made, learner, rng=self._rng, draws=self._count(name)
            )

    def figures(self, parts: Mapping[str, int]) -> dict[str, Figure]:
        """Those that all three have."""
        synthetic, ceiling, floor = (self._found[name] for name in CANDIDATES)
        return {
            name: Figure(
                interval,
                self._sides.holdout_people,
                floor[name].value,
                ceiling[name].value,
                PERFECT.get(name, 1.0),
                parts.get(name),
            )
            for name, interval in synthetic.items()
            if name in floor and name in ceiling
        }

    def _count(self, name: str) -> int:
        return self._draws if name == "synthetic" else 1


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


def _cut(sample: Sample, most: int, rng: np.random.Generator) -> Sample:
    if len(sample.table) <= most:
        return sample
    rows = some_rows(len(sample.table), most, rng)
    _, block = np.unique(sample.block[rows], return_inverse=True)
    return Sample(sample.table.take(rows), block.astype(np.intp))
