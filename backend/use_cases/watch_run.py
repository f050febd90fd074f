"""Between two steps of a run: may it go on, and how far is it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.errors import Conflict
from backend.domain.generation import WHOLE, Run, RunState
from backend.domain.identifiers import ContributionId, RunId
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.cohort import CohortChanged
from backend.use_cases.forget_runs import CONSENT_ENDED
from backend.use_cases.watch_training import STAGE_LENGTH, WorkerEnding


class RunStopped(Conflict):
    """The run's row no longer says that it runs."""

    code = "run_stopped"

    def __init__(self, run_id: RunId) -> None:
        super().__init__(f"run {run_id} was ended elsewhere: nothing of it is kept")


class AnotherCohort(Exception):
    """Another worker of the same run has written down a cohort that this one did not learn from."""


def require_same_cohort(
    unit: UnitOfWork, run_id: RunId, learnt_from: Collection[ContributionId]
) -> None:
    """Raises `AnotherCohort` unless exactly these are the run's members, for of these alone this
    database says whether they may still be learnt from."""
    if {member.contribution_id for member in unit.runs.members(run_id)} != set(learnt_from):
        raise AnotherCohort


class RunWatch:
    """Called at every step; looks and writes at most once every `training_tick_s`.

    Looks at this database alone, where taking back and erasing are written down first; the chain
    is asked about everybody before the first record is opened and after the last step.
    """

    def __init__(
        self, run: Run, ports: Ports, *, learnt_from: Collection[ContributionId] | None = None
    ) -> None:
        self._run = run
        self._ports = ports
        self._learnt_from = learnt_from
        self._every = timedelta(seconds=ports.policy.training_tick_s)
        self._looked: datetime | None = None

    def tick(self, stage: str, thousandths: int) -> None:
        """Raises `RunStopped`, `AnotherCohort`, `CohortChanged` or `WorkerEnding`."""
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
            if self._learnt_from is not None:
                require_same_cohort(unit, row.id, self._learnt_from)
            if unit.runs.not_covered(row.id, now):
                raise CohortChanged(CONSENT_ENDED)
            told = max(0, min(WHOLE, thousandths))
            further = replace(row, stage=stage[:STAGE_LENGTH], progress=max(row.progress, told))
            unit.runs.update(further, expected=RunState.RUNNING)
