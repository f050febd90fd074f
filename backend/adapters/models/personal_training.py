"""A personal model put together: look at the days, make more of them, learn, compare, look ahead.

Each stage draws from a generator of its own, made from the seed and the stage's number, so that a
training which goes on from a checkpoint ends in the model that an uninterrupted one ends in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.adapters.models.bases import Bases
from backend.adapters.models.personal_model import PersonalModel
from backend.adapters.models.settings import PersonalSetting
from backend.adapters.models.telling import assessment_json, assessment_of
from backend.adapters.models.traces import context_of
from backend.domain.errors import NotEnoughData
from ml.artifacts import Artifact, pack, unpack
from ml.generators.generator import TooLittleData as TooFewDays
from ml.models.baselines import LastValue
from ml.models.conformal import AdaptiveConformal
from ml.models.fine_tuning import Choice, best_of, fine_tune, split_by_time
from ml.models.forecaster import TooLittleData
from ml.models.linear import Linear
from ml.models.onnx_forecaster import Predictor, served
from ml.records.cgm.day_grids import grids_of_days
from ml.records.cgm.days import GlucoseDays, whole_days
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.readiness import FULL_DAYS, Readiness, assess, trusted
from ml.records.cgm.trace import CgmTrace
from ml.records.cgm.windows import HORIZON, ForecastWindows, forecast_windows, joined
from ml.training.progress import Part, Progress, ProgressSink, silent
from ml.training.stages import Stages

_STEP_OF_DAY = 288
_SYNTHETIC_STRIDE = 6
_LEAST_WHOLE_DAYS = 4
"""A generator that sees fewer whole days has nothing to vary."""
_LAST_VALUE, _LINEAR, _BASE, _OWN = "last_value", "linear", "base", "tuned_to_you"
_NAMES = {
    _LAST_VALUE: "the last value",
    _LINEAR: "least squares",
    _BASE: "the network for everybody",
    _OWN: "the network tuned to you",
}


@dataclass(frozen=True, eq=False)
class _Split:
    """A person's windows in time: to learn from, to stop and calibrate by, to choose by."""

    learn: ForecastWindows
    stop: ForecastWindows
    choose: ForecastWindows


def train_personal(
    grid: GlucoseGrid,
    found: Readiness,
    setting: PersonalSetting,
    bases: Bases,
    *,
    seed: int,
    progress: ProgressSink,
    stages: Stages,
) -> PersonalModel:
    """The model of one person's grid, which is `enough`; `NotEnoughData` where it has gaps."""
    believed = trusted(grid, found)
    split = _split(believed, setting)
    seen = _until(believed, split.learn.moment.max())
    days = _synthetic(
        seen, setting, seed, _part(progress, "making days like yours", 0, 0.5), stages
    )
    tuning = _part(progress, "tuning the network to you", 0.5, 0.95)
    candidates = _candidates(split, days, setting, bases, seed, tuning, stages)
    choice = best_of({name: served(one) for name, one in candidates.items()}, split.choose)
    winner = served(candidates[choice.winner])
    progress(Progress("looking three months ahead", 950, 1000))
    quarter, quarter_reason = _quarter(believed, days, bases, seed)
    return PersonalModel(
        context=context_of(believed),
        served=candidates[choice.winner],
        linear=candidates[_LINEAR],
        factors=_widths(winner, split, found),
        told={
            "assessment": assessment_json(assessment_of(found)),
            "winner": choice.winner,
            "kind": candidates[choice.winner].kind,
            "reason": _reason(choice),
            "candidates": _figures(choice),
            "quarter": quarter,
            "quarter_reason": quarter_reason,
            "setting": setting.name,
            "seed": seed,
        },
    )


def _part(progress: ProgressSink, doing: str, start: float, end: float) -> ProgressSink:
    """Steps of a part as steps of the whole, said in words for the person."""
    part = Part(progress, start, end)
    return lambda step: part(replace(step, stage=f"{doing} ({step.stage})"))


def enough(grid: GlucoseGrid, traces: Sequence[CgmTrace] = ()) -> Readiness:
    """The assessment of a grid that is enough, or `NotEnoughData` in its own sentences."""
    found = assess(grid, traces=traces)
    if not found.enough:
        raise NotEnoughData(
            " ".join(reason.sentence for reason in found.reasons),
            needs=found.needs,
            reasons=tuple(reason.code for reason in found.reasons),
        )
    return found


def _split(grid: GlucoseGrid, setting: PersonalSetting) -> _Split:
    try:
        return _Split(*split_by_time(forecast_windows(grid, stride=setting.stride)))
    except (TooLittleData, ValueError) as fault:
        raise NotEnoughData(
            f"the days that are there hold too few stretches of 14 hours without a gap: {fault}",
            needs="10 days worn for 70 % or more, without a pause in most half days",
            reasons=("too_many_gaps",),
        ) from fault


