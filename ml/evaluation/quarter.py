"""How good three-month summaries are: errors, coverage, and skill beside carry-forward.

A person counts once. Predictions and outcomes have a row per week and, last, one for the quarter
as a whole, and a column per metric; NaN marks a week of which too little is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, paired_ratio

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MetricScore:
    """One metric over people.

    Attributes:
        metric: its name.
        people: who have a week that is known.
        weeks_mae: mean over people of the mean absolute error of their weeks, metric's unit.
        quarter_mae: mean absolute error of the quarter as a whole; NaN if nobody's is known.
        ratio: error (half weeks, half quarter) over carry-forward's, 95 % interval over people.
        better: share of people whose error is smaller than carry-forward's; equal is not.
        equal: share of people whose error is the same (carry-forward is served).
        weeks_covered, quarter_covered: share of outcomes within low and high.
        relative_width: mean width of the weekly interval over the SD of the outcomes over people.
    """

    metric: str
    people: int
    weeks_mae: float
    quarter_mae: float
    ratio: Interval
    better: float
    equal: float
    weeks_covered: float
    quarter_covered: float
    relative_width: float


def absolute_errors(predicted: Floats, after: Floats) -> Floats:
    """Per person and metric: half the weeks' mean absolute error, half that of the quarter.

    Args:
        predicted, after: (people, weeks + 1, metrics).

    Returns:
        (people, metrics); NaN for a person with no week known. Without a quarter the weeks count
        alone.
    """
    weeks = week_errors(predicted, after)
    quarter = np.abs(predicted[:, -1] - after[:, -1])
    both: Floats = np.where(np.isfinite(quarter), 0.5 * (weeks + np.nan_to_num(quarter)), weeks)
    return both


def week_errors(predicted: Floats, after: Floats) -> Floats:
    """Mean absolute error of each person's known weeks, (people, metrics)."""
    off = np.abs(predicted[:, :-1] - after[:, :-1])
    known = np.isfinite(off)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, off, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean


def ratio_to(model: Floats, carried: Floats, *, rng: np.random.Generator) -> Interval:
    """Mean error of a model over that of carry-forward on the same people, (people,) each.

    Exactly 1 when nothing can be said: nobody is known, or carry-forward makes no error.
    """
    known = np.isfinite(model) & np.isfinite(carried)
    if not known.any() or carried[known].sum() == 0.0:
        return Interval(1.0, 1.0, 1.0)
    people = np.arange(known.sum()).astype(str)
    return paired_ratio(people, model[known], carried[known], rng=rng)


def covered(bounded: Floats, after: Floats) -> Floats:
    """1 where an outcome lies within low and high, 0 where not, NaN where unknown.

    Args:
        bounded: low, mid, high on the last axis, shape of `after` + (3,).
    """
    rounding = 1e-9
    inside = (after >= bounded[..., 0] - rounding) & (after <= bounded[..., 2] + rounding)
    return np.where(np.isfinite(after), inside, np.nan)


def score(
    metrics: Sequence[str],
    bounded: Floats,
    carried: Floats,
    after: Floats,
    *,
    rng: np.random.Generator,
) -> list[MetricScore]:
    """A score per metric.

    Args:
        bounded: (people, weeks + 1, metrics, 3), low, mid, high.
        carried: carry-forward's point forecasts, (people, weeks + 1, metrics).
        after: what came, same shape as `carried`.
    """
    mid = bounded[..., 1]
    weeks, ours, theirs = (
        week_errors(mid, after),
        absolute_errors(mid, after),
        absolute_errors(carried, after),
    )
    hits, widths = covered(bounded, after), bounded[..., 2] - bounded[..., 0]
    found = []
    for i, metric in enumerate(metrics):
        known = np.isfinite(ours[:, i])
        same = np.isclose(ours[known, i], theirs[known, i], rtol=0, atol=1e-12)
        found.append(
            MetricScore(
                metric=metric,
                people=int(known.sum()),
                weeks_mae=_mean(weeks[:, i]),
                quarter_mae=_mean(np.abs(mid[:, -1, i] - after[:, -1, i])),
                ratio=ratio_to(ours[:, i], theirs[:, i], rng=rng),
                better=float((~same & (ours[known, i] < theirs[known, i])).mean()),
                equal=float(same.mean()),
                weeks_covered=_mean(hits[:, :-1, i]),
                quarter_covered=_mean(hits[:, -1, i]),
                relative_width=float(widths[:, :-1, i].mean()) / _spread(after[:, :-1, i]),
            )
        )
    return found


def explained(seen: Floats, came: Floats) -> float:
    """Squared correlation over people, NaN pairs left out."""
    known = np.isfinite(seen) & np.isfinite(came)
    return float(np.corrcoef(seen[known], came[known])[0, 1] ** 2)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _spread(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.std()) or float("nan") if known.size > 1 else float("nan")
