"""Learning a person's glucose, and answering from what was learnt: canonical traces in, values out.

Nothing here keeps anything: bytes that come out are sealed by whoever asked for them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from backend.domain.glucose import (
    Assessment,
    GlucoseForecast,
    GlucoseProfile,
    GlucoseSummary,
    TrainedModel,
)
from backend.domain.identifiers import ContributionId, GlucoseModelId

ProgressSink = Callable[[str, int], None]
"""Told a stage in words and the thousandths of the whole, which never fall; what it raises ends
the training there and is raised by it."""


class Checkpoints(Protocol):
    """Where a training puts what it would need to go on."""

    def load(self) -> bytes | None:
        """The last state saved, whole, or None."""
        ...

    def save(self, state: bytes) -> None:
        """Replace the last state."""
        ...


class GlucoseModels(Protocol):
    """Every method raises `UnreadableRecord` for bytes that are no canonical trace.

    Several traces are joined; where they overlap, a reading counts once.
    """

    def assess(self, canonicals: Sequence[bytes]) -> Assessment:
        """Whether a model can be learnt from these traces."""
        ...

    def train(
        self,
        canonicals: Sequence[bytes],
        *,
        seed: int,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> TrainedModel:
        """A model of this person; the same traces and seed give the same model.

        An interrupted training goes on from `checkpoints`. Raises `NotEnoughData`.
        """
        ...

    def forecast(
        self,
        model_id: GlucoseModelId,
        open_model: Callable[[], bytes],
        *,
        newer: Mapping[ContributionId, Callable[[], bytes]],
    ) -> GlucoseForecast:
        """What the model says, from the last reading of its own and of the newer traces.

        What opens the model, and each trace contributed since it was trained, is called unless
        that is warm. Raises `ModelUnusable` for bytes that this release cannot read.
        """
        ...

    def forget(self, model_id: GlucoseModelId) -> None:
        """Hold nothing of this model any longer."""
        ...

    def summarise(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseSummary:
        """Figures of the last `days` days, or of everything. Raises `NotEnoughData`."""
        ...

    def profile(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseProfile:
        """The ambulatory profile of the last `days` days, or of all. Raises `NotEnoughData`."""
        ...