def _synthetic(
    seen: GlucoseGrid, setting: PersonalSetting, seed: int, progress: ProgressSink, stages: Stages
) -> GlucoseDays | None:
    """Days from a SinGAN of what is `seen`; None where too few whole days are there for one."""
    from ml.generators.singan import SinGan
    from ml.generators.singan_settings import DEMO

    settings = replace(
        DEMO,
        name=f"personal-{setting.name}",
        iterations=setting.singan_iterations,
        channels=setting.singan_channels,
        most_channels=2 * setting.singan_channels,
        ratio=setting.singan_ratio,
    )
    kept = stages.load("generator")
    if kept is None:
        real = whole_days([seen], step_minutes=settings.step_minutes)
        least = min(settings.least_days, _LEAST_WHOLE_DAYS)
        generator = SinGan(replace(settings, least_days=least))
        try:
            generator.fit(
                real,
                rng=_rng(seed, 1),
                progress=progress,
                checkpoints=stages.of("generator_state"),
            )
        except TooFewDays:
            return None
        kept = pack(generator.to_artifact())
        stages.finish("generator", kept, instead_of="generator_state")
    generator = SinGan.from_artifact(unpack(kept))
    return generator.sample(setting.synthetic_days, rng=_rng(seed, 2))


def _until(grid: GlucoseGrid, last: np.datetime64) -> GlucoseGrid:
    """What was known at `last`: the days that stop, calibrate and choose stay unseen."""
    steps = int(np.searchsorted(grid.moments, last, side="right"))
    return replace(
        grid,
        moments=grid.moments[:steps],
        minute_of_day=grid.minute_of_day[:steps],
        mg_dl=grid.mg_dl[:steps],
        observed=grid.observed[:steps],
    )


def _candidates(
    split: _Split,
    days: GlucoseDays | None,
    setting: PersonalSetting,
    bases: Bases,
    seed: int,
    progress: ProgressSink,
    stages: Stages,
) -> dict[str, Artifact]:
    """The simplest first: of equals the first is served."""
    simple: dict[str, LastValue | Linear] = {_LAST_VALUE: LastValue(), _LINEAR: Linear()}
    try:
        for one in simple.values():
            one.fit(split.learn, split.stop, rng=_rng(seed, 3), progress=silent)
    except TooLittleData as fault:
        raise NotEnoughData(
            str(fault), needs="more days worn for 70 % or more", reasons=("too_many_gaps",)
        ) from fault
    found = {name: one.to_artifact() for name, one in simple.items()}
    kept = stages.load("tuned")
    if kept is None:
        tuned = fine_tune(
            bases.forecaster,
            split.learn,
            split.stop,
            synthetic=_windows_of(days),
            settings=setting.fine_tuning,
            checkpoints=stages.of("tuned_state"),
            rng=_rng(seed, 4),
            progress=progress,
        )
        kept = pack(tuned.to_artifact())
        stages.finish("tuned", kept, instead_of="tuned_state")
    return found | {_BASE: bases.artifact, _OWN: unpack(kept)}


def _windows_of(days: GlucoseDays | None) -> ForecastWindows | None:
    if days is None:
        return None
    parts = [
        forecast_windows(grid, stride=_SYNTHETIC_STRIDE)
        for grid in grids_of_days(days)
        if len(grid) > _STEP_OF_DAY // 2 + HORIZON
    ]
    return joined(parts) if parts else None


def _widths(winner: Predictor, split: _Split, found: Readiness) -> npt.NDArray[np.float64]:
    """Factors on the interval's halves that the person's own last outcomes ask for.

    With fewer than fourteen worn days they grow by the square root of what is missing.
    """
    online = AdaptiveConformal()
    for windows in (split.stop, split.choose):
        order = np.argsort(windows.moment)
        quantiles = winner.predict(windows.take(order))
        for told, outcome in zip(quantiles, windows.target[order], strict=True):
            online.observe(online.apply(told[None])[0], outcome)
    widening = np.sqrt(max(1.0, FULL_DAYS / found.days_worn))
    return np.asarray(np.maximum(online.factors, 0.5) * widening, dtype=np.float64)


def _quarter(
    grid: GlucoseGrid, days: GlucoseDays | None, bases: Bases, seed: int
) -> tuple[dict[str, Any] | None, str]:
    """Three months ahead as JSON, or why not."""
    try:
        forecast = bases.quarter.predict(grid, rng=_rng(seed, 5), days=days)
    except TooLittleData as fault:
        return None, str(fault)
    return forecast.to_dict(), forecast.reason


def _reason(choice: Choice) -> str:
    """Which forecaster is served, and by what figures."""
    ours, last = choice.standings[choice.winner], choice.standings[_LAST_VALUE]
    told = (
        f"On your last days, which nothing was learnt from, {_NAMES[choice.winner]} erred least: "
        f"{ours.rmse[1]:.1f} mg/dL at 60 minutes"
    )
    if choice.winner == _LAST_VALUE:
        return f"{told}. No model beat carrying the last value forward, so that is served."
    linear = choice.standings[_LINEAR]
    beside = "" if choice.winner == _LINEAR else f" and of least squares {linear.rmse[1]:.1f}"
    return f"{told}, where the last value carried forward errs {last.rmse[1]:.1f}{beside}."


def _figures(choice: Choice) -> Mapping[str, Mapping[str, float]]:
    return {
        name: {
            "pinball_mg_dl": round(standing.pinball, 3),
            **{
                f"rmse_{minutes}_mg_dl": round(value, 2)
                for minutes, value in zip((30, 60, 120), standing.rmse, strict=True)
            },
            "coverage_90": round(standing.coverage, 3),
            "windows": choice.windows,
        }
        for name, standing in choice.standings.items()
    }


def _rng(seed: int, stage: int) -> np.random.Generator:
    return np.random.default_rng([seed, stage])
