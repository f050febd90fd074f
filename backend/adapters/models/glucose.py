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
    from ml.records.cgm.grid import GlucoseGrid
    from ml.records.cgm.readiness import Readiness

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
        from backend.adapters.models.traces import LEARNT_DAYS, joined
        from ml.records.cgm.joining import last_days
        from ml.records.cgm.readiness import assess

        grid, traces = joined(canonicals)
        return assessment_of(assess(last_days(grid, LEARNT_DAYS), traces=traces))

    def train(
        self,
        canonicals: Sequence[bytes],
        *,
        seed: int,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> TrainedModel:
        """A personal model of the last half year, packed; see `personal_training`."""
        from backend.adapters.models.traces import LEARNT_DAYS, joined
        from ml.records.cgm.joining import last_days

        grid, traces = joined(canonicals)
        grid = last_days(grid, LEARNT_DAYS)
        from backend.adapters.models import bases, personal_model, personal_training
        from backend.adapters.models.settings import SETTINGS
        from ml.artifacts import BrokenArtifact, NewerArtifact
        from ml.training.progress import Progress
        from ml.training.stages import Stages
        from ml.training.threads import use_threads

        def told(step: Progress) -> None:
            progress(step.stage, round(1000 * step.done / step.total) if step.total else 1000)

        use_threads(self._threads)
        told(Progress("looking at the days", 0, 1000))
        found = personal_training.enough(grid, traces)
        kept = Stages(checkpoints)
        train = partial(
            personal_training.train_personal,
            grid,
            found,
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
        """Figures of the last days' real readings, without those that say nothing of the person."""
        from backend.adapters.models.telling import summary_of

        return summary_of(*_looked_at(canonicals, days))

    def profile(self, canonicals: Sequence[bytes], *, days: int | None) -> GlucoseProfile:
        """The ambulatory profile of the same readings."""
        from backend.adapters.models.telling import believed, profile_of
        from ml.records.cgm.agp import agp

        grid, found = _looked_at(canonicals, days)
        profile = agp(believed(grid, found), bin_minutes=PROFILE_BIN_MINUTES)
        return profile_of(grid, profile, PROFILE_BIN_MINUTES)


def _looked_at(canonicals: Sequence[bytes], days: int | None) -> "tuple[GlucoseGrid, Readiness]":
    """The last days' readings, and what was found in them."""
    from backend.adapters.models.traces import joined
    from ml.records.cgm.joining import last_days
    from ml.records.cgm.readiness import assess

    grid, traces = joined(canonicals)
    grid = last_days(grid, days)
    return grid, assess(grid, traces=traces)


def _made_ready(
    warm: _Ready | None,
    open_model: Callable[[], bytes],
    newer: Mapping[ContributionId, Callable[[], bytes]],
) -> _Ready:
    """Loaded, with the newer records' readings behind its own, as far as they can be trusted."""
    from backend.adapters.models import answering, personal_model, traces
    from ml.records.cgm.joining import extended
    from ml.records.cgm.readiness import assess, trusted

    model = warm.answering.model if warm else personal_model.from_bytes(open_model())
    opened = traces.opened([opener() for opener in newer.values()])
    grid = extended(model.context, opened)
    found = assess(grid, traces=opened)
    grid = traces.context_of(trusted(grid, found))
    return _Ready(frozenset(newer), answering.made_ready(model, grid, found))
