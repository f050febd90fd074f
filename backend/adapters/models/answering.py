"""A stored model answers: onnxruntime and numpy, no deep-learning framework."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from backend.adapters.models.personal_model import PersonalModel
from backend.adapters.models.telling import (
    assessment_from,
    moment_of,
    quarter_of,
    told_of_newer,
)
from backend.domain.errors import ModelUnusable, NotEnoughData
from backend.domain.glucose import (
    Assessment,
    Baseline,
    Candidate,
    GlucoseForecast,
    Quarter,
    ShortTerm,
    Step,
)
from ml.artifacts import BrokenArtifact, NewerArtifact
from ml.models.conformal import Floats, ordered
from ml.models.forecaster import MEDIAN
from ml.models.onnx_forecaster import Predictor, served
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.readiness import Readiness
from ml.records.cgm.windows import HORIZON_MINUTES, ForecastWindows, forecast_windows

_RECENT_HOURS = 6


@dataclass(frozen=True, eq=False)
class Answering:
    """A model made ready: predictors loaded, the last window cut, the months read."""

    model: PersonalModel
    forecaster: Predictor
    linear: Predictor
    assessment: Assessment
    quarter: Quarter | None
    window: ForecastWindows
    recent: tuple[tuple[datetime, float], ...]


def made_ready(model: PersonalModel, grid: GlucoseGrid, found: Readiness) -> Answering:
    """The model before its first answer; forecasts start at the last usable reading of `grid`.

    `found` is what an assessment of the readings shows that the answer has to tell.

    Raises:
        ModelUnusable: a part of it cannot be read.
        NotEnoughData: no reading has twelve hours before it.
    """
    windows = forecast_windows(grid)
    if len(windows) == 0:
        raise NotEnoughData(
            "no reading has the twelve hours before it that a forecast needs",
            needs="half a day of readings without a long gap, up to the last one",
            reasons=("too_many_gaps",),
        )
    last = windows.take(np.array([len(windows) - 1]))
    told = model.told
    try:
        return Answering(
            model=model,
            forecaster=served(model.served),
            linear=served(model.linear),
            assessment=told_of_newer(assessment_from(told["assessment"]), found),
            quarter=None if told["quarter"] is None else quarter_of(told["quarter"]),
            window=last,
            recent=_recent(grid, last.moment[0]),
        )
    except (BrokenArtifact, NewerArtifact, KeyError, TypeError, ValueError) as fault:
        raise ModelUnusable(
            "your model cannot be read by this release: train it again with a POST to "
            "/api/forecast/trainings"
        ) from fault


def answer(ready: Answering) -> GlucoseForecast:
    """The forecast from the model's last reading, whenever that was."""
    told = ready.model.told
    origin = moment_of(ready.window.moment[0])
    quantiles = _personal(ready.forecaster.predict(ready.window), ready.model.factors)[0]
    return GlucoseForecast(
        assessment=ready.assessment,
        short_term=ShortTerm(
            origin=origin,
            last_mg_dl=_rounded(ready.window.history[0, -1]),
            recent=ready.recent,
            steps=tuple(
                Step(minutes, origin + timedelta(minutes=minutes), tuple(map(_rounded, row)))
                for minutes, row in zip(HORIZON_MINUTES, quantiles, strict=True)
            ),
            served=told["winner"],
            reason=told["reason"],
            candidates=_candidates(told["candidates"]),
            baselines=_baselines(ready),
        ),
        quarter=ready.quarter,
        quarter_reason=told["quarter_reason"],
    )


def _personal(quantiles: Floats, factors: np.ndarray) -> Floats:
    """The interval's halves times the person's own factors."""
    middle = quantiles[:, :, MEDIAN : MEDIAN + 1]
    away = quantiles - middle
    widths = np.where(away < 0, factors[0][:, None], factors[1][:, None])
    return ordered((middle + away * widths).astype(np.float32), middle[:, :, 0])


def _baselines(ready: Answering) -> tuple[Baseline, ...]:
    last = _rounded(ready.window.history[0, -1])
    linear = ready.linear.predict(ready.window)[0, :, MEDIAN]
    found = [
        Baseline("last_value", (last,) * len(HORIZON_MINUTES)),
        Baseline("linear", tuple(map(_rounded, linear))),
    ]
    for name, values in (
        ("same_time_yesterday", ready.window.yesterday[0]),
        ("time_of_day_median", ready.window.typical[0]),
    ):
        if np.isfinite(values).all():
            found.append(Baseline(name, tuple(map(_rounded, values))))
    return tuple(found)


def _candidates(told: Mapping[str, Mapping[str, float]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(name, dict(figures)) for name, figures in told.items())


def _recent(grid: GlucoseGrid, origin: np.datetime64) -> tuple[tuple[datetime, float], ...]:
    """Real readings of the last hours up to the origin."""
    since = origin - np.timedelta64(_RECENT_HOURS, "h")
    shown = grid.observed & (grid.moments > since) & (grid.moments <= origin)
    return tuple(
        (moment_of(moment), _rounded(value))
        for moment, value in zip(grid.moments[shown], grid.mg_dl[shown], strict=True)
    )


def _rounded(value: float) -> float:
    return round(float(value), 1)
