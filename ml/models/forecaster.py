"""What every short-term glucose forecaster promises; `ml.checks.check_model` holds it to this."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.artifacts import Artifact
from ml.records.cgm.windows import ForecastWindows
from ml.training.progress import ProgressSink

QUANTILES = (0.05, 0.10, 0.25, 0.40, 0.50, 0.60, 0.75, 0.90, 0.95)
"""Levels of every forecast; the outer two bound the 90 % interval."""
MEDIAN = QUANTILES.index(0.50)


class Forecaster(Protocol):
    """Glucose 5 to 120 minutes ahead, as quantiles.

    Attributes:
        kind: its name in the catalogue and in its artifacts, e.g. ``last_value``, ``linear``,
            ``lstm``.
    """

    kind: str

    def fit(
        self,
        train: ForecastWindows,
        validation: ForecastWindows,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> None:
        """Learn from `train`; stop and calibrate by `validation`, which holds other people.

        The same windows and the same `rng` give the same forecaster.

        Raises:
            TooLittleData: there are too few windows or people to learn from.
            TrainingCancelled: raised by `progress`.
        """
        ...

    def predict(self, windows: ForecastWindows) -> npt.NDArray[np.float32]:
        """Quantiles in mg/dL, shape (n, HORIZON, len(QUANTILES)), ascending along the last axis,
        finite, within 20 to 600; `windows.target` is not looked at."""
        ...

    def to_artifact(self) -> Artifact:
        """The fitted forecaster as files and card."""
        ...

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "Forecaster":
        """The forecaster as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        ...


class TooLittleData(ValueError):
    """There is too little to learn from; says how much there is and how much is needed."""
