"""Implements `ports.models.GlucoseModels` over `ml`; everything heavy is loaded when it is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backend.adapters.models.warm import Warm
from backend.domain.glucose import (
    Assessment,
    GlucoseForecast,
    GlucoseProfile,
    GlucoseSummary,
    TrainedModel,
)
from backend.domain.identifiers import ContributionId, GlucoseModelId
from backend.ports.models import Checkpoints, ProgressSink

if TYPE_CHECKING:
    from backend.adapters.models.answering import Answering
    from backend.adapters.models.settings import SettingName

WARM_MODELS = 64
WARM_S = 600.0
PROFILE_BIN_MINUTES = 15


@dataclass(frozen=True, eq=False)
class _Ready:
    """A model that has answered, and from which newer records."""

    newer: frozenset[ContributionId]
    answering: "Answering"


class MlGlucoseModels:
    """Trains with torch, answers without it.

    Args:
        setting: ``quick`` or ``full``.
        threads: that a training may use.
        base_forecaster: folder of the artifact that trainings start from; None for the shipped.
    """

    def __init__(
        self,
        setting: "SettingName" = "full",
        *,
        threads: int = 1,
        base_forecaster: Path | None = None,
    ) -> None:
        self._setting = setting
        self._threads = threads
        self._base_forecaster = base_forecaster
        self._warm: Warm[_Ready] = Warm(WARM_MODELS, WARM_S)

    def assess(self, canonicals: Sequence[bytes]) -> Assessment:
        """Whether there is enough, why not, and what would be."""
        from backend.adapters.models.telling import assessment_of
        from backend.adapters.models.traces import joined_grid
        from ml.records.cgm.readiness import assess

        return assessment_of(assess(joined_grid(canonicals)))

    def train(
        self,
        canonicals: Sequence[bytes],
        *,
        seed: int,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> TrainedModel:
        """A personal model, packed; see `personal_training`."""
        from backend.adapters.models.traces import joined_grid

        grid = joined_grid(canonicals)
        from backend.adapters.models import bases, personal_model, personal_training, stages
        from backend.adapters.models.settings import SETTINGS
        from ml.artifacts import BrokenArtifact, NewerArtifact
        from ml.training.progress import Progress
        from ml.training.threads import use_threads

        def told(step: Progress) -> None:
            progress(step.stage, round(1000 * step.done / step.total) if step.total else 1000)

        use_threads(self._threads)
        told(Progress("looking at the days", 0, 1000))
        personal_training.enough(grid)
        kept = stages.Stages(checkpoints)
        train = partial(
            personal_training.train_personal,
            grid,
            SETTINGS[self._setting],
            bases.Bases(self._base_forecaster),
            seed=seed,
            progress=told,
            stages=kept,
        )
        try:
            model = train()
        except (BrokenArtifact, NewerArtifact):
            if not kept.clear():
                raise
            model = train()  # from the start: the checkpoint is of a release that this is not
        content = personal_model.to_bytes(model)
        return TrainedModel(content, model.told["winner"], model.told["assessment"]["widened"])

    def forecast(
        self,
        model_id: GlucoseModelId,
        open_model: Callable[[], bytes],
        *,
        newer: Mapping[ContributionId, Callable[[], bytes]],
    ) -> GlucoseForecast:
        """The answer of a warm model, or of one that is opened for it."""
        from backend.adapters.models.answering import answer

        ready = self._warm.get(model_id)
        if ready is None or ready.newer != newer.keys():
            ready = _made_ready(ready, open_model, newer)
            self._warm.put(model_id, ready)
        return answer(ready.answering)

    def forget(self, model_id: GlucoseModelId) -> None:
        self._warm.drop(model_id)

    def summarise(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseSummary:
        """Figures of the last days' real readings."""
        from backend.adapters.models.telling import summary_of
        from backend.adapters.models.traces import joined_grid, last_days
        from ml.records.cgm.readiness import assess

        grid = last_days(joined_grid(canonicals), days)
        return summary_of(grid, assess(grid))

    def profile(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseProfile:
        """The ambulatory profile of the last days' real readings."""
        from backend.adapters.models.telling import profile_of
        from backend.adapters.models.traces import joined_grid, last_days
        from ml.records.cgm.agp import agp

        grid = last_days(joined_grid(canonicals), days)
        found = agp(grid, bin_minutes=PROFILE_BIN_MINUTES)
        return profile_of(grid, found, PROFILE_BIN_MINUTES)


def _made_ready(
    warm: _Ready | None,
    open_model: Callable[[], bytes],
    newer: Mapping[ContributionId, Callable[[], bytes]],
) -> _Ready:
    """Loaded, with the newer records' readings behind its own."""
    from backend.adapters.models import answering, personal_model, traces

    model = warm.answering.model if warm else personal_model.from_bytes(open_model())
    grid = traces.extended(model.context, [opened() for opened in newer.values()])
    return _Ready(frozenset(newer), answering.made_ready(model, grid))
