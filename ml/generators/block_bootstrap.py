"""A copier: days put together from real ones. It shows what the privacy measures must find.

Its fidelity is the most that any generator can have and its privacy the least. Nothing it makes
may be released, and its artifact holds the readings it was fitted on.
"""

import numpy as np
import torch

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.synthetic_days import synthetic_days
from ml.generators.tensors import from_bytes, to_bytes
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

_VERSION = 1
_FILE = "days.safetensors"


class BlockBootstrap:
    """Blocks of real days, each at its own time of day; a block of 24 hours copies whole days.

    Args:
        block_minutes: length of a block; divides a day.
    """

    kind = "block_bootstrap"
    least_days = 1

    def __init__(self, block_minutes: int = 1440) -> None:
        if 1440 % block_minutes:
            raise ValueError(f"a block of {block_minutes} min does not divide a day")
        self._block_minutes = block_minutes
        self._days = np.empty((0, 0), np.float32)

    def fit(
        self,
        data: GlucoseDays,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Keeps `data`."""
        if len(data) < self.least_days:
            raise TooLittleData("there is no day to copy: at least one is needed")
        self._days = np.clip(data.mg_dl, LOWEST, HIGHEST)
        progress(Progress("days kept", 1, 1))

    def sample(self, n: int, *, rng: np.random.Generator) -> GlucoseDays:
        """`n` days of blocks, every block of a day of its own."""
        steps = self._days.shape[1]
        width = max(1, steps * self._block_minutes // 1440)
        source = rng.integers(len(self._days), size=(n, steps // width))
        chosen = np.repeat(source, width, axis=1)
        return synthetic_days(self._days[chosen, np.arange(steps)], self.kind)

    def to_artifact(self) -> Artifact:
        """The real days themselves, and a card that says so."""
        card = {
            "block_minutes": self._block_minutes,
            "licence": "that of the data",
            "warning": "holds real readings; a control of privacy measures, never to be released",
        }
        kept = torch.from_numpy(self._days)
        return Artifact(self.kind, _VERSION, card, {_FILE: to_bytes({"days": kept})})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "BlockBootstrap":
        """The generator as it was."""
        require(artifact, cls.kind, _VERSION)
        if _FILE not in artifact.files:
            raise BrokenArtifact(f"the model has no {_FILE}: fit it again")
        generator = cls(int(artifact.card["block_minutes"]))
        generator._days = from_bytes(artifact.files[_FILE])["days"].numpy()
        return generator
