"""A run's own key, and its sealed checkpoint."""

from collections.abc import Collection

import structlog

from backend.crypto.run_seals import RunPart, open_of_run, seal_of_run
from backend.domain.errors import SealBroken
from backend.domain.generation import Run, RunState
from backend.domain.identifiers import ContributionId
from backend.ports import Ports
from backend.use_cases.watch_run import RunStopped, require_same_cohort


class SealedRunCheckpoints:
    """Implements `ports.models.Checkpoints` in the database, sealed under the run's key."""

    def __init__(
        self, run: Run, key: bytes, ports: Ports, *, learnt_from: Collection[ContributionId]
    ) -> None:
        self._run = run
        self._key = key
        self._ports = ports
        self._learnt_from = learnt_from

    def load(self) -> bytes | None:
        """The last state, opened; one that was cut short or changed is one that is not there."""
        with self._ports.database.read() as unit:
            sealed = unit.run_checkpoints.of_run(self._run.id)
        if sealed is None:
            return None
        try:
            return open_of_run(sealed, RunPart.CHECKPOINT, key=self._key, run_id=self._run.id)
        except SealBroken:
            structlog.get_logger("generation").warning("checkpoint_unreadable")
            return None

    def save(self, state: bytes) -> None:
        """Replace it; `RunStopped` once the run has ended elsewhere, `AnotherCohort` once what
        is learnt here may not be gone on with."""
        sealed = seal_of_run(state, RunPart.CHECKPOINT, key=self._key, run_id=self._run.id)
        with self._ports.database.write() as unit:
            row = unit.runs.by_id(self._run.id)
            if row is None or row.state is not RunState.RUNNING:
                raise RunStopped(self._run.id)
            require_same_cohort(unit, row.id, self._learnt_from)
            unit.run_checkpoints.save(row.id, sealed, self._ports.clock.now())


def run_key(run: Run, ports: Ports) -> bytes:
    """The key that the row names, made at its first use."""
    if ports.keys.state(run.key_id) == "unknown":
        ports.keys.store(run.key_id, ports.random_bytes(32))
    return ports.keys.open(run.key_id)
