"""The issue's targets beside what was reached: hit or missed, nothing in between."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]


def targets(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per target: what, the value asked for, what the named rows reached, whether hit.

    A fidelity target asks whether the generator learnt the days it was fitted on (against the
    training people); utility and being told apart are judged on people never seen. Of several
    seeds the mean counts.
    """
    cohort = named(result["cohort"], result["settings"]["cohort"]["name"])
    demo = named(result["personal"], result["settings"]["personal"]["name"])
    found = [
        _line("SD ratio", "0.95 to 1.05", _training(cohort, "sd_ratio"), _between(0.95, 1.05)),
        _line("|ΔTIR|", "≤ 0.02", _training(cohort, "tir_difference"), _within(0.02)),
        _line("|Δlag-1|", "≤ 0.01", _training(cohort, "lag1_difference"), _within(0.01)),
        _line(
            "discriminative",
            "≤ 0.10",
            [r["discriminative"]["score"][0] for r in cohort],
            _most(0.1),
        ),
        _line(
            "TSTR MAE over real, next step",
            "≤ 1.05",
            [r["predictive"]["next_step_ratio"][0] for r in cohort],
            _most(1.05),
        ),
        _line(
            "TSTR MAE over real, 60 min",
            "≤ 1.05",
            [r["predictive"]["hour_ratio"][0] for r in cohort],
            _most(1.05),
        ),
        _line(
            "1,000 days, seconds",
            "≤ 2",
            [r["sample_1000_days_seconds"] for r in cohort],
            _most(2.0),
        ),
        _line("personal training, minutes of CPU", "≤ 7", _minutes(demo), _most(7.0)),
    ]
    if result["protocol"]["quick"]:
        return [{**line, "hit": None} for line in found]
    return found


def named(rows: Sequence[Row], label: str) -> list[Row]:
    """The rows of that label."""
    return [row for row in rows if row["label"] == label]


def _training(rows: Sequence[Row], measure: str) -> list[float]:
    return [row["against_training"][measure][0] for row in rows]


def _minutes(rows: Sequence[Row]) -> list[float]:
    return [row["fit_cpu_seconds"] / 60 for row in rows if not row["resumed"]]


def _line(
    what: str, asked: str, values: Sequence[float], reached: Callable[[float], bool]
) -> dict[str, Any]:
    value = float(np.mean(values)) if len(values) else float("nan")
    return {
        "target": what,
        "asked": asked,
        "reached": value,
        "seeds": [float(v) for v in values],
        "hit": bool(reached(value)) if len(values) else None,
    }


def _between(least: float, most: float) -> Callable[[float], bool]:
    return lambda value: least <= value <= most


def _within(most: float) -> Callable[[float], bool]:
    return lambda value: abs(value) <= most


def _most(most: float) -> Callable[[float], bool]:
    return lambda value: value <= most
