"""The issue's targets beside what was reached: hit or missed, nothing in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Row = Mapping[str, Any]

REAL = "real_days_of_training_people"
BASELINE = "gaussian_days"


@dataclass(frozen=True)
class Target:
    """What was asked of a figure.

    Attributes:
        what, asked: in words.
        path: where the figure lies in a row.
        least, most: between which the mean of all trainings has to lie.
    """

    what: str
    asked: str
    path: tuple[str, ...]
    least: float
    most: float


_ANY = float("-inf")
COHORT = (
    Target("SD ratio", "0.95 to 1.05", ("against_training", "sd_ratio"), 0.95, 1.05),
    Target("|ΔTIR|", "≤ 0.02", ("against_training", "tir_difference"), -0.02, 0.02),
    Target("|Δlag-1|", "≤ 0.01", ("against_training", "lag1_difference"), -0.01, 0.01),
    Target("discriminative", "≤ 0.10", ("discriminative", "score"), _ANY, 0.10),
    Target(
        "TSTR MAE over real, next step", "≤ 1.05", ("predictive", "next_step_ratio"), _ANY, 1.05
    ),
    Target("TSTR MAE over real, 60 min", "≤ 1.05", ("predictive", "hour_ratio"), _ANY, 1.05),
    Target("1,000 days, seconds", "≤ 2", ("sample_1000_days_seconds",), _ANY, 2.0),
)
PERSONAL = Target("personal training, CPU minutes", "≤ 7", ("fit_cpu_seconds",), _ANY, 7.0)


def targets(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per target: what each training reached and whether their mean hits it.

    A fidelity target asks whether the generator learnt the days it was fitted on (against the
    training people); utility and being told apart are judged on people never seen. Beside each
    stand the baseline and what real days of other people have, where that can be said.
    """
    cohort, lines = result["cohort"], []
    for setting in (result["settings"]["cohort"]["name"], result["settings"]["longer"]):
        ours = named(cohort, setting)
        for target in COHORT if ours else ():
            beside = {
                "baseline": _figures(named(cohort, BASELINE), target),
                "real_days": _figures(named(cohort, REAL), target),
            }
            lines.append(_line(setting, target, _figures(ours, target), beside))
    setting = result["settings"]["personal"]["name"]
    rows = [row for row in named(result["personal"], setting) if not row["resumed"]]
    lines.append(_line(setting, PERSONAL, [[row["fit_cpu_seconds"] / 60] for row in rows], {}))
    if result["protocol"]["quick"]:
        return [{**line, "hit": None} for line in lines]
    return lines


def named(rows: Sequence[Row], label: str) -> list[Row]:
    """The rows of that label."""
    return [row for row in rows if row["label"] == label]


def _figures(rows: Sequence[Row], target: Target) -> list[list[float]]:
    """Value, or value with its bounds, of every row that has the figure."""
    found = []
    for row in rows:
        figure: Any = row
        for part in target.path:
            figure = figure.get(part) if isinstance(figure, Mapping) else None
        if figure is not None:
            found.append(list(figure) if isinstance(figure, Sequence) else [float(figure)])
    return found


def _line(
    setting: str,
    target: Target,
    ours: Sequence[list[float]],
    beside: Mapping[str, Sequence[list[float]]],
) -> dict[str, Any]:
    mean = float(np.mean([figure[0] for figure in ours])) if ours else None
    return {
        "setting": setting,
        "target": target.what,
        "asked": target.asked,
        "reached": mean,
        "trainings": [list(figure) for figure in ours],
        "hit": None if mean is None else target.least <= mean <= target.most,
        **{side: figures[0] for side, figures in beside.items() if figures},
    }
