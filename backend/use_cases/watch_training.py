"""Between two steps of a training: may it go on, and how far is it."""

from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.errors import Conflict
from backend.domain.identifiers import TrainingId
from backend.domain.training import WHOLE, Training, TrainingState
from backend.ports import Ports
from backend.use_cases.request_training import require_care_consent

STAGE_LENGTH = 80


class TrainingStopped(Conflict):
    """The training's row no longer says that it runs."""

    code = "training_stopped"

    def __init__(self, training_id: TrainingId) -> None:
        super().__init__(f"training {training_id} was ended elsewhere: nothing of it is kept")


class WorkerEnding(Exception):
    """This process was told to end: the training rests at its last checkpoint."""


class Watch:
    """Called at every step; looks and writes at most once every `training_tick_s`."""

    def __init__(self, training: Training, ports: Ports) -> None:
        self._training = training
        self._ports = ports
        self._every = timedelta(seconds=ports.policy.training_tick_s)
        self._looked: datetime | None = None

    def tick(self, stage: str, thousandths: int) -> None:
        """Raises `TrainingStopped`, `WorkerEnding`, or what the consent on chain now forbids."""
        if self._ports.stopping():
            raise WorkerEnding
        now = self._ports.clock.now()
        if self._looked is not None and now - self._looked < self._every:
            return
        self._looked = now
        require_care_consent(self._training.account_id, ports=self._ports)
        self._write(stage[:STAGE_LENGTH], max(0, min(WHOLE, thousandths)))

    def _write(self, stage: str, thousandths: int) -> None:
        with self._ports.database.write() as unit:
            row = unit.trainings.by_id(self._training.id)
            if row is None or row.state is not TrainingState.RUNNING:
                raise TrainingStopped(self._training.id)
            further = replace(row, stage=stage, progress=max(row.progress, thousandths))
            unit.trainings.update(further, expected=TrainingState.RUNNING)
