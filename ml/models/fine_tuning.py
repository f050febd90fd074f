"""A base forecaster made one person's own, and the choice of what that person is served."""

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ml.evaluation.forecast import score
from ml.models.forecaster import QUANTILES, TooLittleData
from ml.models.onnx_forecaster import Predictor
from ml.models.recurrent import Recurrent
from ml.records.cgm.windows import HORIZON, STEP_MINUTES, ForecastWindows, joined
from ml.training.checkpoints import Checkpoints
from ml.training.progress import ProgressSink
from ml.training.quantiles import Settings

FINE_TUNING = Settings(epochs=10, patience=3, batch=256, rate=3e-4, average=0.98)


@dataclass(frozen=True)
class Standing:
    """How one forecaster did on held-out days of a person.

    Attributes:
        pinball: mg/dL, mean over all steps and levels; what the choice goes by.
        rmse: mg/dL at 30, 60 and 120 minutes.
        coverage: share of outcomes inside the 90 % interval, all steps.
    """

    pinball: float
    rmse: tuple[float, float, float]
    coverage: float


@dataclass(frozen=True)
class Choice:
    """Which forecaster serves a person, and how each candidate stood."""

    winner: str
    standings: Mapping[str, Standing]
    windows: int


def fine_tune(
    base: Recurrent,
    windows: ForecastWindows,
    validation: ForecastWindows,
    *,
    synthetic: ForecastWindows | None = None,
    settings: Settings = FINE_TUNING,
    checkpoints: Checkpoints | None = None,
    rng: np.random.Generator,
    progress: ProgressSink,
) -> Recurrent:
    """A copy of `base` trained on from its weights; never worse than it on `validation`'s loss.

    Args:
        base: a fitted forecaster; it stays as it was.
        windows: of the person, before those of `validation` in time.
        validation: of the person; stops the training and shrinks the calibration to the person.
        synthetic: windows of synthetic days of the same person, trained on beside the real ones.

    Raises:
        TooLittleData: too few windows on either side.
        TrainingCancelled: raised by `progress`.
    """
    if base.network is None or base.conformal is None:
        raise ValueError(f"the {base.kind!r} base forecaster was not fitted")
    tuned = type(base)(settings, checkpoints=checkpoints)
    train = windows if synthetic is None else joined([windows, synthetic])
    tuned.learn(
        copy.deepcopy(base.network),
        train,
        validation,
        prior=base.conformal,
        rng=rng,
        progress=progress,
    )
    tuned.card = {
        **tuned.card,
        "base": base.card,
        "synthetic_windows": 0 if synthetic is None else len(synthetic),
    }
    return tuned


def split_by_time(
    windows: ForecastWindows, shares: tuple[float, ...] = (0.6, 0.2, 0.2)
) -> tuple[ForecastWindows, ...]:
    """One person's windows cut into stretches of time, earliest first.

    No outcome of a stretch lies in the next: windows that look across a cut are left out.

    Raises:
        TooLittleData: a stretch would be empty.
    """
    order = np.argsort(windows.moment)
    cuts = np.rint(np.cumsum((0.0, *shares)) * len(order)).astype(int)
    reach = np.timedelta64(HORIZON * STEP_MINUTES, "m")
    parts = []
    for first, last in itertools.pairwise(cuts):
        rows = order[first:last]
        if last < len(order):
            rows = rows[windows.moment[rows] + reach < windows.moment[order[last]]]
        if rows.size == 0:
            raise TooLittleData(
                f"{len(order)} forecast windows cannot be cut into {len(shares)} stretches: "
                "wear the sensor longer"
            )
        parts.append(windows.take(rows))
    return tuple(parts)


def best_of(candidates: Mapping[str, Predictor], held_out: ForecastWindows) -> Choice:
    """The candidate with the least pinball loss on days that none of them was trained on.

    Of equals the first named wins: name the simplest first.

    Raises:
        TooLittleData: no held-out window has an outcome.
    """
    if not np.isfinite(held_out.target).any():
        raise TooLittleData("no held-out day has an outcome to compare forecasts by")
    standings = {name: _standing(model, held_out) for name, model in candidates.items()}
    winner = min(standings, key=lambda name: standings[name].pinball)
    return Choice(winner, standings, len(held_out))


def _standing(model: Predictor, windows: ForecastWindows) -> Standing:
    own = replace(windows, person=np.zeros(len(windows), dtype="<U1"))
    scores = score(
        person=own.person,
        last=own.history[:, -1],
        hour=own.minute_of_day // 60,
        target=own.target,
        quantiles=model.predict(own),
        levels=QUANTILES,
    )
    rmse = np.sqrt(scores.mse[0])
    return Standing(
        pinball=float(np.nanmean(scores.pinball)),
        rmse=(float(rmse[5]), float(rmse[11]), float(rmse[23])),
        coverage=float(scores.hits.sum() / max(scores.counts.sum(), 1.0)),
    )
