"""One conformity suite for every glucose forecaster of the catalogue.

    check_model(lambda: Gru(Settings(epochs=1)), rng=np.random.default_rng(0))

The data are simulated people. A forecaster that breaks a promise of `Forecaster` is answered with
`NotConforming`, which says which one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artifacts import Artifact, BrokenArtifact, NewerArtifact, pack, unpack
from ml.models.forecaster import QUANTILES, Forecaster, TooLittleData
from ml.records.cgm.windows import HORIZON, ForecastWindows, forecast_windows, joined
from ml.simulation.grids import simulated_grids
from ml.training.progress import Progress, TrainingCancelled, silent

LOWEST, HIGHEST = 20.0, 600.0
_CLOSE = 0.02  # mg/dL between batches of different size: rounding of float32 sums
_STRIDE = 4
_PEOPLE, _DAYS = 6, 3


class NotConforming(AssertionError):
    """A forecaster breaks a promise; says which."""


def check_model(make: Callable[[], Forecaster], *, rng: np.random.Generator) -> None:
    """Hold what `make` makes to every promise of `Forecaster`.

    Args:
        make: a new, unfitted forecaster each time, with the same settings.
        rng: decides the simulated people.

    Raises:
        NotConforming: the first promise that is broken.
    """
    train, validation, test = _people(rng)
    model = _fitted(make, train, validation)
    _check_forecasts(model, test)
    _check_honesty(model, test)
    _check_batches(model, test)
    _check_seeds(make, model, train, validation, test)
    _check_artifact(model, test)
    _check_refusals(make, train, validation)


def _check_forecasts(model: Forecaster, test: ForecastWindows) -> None:
    quantiles = model.predict(test)
    shape = (len(test), HORIZON, len(QUANTILES))
    _require(quantiles.shape == shape, f"forecasts have shape {quantiles.shape}, not {shape}")
    _require(quantiles.dtype == np.float32, f"forecasts are {quantiles.dtype}, not float32")
    _require(bool(np.isfinite(quantiles).all()), "a forecast is not finite")
    _require(bool((np.diff(quantiles, axis=2) >= 0).all()), "quantiles cross")
    within = (quantiles >= LOWEST) & (quantiles <= HIGHEST)
    _require(bool(within.all()), f"a forecast leaves {LOWEST:.0f} to {HIGHEST:.0f} mg/dL")
    none = test.take(np.zeros(len(test), dtype=bool))
    _require(model.predict(none).shape == (0, *shape[1:]), "no windows give other than none")
    extreme = _extreme(test)
    strange = model.predict(extreme)
    _require(bool(np.isfinite(strange).all()), "flat or extreme histories give no forecast")
    _require(bool((np.diff(strange, axis=2) >= 0).all()), "extreme histories cross quantiles")


def _check_honesty(model: Forecaster, test: ForecastWindows) -> None:
    blind = replace(test, target=np.full_like(test.target, np.nan))
    _require(
        np.array_equal(model.predict(test), model.predict(blind)),
        "forecasts change when the outcomes are hidden: the target is looked at",
    )


def _check_batches(model: Forecaster, test: ForecastWindows) -> None:
    whole = model.predict(test)
    backwards = model.predict(test.take(np.arange(len(test))[::-1]))[::-1]
    alone = np.concatenate([model.predict(test.take(np.array([i]))) for i in range(5)])
    _require(_close(whole, backwards), "a forecast depends on the order of the batch")
    _require(_close(whole[:5], alone), "a forecast depends on what else is in the batch")


def _check_seeds(
    make: Callable[[], Forecaster],
    model: Forecaster,
    train: ForecastWindows,
    validation: ForecastWindows,
    test: ForecastWindows,
) -> None:
    again = _fitted(make, train, validation)
    _require(
        np.array_equal(model.predict(test), again.predict(test)),
        "the same windows and seed give another forecaster",
    )
    _require(
        pack(model.to_artifact()) == pack(again.to_artifact()),
        "the same windows and seed give another artifact",
    )


def _check_artifact(model: Forecaster, test: ForecastWindows) -> None:
    artifact = model.to_artifact()
    _require(artifact.kind == model.kind, f"the artifact is of kind {artifact.kind!r}")
    packed = pack(artifact)
    kept = type(model).from_artifact(unpack(packed))
    _require(
        np.array_equal(model.predict(test), kept.predict(test)),
        "a stored forecaster comes back another",
    )
    _require(pack(kept.to_artifact()) == packed, "a stored forecaster is stored differently")
    for length in (0, 10, len(packed) // 2, len(packed) - 1):
        _require_raises(
            BrokenArtifact, lambda length=length: unpack(packed[:length]), "a truncated file"
        )
    load: Callable[[Artifact], Any] = type(model).from_artifact
    newer = replace(artifact, version=artifact.version + 1)
    _require_raises(NewerArtifact, lambda: load(newer), "a newer version")
    other = replace(artifact, kind="something else")
    _require_raises(BrokenArtifact, lambda: load(other), "another kind")
    empty = replace(artifact, files={})
    _require_raises(BrokenArtifact, lambda: load(empty), "an artifact without weights")


def _check_refusals(
    make: Callable[[], Forecaster], train: ForecastWindows, validation: ForecastWindows
) -> None:
    few = train.take(np.arange(20))
    for sides in ((few, validation), (train, few)):
        _require_raises(
            TooLittleData,
            lambda sides=sides: make().fit(*sides, rng=np.random.default_rng(0), progress=silent),
            "twenty windows",
        )
    told: list[Progress] = []

    def cancel(progress: Progress) -> None:
        told.append(progress)
        raise TrainingCancelled

    _require_raises(
        TrainingCancelled,
        lambda: make().fit(train, validation, rng=np.random.default_rng(0), progress=cancel),
        "a cancelled training",
    )
    _require(bool(told), "a training never says how far it is")
    shares = [p.done / p.total for p in _told(make, train, validation)]
    _require(shares == sorted(shares), "progress falls back")


def _told(
    make: Callable[[], Forecaster], train: ForecastWindows, validation: ForecastWindows
) -> Iterator[Progress]:
    told: list[Progress] = []
    make().fit(train, validation, rng=np.random.default_rng(0), progress=told.append)
    return iter(told)


def _fitted(
    make: Callable[[], Forecaster], train: ForecastWindows, validation: ForecastWindows
) -> Forecaster:
    model = make()
    model.fit(train, validation, rng=np.random.default_rng(7), progress=silent)
    return model


def _people(rng: np.random.Generator) -> list[ForecastWindows]:
    grids = simulated_grids(rng, _PEOPLE, days=_DAYS)
    windows = [forecast_windows(grid, stride=_STRIDE) for grid in grids]
    return [joined(windows[:3]), joined(windows[3:5]), joined(windows[5:])]


def _extreme(test: ForecastWindows) -> ForecastWindows:
    """Flat lines at the ends of the sensor, a cliff, and a day before that nobody knows."""
    part = test.take(np.arange(4))
    history = part.history.copy()
    history[0], history[1], history[2] = 39.0, 401.0, 100.0
    history[3, :-1], history[3, -1] = 400.0, 40.0
    unknown = np.full_like(part.typical, np.nan)
    return replace(part, history=history, typical=unknown, yesterday=unknown)


def _close(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> bool:
    return bool(np.abs(one - other).max() <= _CLOSE)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotConforming(otherwise)


def _require_raises(error: type[Exception], action: Callable[[], object], on: str) -> None:
    try:
        action()
    except error:
        return
    raise NotConforming(f"{on} is not answered with {error.__name__}")
