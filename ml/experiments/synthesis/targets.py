"""The issue's targets beside what was reached: hit or missed, nothing in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

REAL = "real_days_of_training_people"
BASELINE = "gaussian_days"


@dataclass(frozen=True)
class Target:
    """What was asked of a figure.

    Attributes:
        what, asked: in words.
        path: where the figure lies in a row.
        least, most: between which every training has to lie.
        side: whose days a fidelity target is judged against.
    """

    what: str
    asked: str
    path: tuple[str, ...]
    least: float
    most: float
    side: str = ""


_ANY = float("-inf")
TRAINING, UNSEEN = "against_training", "against_held_out"
_FIDELITY = (
    ("SD ratio", "0.95 to 1.05", "sd_ratio", 0.95, 1.05),
    ("|ΔTIR|", "≤ 0.02", "tir_difference", -0.02, 0.02),
    ("|Δlag-1|", "≤ 0.01", "lag1_difference", -0.01, 0.01),
)
COHORT = (
    *(
        Target(f"{what}, {whose}", asked, (side, path), least, most, side)
        for side, whose in ((UNSEEN, "people never seen"), (TRAINING, "training people"))
        for what, asked, path, least, most in _FIDELITY
    ),
    Target("discriminative", "≤ 0.10", ("discriminative", "score"), _ANY, 0.10),
    Target(
        "TSTR MAE over real, next step", "≤ 1.05", ("predictive", "next_step_ratio"), _ANY, 1.05
    ),
    Target("TSTR MAE over real, 60 min", "≤ 1.05", ("predictive", "hour_ratio"), _ANY, 1.05),
    Target("1,000 days, seconds", "≤ 2", ("sample_1000_days_seconds",), _ANY, 2.0),
    Target("1,000 days, CPU seconds", "≤ 2", ("sample_1000_days_cpu_seconds",), _ANY, 2.0),
)
PERSONAL = Target("personal training, CPU minutes", "≤ 7", ("fit_cpu_seconds",), _ANY, 7.0)


def targets(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per target: what each training reached and whether every one hits it.

    A fidelity target is judged against people never seen, and against the training people, on
    whose readings the quantile map was fitted; utility and being told apart are judged on people
    never seen. Beside each stand the baseline, the same trainings without the map, and what real
    days of other people have, where that can be said.
    """
    cohort, lines = result["cohort"], []
    real = named(cohort, REAL)
    for setting in (result["settings"]["cohort"]["name"], result["settings"]["longer"]):
        ours = named(cohort, setting)
        for target in COHORT if ours else ():
            beside = {
                "baseline": _figures(named(cohort, BASELINE), target),
                "unmapped": _unmapped(ours, target),
                "real_days": [] if target.side == TRAINING else _figures(real, target),
            }
            lines.append(_line(setting, target, _figures(ours, target), beside))
    setting = result["settings"]["personal"]["name"]
    rows = [row for row in named(result["personal"], setting) if whole(row)]
    lines.append(_line(setting, PERSONAL, [[row["fit_cpu_seconds"] / 60] for row in rows], {}))
    if result["protocol"]["quick"]:
        return [{**line, "hit": None} for line in lines]
    return lines


def whole(row: Row) -> bool:
    """Whether the seconds of all parts of a row's training are known."""
    return bool(row.get("fit_whole", not row.get("resumed")))


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
    worst = _worst(target, ours)
    return {
        "setting": setting,
        "target": target.what,
        "asked": target.asked,
        "side": target.side,
        "reached": worst,
        "trainings": [list(figure) for figure in ours],
        "hit": None if worst is None else target.least <= worst <= target.most,
        **{side: figures[0] for side, figures in beside.items() if figures},
    }


def _unmapped(ours: Sequence[Row], target: Target) -> list[list[float]]:
    """The worst of the trainings without the quantile map, where rows have it."""
    if not target.side:
        return []
    found = _figures([row["unmapped"] for row in ours if "unmapped" in row], target)
    worst = _worst(target, found)
    return [] if worst is None else [[worst]]


def _worst(target: Target, figures: Sequence[list[float]]) -> float | None:
    """The value that lies farthest out, or nearest to the bounds from within."""
    values = [figure[0] for figure in figures]
    return max(values, key=lambda x: max(target.least - x, x - target.most), default=None)
