"""The answer: three months of summaries, never a trajectory."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import METRICS
from ml.records.cgm.agp import PERCENTILES

AGP_MINUTES = 15
MONTHS = 3
SERVED = Literal["model", "carry_forward"]


@dataclass(frozen=True)
class Choice:
    """Why a metric is forecast as it is.

    Attributes:
        metric: one of `METRICS`.
        served: ``model``, or ``carry_forward`` where no model beat it on people or days held out.
        candidate: which model, e.g. ``shrinkage``, ``recurrent``; ``carry_forward`` otherwise.
        reason: one sentence for a reader.
        figures: mean absolute errors behind the choice, in the unit of the metric: keys
            ``held_out_people``, ``model_mae``, ``carry_forward_mae``, ``ratio`` and its
            ``ratio_upper_95`` over people, and with days of the person's own held out also
            ``own_days``, ``own_model_mae``, ``own_carry_forward_mae``.
    """

    metric: str
    served: SERVED
    candidate: str
    reason: str
    figures: dict[str, float]


@dataclass(frozen=True, eq=False)
class Scenario:
    """One way the three months might go, made up of days; not a forecast of any day.

    Attributes:
        label: always ``scenario``.
        source: ``own_days`` or ``synthetic_days``: what the days were taken from.
        step_minutes: between two values.
        mg_dl: float32, shape (91, 1440 / step_minutes), the first entry of a day at midnight.
    """

    label: str
    source: str
    step_minutes: int
    mg_dl: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class QuarterForecast:
    """Three months after a record, as summaries with 90 % intervals.

    Attributes:
        person: whose it is.
        first_day: the day after the record's last reading, on the wall clock, datetime64[D].
        worn_days: days of the last fourteen worn 70 % or more.
        widened: True under fourteen worn days; the intervals are then wider.
        so_far: the five metrics of the last fourteen days, float64, (5,): what is carried forward.
        weekly: float64, (13, 5, 3): week, metric as in `METRICS`, (low, mid, high). Shares and CV
            are 0 to 1, GMI is %. Mid TIR + TBR + TAR = 1; low ≤ mid ≤ high.
        quarter: the same for the 91 days as a whole, (5, 3).
        agp: mg/dL, float64, (3, 96, 5): month, quarter hour of the wall clock, `PERCENTILES` of
            the readings that are expected there (the doubt about the level is in the band).
        scenarios: sampled paths, each labelled; may be empty.
        served: ``model`` when at least one metric is served by a model.
        reason: which metrics, and why, in a sentence.
        choices: one per metric, in the order of `METRICS`.
        calibrated_on: whom the intervals were calibrated on, e.g. ``simulated people``.
    """

    person: str
    first_day: np.datetime64
    worn_days: int
    widened: bool
    so_far: npt.NDArray[np.float64]
    weekly: npt.NDArray[np.float64]
    quarter: npt.NDArray[np.float64]
    agp: npt.NDArray[np.float64]
    scenarios: tuple[Scenario, ...]
    served: SERVED
    reason: str
    choices: tuple[Choice, ...]
    calibrated_on: str

    def to_dict(self) -> dict[str, Any]:
        """The forecast as JSON.

        Returns:
            ``person``, ``first_day`` (ISO date), ``worn_days``, ``widened``, ``served``
            (``model`` | ``carry_forward``), ``reason``;
            ``so_far``: metric → value; ``quarter``: metric → ``{low, mid, high}``;
            ``weeks``: 13 × ``{week (1 to 13), first_day, tir, tbr, tar, gmi, cv}``, each metric
            ``{low, mid, high}``; shares and CV 0 to 1, GMI in %;
            ``agp``: 3 × ``{month (1 to 3), step_minutes, p5, p25, p50, p75, p95}``, lists of 96
            values in mg/dL from midnight;
            ``scenarios``: ``{label: "scenario", source, step_minutes: 60, mg_dl: 91 × 24}``;
            ``choices``: ``{metric, served, candidate, reason, figures}``;
            ``interval``: 0.9; ``calibrated_on``; ``note``: what the numbers are not.
        """
        return {
            "person": self.person,
            "first_day": str(self.first_day),
            "interval": 0.9,
            "calibrated_on": self.calibrated_on,
            "worn_days": self.worn_days,
            "widened": self.widened,
            "served": self.served,
            "reason": self.reason,
            "so_far": dict(zip(METRICS, np.round(self.so_far, 6).tolist(), strict=True)),
            "quarter": _row(self.quarter),
            "weeks": [
                {"week": week + 1, "first_day": str(self.first_day + 7 * week), **_row(row)}
                for week, row in enumerate(self.weekly)
            ],
            "agp": [_month(month, band) for month, band in enumerate(self.agp)],
            "scenarios": [_path(scenario) for scenario in self.scenarios],
            "choices": [_choice(choice) for choice in self.choices],
            "note": (
                "Summaries of weeks and months; nobody can tell a single day or reading three "
                "months ahead. Scenarios are examples of what such weeks could look like. The 90 % "
                f"intervals were calibrated on {self.calibrated_on}; a life can change by more."
            ),
        }


def _row(values: npt.NDArray[np.float64]) -> dict[str, dict[str, float]]:
    return {
        metric: dict(zip(("low", "mid", "high"), (round(float(v), 6) for v in row), strict=True))
        for metric, row in zip(METRICS, values, strict=True)
    }


def _month(month: int, band: npt.NDArray[np.float64]) -> dict[str, Any]:
    columns = {f"p{p}": np.round(band[:, i], 1).tolist() for i, p in enumerate(PERCENTILES)}
    return {"month": month + 1, "step_minutes": AGP_MINUTES, **columns}


def _path(scenario: Scenario) -> dict[str, Any]:
    hourly = scenario.mg_dl.reshape(len(scenario.mg_dl), 24, -1).mean(axis=2)
    return {
        "label": scenario.label,
        "source": scenario.source,
        "step_minutes": 60,
        "mg_dl": np.round(hourly.astype(np.float64), 1).tolist(),
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "metric": choice.metric,
        "served": choice.served,
        "candidate": choice.candidate,
        "reason": choice.reason,
        "figures": {name: round(value, 5) for name, value in choice.figures.items()},
    }
