"""A training: one person's glucose model on its way from a request to something that forecasts."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.errors import IllegalTransition
from backend.domain.identifiers import AccountId, GlucoseModelId, KeyId, TrainingId

WHOLE = 1000
"""Progress of a training that is done."""


class TrainingState(StrEnum):
    """QUEUED → RUNNING → FINISHED, or one of three other ends.

    REFUSED: there is too little to learn from. CANCELLED: the person asked for it, took the
    consent back, or erased a record that it learns from. FAILED: it broke, too often.
    """

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNFINISHED = frozenset({TrainingState.QUEUED, TrainingState.RUNNING})


@dataclass(frozen=True)
class Training:
    """The row of one training: nothing in it says anything about the person's health.

    Attributes:
        key_id: of the key that seals its checkpoint and its model, and nothing else.
        progress: thousandths of the whole.
        attempts: how often a worker has begun or resumed it, but for outages and orderly ends.
        reason: why it ended other than finished, a word for machines.
        sealed_details: what was missing and what would be enough, under the account's key.
    """

    id: TrainingId
    account_id: AccountId
    key_id: KeyId
    seed: int
    state: TrainingState
    requested_at: datetime
    stage: str | None = None
    progress: int = 0
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    sealed_details: bytes | None = None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED

    def ended(self, state: TrainingState, at: datetime, **changes: object) -> "Training":
        """The same training at its end, or `IllegalTransition` when it has ended already."""
        if not self.unfinished:
            raise IllegalTransition(f"this training is {self.state}: it has ended already")
        return replace(self, state=state, ended_at=at, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class GlucoseModel:
    """What a training left: the row without its sealed bytes.

    Attributes:
        size: of the model before it was sealed, bytes.
    """

    id: GlucoseModelId
    account_id: AccountId
    training_id: TrainingId
    key_id: KeyId
    size: int
    created_at: datetime
