"""The evaluation report of a synthetic table: JSON values that may be shown with it.

Whoever draws it needs the synthetic table and this report alone, and no real row.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from ml.evaluation.tables.fidelity import STEPS as FIDELITY_STEPS
from ml.evaluation.tables.fidelity import Fidelity, Figure, fidelity
from ml.evaluation.tables.fidelity_sides import Names, Sides
from ml.evaluation.tables.report_cells import FEWEST, coarse
from ml.evaluation.tables.report_marginals import drawn_columns
from ml.evaluation.tables.utility import STEPS as UTILITY_STEPS
from ml.evaluation.tables.utility import Compared, Utility, utility
from ml.evaluation.tables.utility_learner import Learner
from ml.records.tables.table import Table, joined

Told = Callable[[str, int, int], None]
"""What is being done, steps finished, steps in all; may raise to end it."""

DIGITS = 4
FEW_PARTS = 5
"""A mean over fewer columns or pairs than this is as coarse as one of a single column."""
PROTOCOL = (
    "Every figure holds the synthetic rows against real rows of held-out people, whom neither the "
    "generator nor a learner saw. Intervals are 95 % percentile intervals of a bootstrap over "
    "people (groups of people above 200) and synthetic rows. Baseline: columns drawn "
    "independently from the training rows, for utility independently given the class. Ceiling: "
    "the training people's own rows against the same held-out people; for utility the same "
    "learner trained on as many real rows."
)
_LIMITS = (
    f"Real cells with fewer than {FEWEST} people are not shown, nor those from which they could "
    "be computed; shown real shares are rounded to five rows, similarities of single columns and "
    f"pairs to {FEWEST} people.",
    "Bins are equal parts of the ranges that the schema declares.",
    "A generator that copies reaches the ceiling of fidelity: read it with the privacy figures.",
)
_NOT_PRIVATE = (
    "Figures of fidelity, utility and privacy are aggregates over real people without noise: a "
    "privacy budget of the generator does not cover them."
)


def table_report(
    synthetic: Table,
    training: Table,
    training_person: Names,
    holdout: Table,
    holdout_person: Names,
    *,
    learners: Mapping[str, Learner],
    rng: np.random.Generator,
    progress: Told,
    judge: str = "boosting",
    privacy: Mapping[str, Any] | None = None,
    real_counts: Literal["suppressed", "none"] = "suppressed",
    draws: int = 200,
) -> dict[str, Any]:
    """The whole report as JSON values; the same arguments and `rng` give the same report.

    Args:
        training_person, holdout_person: whose each row is, (rows,); nobody is on both sides.
        learners: by the names that figures carry; `judge` is the one that tells real from
            synthetic.
        privacy: figures of the privacy evidence, taken over as they are.
        real_counts: "none" shows neither real cells nor similarities of single columns: for a
            generator with a privacy budget, against which they would count.

    Raises:
        ValueError: schemas differ, someone is on both sides, or a side is too small to judge.
    """
    sides = Sides(synthetic, training, training_person, holdout, holdout_person)
    if judge not in learners:
        raise ValueError(f"no learner {judge!r} to tell real from synthetic among {[*learners]}")
    advance = Advance(progress, FIDELITY_STEPS + UTILITY_STEPS * len(learners))
    alike = fidelity(sides, learner=learners[judge], rng=rng, advance=advance, draws=draws)
    useful = utility(sides, learners=learners, rng=rng, advance=advance, draws=draws)
    advance.end()
    return {
        "kind": "table",
        "protocol": PROTOCOL,
        "n": sides.sizes,
        "fidelity": {name: _figure(each) for name, each in alike.figures.items()},
        "utility": {
            name: _compared(each, 2 if useful.coarse else DIGITS)
            for name, each in useful.figures.items()
        },
        "privacy": dict(privacy or {}),
        **_columns(sides, alike, shown=real_counts == "suppressed"),
        "limits": _limits(useful, sides.holdout_people, real_counts == "suppressed"),
    }


def _columns(sides: Sides, alike: Fidelity, *, shown: bool) -> dict[str, Any]:
    """Columns one by one and in pairs, as far as they may be shown."""
    people = sides.holdout_people
    return {
        "marginals": drawn_columns(
            sides.synthetic,
            joined([sides.training, sides.holdout]) if shown else None,
            np.concatenate([sides.training_person, sides.holdout_person]),
            similarity=alike.columns.tolist(),
            people_judged=people,
        ),
        "pairs": _pairs(alike, sides.synthetic, people if shown else 0),
    }


def rounded(value: float, digits: int = DIGITS) -> float | None:
    """A figure as reports show it; None where it is not defined."""
    return round(float(value), digits) if np.isfinite(value) else None


def _figure(figure: Figure) -> dict[str, Any]:
    alone = figure.parts is not None and figure.parts < FEW_PARTS
    shown = (lambda value: coarse(value, figure.people)) if alone else rounded
    told = _told(figure, shown)
    return told if told["value"] is not None else told | {"reason": _reason(figure)}


def _reason(figure: Figure) -> str:
    """Why a figure has no value."""
    if not np.isfinite(figure.interval.value):
        return "Not shown: it is not defined for these rows."
    return (
        f"Not shown: with {figure.people} held-out people, a score of so few columns would tell "
        f"of fewer than {FEWEST} of them; {2 * FEWEST} are needed."
    )


def _told(figure: Figure, shown: Callable[[float], float | None]) -> dict[str, Any]:
    return {
        "value": shown(figure.interval.value),
        "low": shown(figure.interval.low),
        "high": shown(figure.interval.high),
        "n": figure.people,
        "baseline": shown(figure.baseline),
        "ceiling": shown(figure.ceiling),
        "perfect": figure.perfect,
    }


def _compared(figure: Compared, digits: int) -> dict[str, Any]:
    return {
        "value": rounded(figure.interval.value, digits),
        "low": rounded(figure.interval.low, digits),
        "high": rounded(figure.interval.high, digits),
        "n": figure.n,
        "baseline": rounded(figure.baseline, digits),
        "ceiling": rounded(figure.real, digits),
    }


def _pairs(alike: Fidelity, table: Table, people: int) -> dict[str, Any]:
    """The similarity of every pair, as a matrix with nothing on its diagonal."""
    names = table.schema.names
    matrix: list[list[float | None]] = [[None] * len(names) for _ in names]
    rows, columns = np.triu_indices(len(names), 1)
    for row, column, score in zip(rows, columns, alike.pairs, strict=True):
        matrix[row][column] = matrix[column][row] = coarse(score, people)
    return {"columns": list(names), "similarity": matrix}


def _limits(useful: Utility, people: int, shown: bool) -> list[str]:
    limits = [*_LIMITS, *useful.limits, _NOT_PRIVATE]
    if not shown:
        limits.append("Nothing of single real columns is shown: it would count against epsilon.")
    elif people < 2 * FEWEST:
        limits.append(
            f"{people} held-out people are too few to show the similarity of single columns."
        )
    return limits


class Advance:
    """Tells every stage as it begins, and how many there are; ends at all of them."""

    def __init__(self, told: Told, total: int) -> None:
        self._told, self._total, self._done = told, total + 1, 0

    def __call__(self, stage: str) -> None:
        self._told(stage, min(self._done, self._total), self._total)
        self._done += 1

    def end(self) -> None:
        self._told("report written", self._total, self._total)
