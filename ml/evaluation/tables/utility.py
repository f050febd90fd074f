"""Whether a learner learns from synthetic rows what it would learn from real ones.

TSTR: trained on synthetic rows, tested on real rows of people that nobody saw; TRTR: the same
learner trained on the training people's real rows, with as many of them, and tested on the same
rows. Beside both the floor: trained on rows whose columns are drawn independently given the class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.classification import Scores, weighted_scores
from ml.evaluation.statistics import Interval, in_parts, of_draws, resampled_weights
from ml.evaluation.tables.fidelity_sides import Names, Sides, independent_columns, some_rows
from ml.evaluation.tables.utility_learner import Learner, Learnt, learn, split_target
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]

MEASURES = (
    "auroc",
    "auprc",
    "macro_f1",
    "accuracy",
    "recall",
    "recall_at_specificity",
    "brier",
    "ece",
)
RATIOS = ("auroc", "auprc", "macro_f1")
"""Measures of which TSTR over TRTR is given, too."""
FEWEST = 20
"""People behind every class that a figure speaks of."""
STEPS = 5
"""How often `utility` calls `advance` for each learner."""


@dataclass(frozen=True)
class Compared:
    """One figure of a learner.

    Attributes:
        interval: of TSTR, of TSTR over TRTR, or of an agreement.
        n: people tested on, or features compared.
        baseline: the same of the floor.
        real: TRTR, or the agreement of two halves of the real people; NaN for ratios' own 1.
    """

    interval: Interval
    n: int
    baseline: float
    real: float


@dataclass(frozen=True)
class Utility:
    """Figures by name, and a sentence for each thing that could not be said.

    With `coarse` a class has so few people that more than two digits would give their number.
    """

    figures: dict[str, Compared]
    limits: tuple[str, ...]
    coarse: bool = False


def utility(
    sides: Sides,
    *,
    learners: Mapping[str, Learner],
    rng: np.random.Generator,
    advance: Callable[[str], None],
    draws: int = 200,
) -> Utility:
    """Every figure of every learner, named ``{learner}_{measure}``.

    With two classes the rarer of the training people's is class 1. Measures that speak of a class
    are given where at least `FEWEST` held-out people have it, `auroc` whatever the class.
    """
    if sides.training.schema.target is None:
        return Utility({}, ("The table names no target: utility was not measured.",))
    task = _Task(sides)
    if len(task.classes) < 2:
        return Utility({}, ("The held-out people are all of one class: utility was not measured.",))
    taught = _taught(sides, rng)
    figures: dict[str, Compared] = {}
    for name, learner in learners.items():
        told: dict[str, Learnt] = {}
        for lesson, table in taught.items():
            advance(f"{name}: {lesson.replace('_', ' ')}")
            told[lesson] = task.learn(learner, table, rng)
        for measure, compared in task.compared(told, rng, draws):
            figures[f"{name}_{measure}"] = compared
        figures[f"{name}_importance_agreement"] = agreement(told, rng=rng, draws=draws)
    return Utility(figures, task.limits, coarse=not task.whole)


def _taught(sides: Sides, rng: np.random.Generator) -> dict[str, Table]:
    """The tables that a learner is taught, of one size but for the halves of the real people."""
    synthetic, training = sides.synthetic, sides.training
    size = min(len(synthetic), len(training))
    halves = _halves(sides.training_person, rng)
    target = training.schema.target
    return {
        "tstr": synthetic.take(some_rows(len(synthetic), size, rng)),
        "trtr": training.take(some_rows(len(training), size, rng)),
        "floor": independent_columns(training, size, rng=rng, within=target),
        "one_half": training.take(halves),
        "other_half": training.take(~halves),
    }


class _Task:
    """What is to be told of the held-out people, and by which classes it is judged."""

    def __init__(self, sides: Sides) -> None:
        holdout = sides.holdout
        at = holdout.schema.index(holdout.schema.target or "")
        there = ~np.isnan(holdout.values[:, at])
        self.features, truth, self.columns = split_target(holdout)
        _, known, _ = split_target(sides.training)
        self.width = len(holdout.schema.columns[at].categories)
        counts = np.bincount(known, minlength=self.width)
        self.flipped = self.width == 2 and counts[0] < counts[1]
        self.truth = 1 - truth if self.flipped else truth
        self.person = sides.holdout_person[there]
        people = [np.unique(self.person[self.truth == k]).size for k in range(self.width)]
        self.classes = tuple(k for k, count in enumerate(people) if count)
        enough = tuple(k for k, count in enumerate(people) if count >= FEWEST)
        self.whole = len(enough) == len(self.classes) or (self.width > 2 and len(enough) > 1)
        self.judged = enough if self.whole else self.classes
        self.limits: tuple[str, ...] = ()
        if len(enough) < len(self.classes):
            self.limits = (
                f"Classes with fewer than {FEWEST} held-out people do not count in figures of "
                "utility, except in AUROC where nothing else is left.",
            )

    def learn(self, learner: Learner, table: Table, rng: np.random.Generator) -> Learnt:
        """What `learner` says of the held-out rows after `table`."""
        features, truth, columns = split_target(table)
        found = learn(
            learner,
            features,
            1 - truth if self.flipped else truth,
            self.features,
            columns=columns,
            classes=self.width,
            rng=rng,
        )
        return found

    def compared(
        self, told: Mapping[str, Learnt], rng: np.random.Generator, draws: int
    ) -> list[tuple[str, Compared]]:
        """Every measure of TSTR, and its ratio to TRTR where `RATIOS` has it."""
        names, whose = np.unique(self.person, return_inverse=True)
        values, drawn = {}, {}
        weights = np.concatenate(
            [
                np.ones((1, names.size)),
                resampled_weights(names.size, draws=draws, rng=rng),
            ]
        )
        for side in ("tstr", "trtr", "floor"):
            scores = self._scores(told[side].probability, weights, whose)
            values[side] = {name: float(found[0]) for name, found in scores.items()}
            drawn[side] = {name: found[1:] for name, found in scores.items()}
        figures = []
        for name in MEASURES if self.whole else ("auroc",):
            ours, real, floor = (values[side][name] for side in ("tstr", "trtr", "floor"))
            interval = of_draws(ours, drawn["tstr"][name])
            figures.append((name, Compared(interval, names.size, floor, real)))
            if name in RATIOS:
                ratio = of_draws(ours / real, drawn["tstr"][name] / drawn["trtr"][name])
                figures.append((f"{name}_ratio", Compared(ratio, names.size, floor / real, 1.0)))
        return figures

    def _scores(self, probability: Floats, weights: Floats, whose: npt.NDArray[np.intp]) -> Scores:
        said = probability[:, 1] if self.width == 2 else probability
        parts, start = [], 0
        for count in in_parts(len(weights), len(whose)):
            drawn = weights[start : start + count][:, whose]
            parts.append(weighted_scores(self.truth, said, drawn, classes=self.judged))
            start += count
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def agreement(told: Mapping[str, Learnt], *, rng: np.random.Generator, draws: int) -> Compared:
    """Spearman's correlation of what TSTR and TRTR found important; features are drawn anew.

    Beside it that of the floor with TRTR, and of two halves of the real people with one another.
    """
    tstr, trtr, floor, one, other = (
        told[side].importance for side in ("tstr", "trtr", "floor", "one_half", "other_half")
    )
    drawn = []
    for _ in range(draws):
        chosen = rng.integers(tstr.size, size=tstr.size)
        drawn.append(spearman(tstr[chosen], trtr[chosen]))
    interval = of_draws(spearman(tstr, trtr), np.array(drawn))
    return Compared(interval, tstr.size, spearman(floor, trtr), spearman(one, other))


def spearman(first: Floats, second: Floats) -> float:
    """Rank correlation, ties at their mean rank; NaN where either side is constant."""
    ranks = []
    for side in (first, second):
        _, which, count = np.unique(side, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[which])
    spread = [side.std() for side in ranks]
    if min(spread) == 0:
        return float("nan")
    centred = [side - side.mean() for side in ranks]
    return float((centred[0] * centred[1]).mean() / (spread[0] * spread[1]))


def _halves(person: Names, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    names, whose = np.unique(person, return_inverse=True)
    chosen: npt.NDArray[np.bool_] = (rng.permutation(names.size) < names.size / 2)[whose]
    return chosen
