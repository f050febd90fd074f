"""What making a release asks of a kind of record; `making` knows the order of the steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ml.evaluation.release.evidence import ReleaseEvidence, Tell
from ml.generators.generator import Generator
from ml.publication.release import Release
from ml.training.checkpoints import Checkpoints
from ml.training.progress import ProgressSink
from ml.training.stages import Stages

Data = TypeVar("Data")


@dataclass(frozen=True)
class Drawn(Generic[Data]):
    """Synthetic data that hold no real row.

    Attributes:
        left_out: how many drawn rows were equal to a real one, and drawn again.
    """

    data: Data
    left_out: int


class Recipe(Protocol[Data]):
    """Training and holdout of one cohort, and what is done with them.

    Attributes:
        people: how many of them are learnt from.
        windows: by pseudonym, for each trace, how much of it is learnt from.
    """

    @property
    def people(self) -> int: ...
    @property
    def windows(self) -> Mapping[str, tuple[int, ...]]: ...

    def fit(
        self, *, rng: np.random.Generator, progress: ProgressSink, checkpoints: Checkpoints
    ) -> Generator[Data]:
        """A generator trained on the training people."""
        ...

    def draw(self, generator: Generator[Data], *, rng: np.random.Generator) -> Drawn[Data]:
        """As many rows or days as the plan asks for."""
        ...

    def evidence(
        self, synthetic: Data, *, rng: np.random.Generator, tell: Tell, stages: Stages
    ) -> ReleaseEvidence:
        """What the gate judges; trainings for it are kept in `stages`, under `REFITS`."""
        ...

    def report(
        self,
        synthetic: Data,
        evidence: ReleaseEvidence,
        *,
        rng: np.random.Generator,
        tell: Tell,
    ) -> dict[str, Any]: ...

    def release(self, synthetic: Drawn[Data], **told: Any) -> Release:
        """What is packed, `told` being the fields that every kind has."""
        ...

    def pack(self, synthetic: Drawn[Data]) -> bytes:
        """For the checkpoint."""
        ...

    def unpack(self, packed: bytes) -> Drawn[Data]: ...
