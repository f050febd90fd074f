"""Between two steps of a run: may it go on, and how far is it."""

from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.errors import Conflict
from backend.domain.generation import WHOLE, Run, RunState
from backend.domain.identifiers import RunId
from backend.ports import Ports
from backend.use_cases.cohort import CohortChanged
from backend.use_cases.forget_runs import CONSENT_ENDED
from backend.use_cases.watch_training import STAGE_LENGTH, WorkerEnding


class RunStopped(Conflict):
    """The run's row no longer says that it runs."""

    code = "run_stopped"

    def __init__(self, run_id: RunId) -> None:
        super().__init__(f"run {run_id} was ended elsewhere: nothing of it is kept")


class RunWatch:
    """Called at every step; looks and writes at most once every `training_tick_s`.

    Looks at this database alone, where taking back and erasing are written down first; the chain
    is asked about everybody before the first record is opened and after the last step.
    """

    def __init__(self, run: Run, ports: Ports) -> None:
        self._run = run
        self._ports = ports
        self._every = timedelta(seconds=ports.policy.training_tick_s)
        self._looked: datetime | None = None

    def tick(self, stage: str, thousandths: int) -> None:
        """Raises `RunStopped`, `CohortChanged` or `WorkerEnding`."""
        if self._ports.stopping():
            raise WorkerEnding
        now = self._ports.clock.now()
        if self._looked is not None and now - self._looked < self._every:
            return
        self._looked = now
        with self._ports.database.write() as unit:
            row = unit.runs.by_id(self._run.id)
            if row is None or row.state is not RunState.RUNNING:
                raise RunStopped(self._run.id)
            if unit.runs.not_covered(row.id, now):
                raise CohortChanged(CONSENT_ENDED)
            told = max(0, min(WHOLE, thousandths))
            further = replace(row, stage=stage[:STAGE_LENGTH], progress=max(row.progress, told))
            unit.runs.update(further, expected=RunState.RUNNING)
