"""What every generator promises; `ml.checks.check_generator` holds it to this."""

from typing import Protocol, TypeVar

import numpy as np

from ml.artifacts import Artifact
from ml.training.checkpoints import Checkpoints
from ml.training.progress import ProgressSink

Data = TypeVar("Data")


class Generator(Protocol[Data]):
    """Learns a distribution and draws from it. `Data` is the same going in and coming out.

    Attributes:
        kind: its name in the catalogue and in its artifacts, e.g. ``singan``.
    """

    kind: str

    def fit(
        self,
        data: Data,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Learn from `data`; the same data and the same `rng` give the same generator.

        A training that was interrupted goes on from `checkpoints` and ends in the same generator
        as one that was not.

        Raises:
            TooLittleData: there is too little to learn from.
            TrainingCancelled: raised by `progress`.
        """
        ...

    def sample(self, n: int, *, rng: np.random.Generator) -> Data:
        """`n` synthetic items, with the schema, types and ranges of what was learnt."""
        ...

    def to_artifact(self) -> Artifact:
        """The fitted generator as files and card."""
        ...

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> "Generator[Data]":
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        ...


class TooLittleData(ValueError):
    """There is too little to learn from; says how much there is and how much is needed."""


class NotSavable(ValueError):
    """The generator cannot be kept as an artifact; says why, and what to do instead."""
