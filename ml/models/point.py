"""What all point forecasters share: intervals from their own errors, calibrated on others."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.models.conformal import FORMAT, Conformal, Residuals
from ml.models.forecaster import TooLittleData
from ml.records.cgm.windows import HORIZON, ForecastWindows
from ml.training.progress import Progress, ProgressSink

Floats = npt.NDArray[np.float32]

WEIGHTS = "weights.safetensors"
FEWEST_WINDOWS = 100
"""Windows that training and validation need each: about 8 h of origins."""


def require_enough(train: ForecastWindows, validation: ForecastWindows) -> None:
    """Raises `TooLittleData` when either has too few windows with an outcome."""
    for name, windows in (("training", train), ("calibration", validation)):
        known = int(np.isfinite(windows.target).any(axis=1).sum())
        if known < FEWEST_WINDOWS:
            raise TooLittleData(
                f"{known} forecast windows for {name}, {FEWEST_WINDOWS} are needed: "
                "wear the sensor longer, or contribute an older record"
            )


def training_card(train: ForecastWindows, validation: ForecastWindows) -> dict[str, object]:
    """How much a forecaster learnt from; names nobody."""
    return {
        "trained_on": {"people": len(np.unique(train.person)), "windows": len(train)},
        "calibrated_on": {
            "people": len(np.unique(validation.person)),
            "windows": len(validation),
        },
    }


def packed_tensors(tensors: Mapping[str, npt.NDArray[np.floating]]) -> bytes:
    """The tensors as safetensors; equal ones give equal bytes."""
    return bytes(save({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}))


def tensors_of(artifact: Artifact) -> dict[str, npt.NDArray[np.floating]]:
    """The tensors in an artifact's weights, or `BrokenArtifact`."""
    try:
        return dict(load(artifact.files[WEIGHTS]))
    except (KeyError, SafetensorError, ValueError) as fault:
        raise BrokenArtifact(f"the {artifact.kind!r} model has no readable weights") from fault


class PointForecaster:
    """A forecaster that says one value per step; a family fills in `_learn` and `_point`."""

    kind: str

    def __init__(self) -> None:
        self._residuals: Residuals | None = None
        self._conformal: Conformal | None = None
        self._card: dict[str, object] = {}

    def fit(
        self,
        train: ForecastWindows,
        validation: ForecastWindows,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> None:
        """As `Forecaster.fit`; nothing here is random."""
        require_enough(train, validation)
        progress(Progress("learning", 0, 2))
        self._learn(train)
        self._residuals = Residuals.fit(self.point(train), train)
        progress(Progress("calibrating", 1, 2))
        self._conformal = Conformal.fit(
            self._residuals.quantiles(self.point(validation), validation), validation
        )
        self._card = training_card(train, validation)
        progress(Progress("calibrating", 2, 2))

    def point(self, windows: ForecastWindows) -> Floats:
        """One value per step in mg/dL, shape (n, HORIZON); the fallback where nothing is known
        is the last value."""
        last = np.repeat(windows.history[:, -1:], HORIZON, axis=1)
        point = self._point(windows)
        return np.where(np.isfinite(point), point, last).astype(np.float32)

    def predict(self, windows: ForecastWindows) -> Floats:
        """As `Forecaster.predict`."""
        if self._residuals is None or self._conformal is None:
            raise ValueError(f"the {self.kind!r} forecaster was not fitted")
        quantiles = self._residuals.quantiles(self.point(windows), windows)
        return self._conformal.apply(quantiles, windows)

    def to_artifact(self) -> Artifact:
        """As `Forecaster.to_artifact`."""
        if self._residuals is None or self._conformal is None:
            raise ValueError(f"the {self.kind!r} forecaster was not fitted")
        tensors = self._conformal.to_tensors() | {"residuals": self._residuals.table}
        files = {WEIGHTS: packed_tensors(tensors | self._tensors())}
        return Artifact(self.kind, FORMAT, self._card, files)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "PointForecaster":
        """As `Forecaster.from_artifact`."""
        require(artifact, cls.kind, FORMAT)
        tensors = tensors_of(artifact)
        model = cls()
        try:
            model._residuals = Residuals(tensors["residuals"])
            model._conformal = Conformal.from_tensors(tensors, artifact.version)
            model._restore(tensors)
        except (KeyError, ValueError) as fault:
            raise BrokenArtifact(f"the {cls.kind!r} model lacks a table: {fault}") from fault
        model._card = dict(artifact.card)
        return model

    def _learn(self, train: ForecastWindows) -> None:
        """Nothing, unless the family learns."""

    def _point(self, windows: ForecastWindows) -> Floats:
        """The family's value per step, NaN where it has none, shape (n, HORIZON)."""
        raise TypeError(f"{type(self).__name__} says no point")

    def _tensors(self) -> dict[str, Floats]:
        """What the family has learnt, by name."""
        return {}

    def _restore(self, tensors: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Take back what `_tensors` gave; `KeyError` or `ValueError` when it cannot be."""
