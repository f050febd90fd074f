"""Days drawn from one normal distribution on a logit scale: the simple baseline of generators.

It keeps mean and covariance of every time of day and nothing else. A SinGAN that does not beat it
has learnt no more than that.
"""

import numpy as np
import numpy.typing as npt
import torch

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.synthetic_days import synthetic_days
from ml.generators.tensors import from_bytes, to_bytes
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

_VERSION = 1
_FILE = "gaussian.safetensors"
_MARGIN = 1.0  # mg/dL beyond the range, so that its ends have a finite logit
_KEPT = 0.999  # share of the variance that the kept directions carry

Floats = npt.NDArray[np.floating]


class GaussianDays:
    """Mean and covariance of days on the logit of the sensor's range."""

    kind = "gaussian_days"
    least_days = 10

    def __init__(self) -> None:
        self._mean = np.empty(0, np.float32)
        self._directions = np.empty((0, 0), np.float32)
        self._days = 0

    def fit(
        self,
        data: GlucoseDays,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Mean and principal directions of `data`; nothing random, nothing to resume."""
        if len(data) < self.least_days:
            raise TooLittleData(f"{len(data)} days are too few: {self.least_days} are needed")
        scaled = _logit(data.mg_dl)
        self._mean = scaled.mean(axis=0).astype(np.float32)
        _, spread, axes = np.linalg.svd(scaled - self._mean, full_matrices=False)
        share = np.cumsum(spread**2) / np.maximum((spread**2).sum(), 1e-12)
        kept = int(np.searchsorted(share, _KEPT)) + 1
        scale = spread[:kept, None] / np.sqrt(len(data) - 1)
        self._directions = (scale * axes[:kept]).astype(np.float32)
        self._days = len(data)
        progress(Progress("mean and covariance", 1, 1))

    def sample(self, n: int, *, rng: np.random.Generator) -> GlucoseDays:
        """`n` days, each of nobody."""
        scaled = self._mean + rng.normal(size=(n, len(self._directions))) @ self._directions
        return synthetic_days(_from_logit(scaled), self.kind)

    def to_artifact(self) -> Artifact:
        """Mean and directions; card: on how many days."""
        kept = {"mean": self._mean, "directions": self._directions}
        weights = to_bytes({name: torch.from_numpy(array) for name, array in kept.items()})
        card = {"days": self._days, "licence": "that of the data it was fitted on"}
        return Artifact(self.kind, _VERSION, card, {_FILE: weights})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "GaussianDays":
        """The generator as it was."""
        require(artifact, cls.kind, _VERSION)
        if _FILE not in artifact.files:
            raise BrokenArtifact(f"the model has no {_FILE}: train it again")
        kept, generator = from_bytes(artifact.files[_FILE]), cls()
        generator._mean, generator._directions = kept["mean"].numpy(), kept["directions"].numpy()
        generator._days = int(artifact.card["days"])
        return generator


def _logit(mg_dl: Floats) -> Floats:
    share = (np.clip(mg_dl, LOWEST, HIGHEST) - LOWEST + _MARGIN) / (HIGHEST - LOWEST + 2 * _MARGIN)
    return np.log(share / (1 - share)).astype(np.float64)


def _from_logit(scaled: Floats) -> npt.NDArray[np.float32]:
    share = 1 / (1 + np.exp(-scaled))
    mg_dl = share * (HIGHEST - LOWEST + 2 * _MARGIN) + LOWEST - _MARGIN
    return np.clip(mg_dl, LOWEST, HIGHEST).astype(np.float32)
