"""The job: learn one person's glucose, step by step, as long as it may.

Whether it may is asked of the chain and of the training's own row: at the beginning, between
steps, and again when the model is stored. Cancelling, revoking and erasing write their end into
the row; a training that no longer finds itself running stops there and leaves nothing.
"""

import json
from dataclasses import dataclass, replace

from backend.domain.contribution import Contribution
from backend.domain.errors import (
    ConsentExpired,
    ConsentNotGranted,
    KeyDestroyed,
    NotEnoughData,
    NotFound,
    Unavailable,
    UnreadableRecord,
)
from backend.domain.glucose import TrainedModel
from backend.domain.identifiers import AccountId, KeyId, TrainingId
from backend.domain.job import Again
from backend.domain.training import Training, TrainingState
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_trainings import (
    CONSENT_ENDED,
    RECORD_ERASED,
    forget_training,
    mark_key,
)
from backend.use_cases.open_traces import glucose_records, open_traces
from backend.use_cases.request_training import require_care_consent
from backend.use_cases.sealed_profile import sealed_column
from backend.use_cases.sealed_training import SealedCheckpoints, store_model, training_key
from backend.use_cases.show_training import DETAILS
from backend.use_cases.watch_training import TrainingStopped, Watch, WorkerEnding

INTERRUPTED = "interrupted_too_often"
FAILED_INSIDE = "failed_inside"
"""Why a training failed: its process died every time, or the last attempt broke by itself."""
PURPOSE = "learning a model for its owner"


@dataclass(frozen=True)
class _Begun:
    training: Training
    records: list[Contribution]


def train_glucose_model(key: str, *, ports: Ports) -> Again | None:
    """One model, once, however often this is repeated; None when there is nothing more to do."""
    training_id = TrainingId(key)
    try:
        begun = _begin(training_id, ports)
        return None if begun is None else _attempt(begun, ports)
    except (TrainingStopped, NotFound):  # ended elsewhere, or its account is gone
        return None
    except (ConsentNotGranted, ConsentExpired):
        _cancel(training_id, CONSENT_ENDED, ports)
    except KeyDestroyed:
        _cancel(training_id, RECORD_ERASED, ports)
    except (NotEnoughData, UnreadableRecord) as refusal:
        _refuse(training_id, refusal, ports)
    except Unavailable:
        raise
    except Exception:
        _broken(training_id, ports)
        raise
    return None


def _begin(training_id: TrainingId, ports: Ports) -> _Begun | None:
    """Running, with what it learns from written down before any of it is opened."""
    with ports.database.read() as unit:
        training = unit.trainings.by_id(training_id)
    if training is None or not training.unfinished:
        return None
    if training.attempts >= ports.policy.training_attempts:
        _end(training_id, TrainingState.FAILED, INTERRUPTED, ports)
        return None
    require_care_consent(training.account_id, ports=ports)
    with ports.database.write() as unit:
        unit.accounts.hold(training.account_id)
        training = _running(unit, training_id, ports)
        rows = _sources(unit, training)
    return _Begun(training, rows)


def _attempt(begun: _Begun, ports: Ports) -> Again | None:
    """Counted when it began; not an attempt after all when it ends in an outage or in order."""
    try:
        _learn(begun, ports)
    except WorkerEnding:
        _give_back(begun.training.id, ports)
        return Again(ports.clock.now())
    except Unavailable:
        _give_back(begun.training.id, ports)
        raise
    return None


def _learn(begun: _Begun, ports: Ports) -> None:
    training = begun.training
    key = training_key(training, ports)
    records = reversed(begun.records)
    trained = ports.models.train(
        open_traces(records, actor="service", purpose=PURPOSE, ports=ports),
        seed=training.seed,
        progress=Watch(training, ports).tick,
        checkpoints=SealedCheckpoints(training, key, ports),
    )
    _store(training, trained, key, ports)


def _running(unit: UnitOfWork, training_id: TrainingId, ports: Ports) -> Training:
    training = unit.trainings.by_id(training_id)
    if training is None or not training.unfinished:
        raise TrainingStopped(training_id)
    running = replace(
        training,
        state=TrainingState.RUNNING,
        attempts=training.attempts + 1,
        started_at=training.started_at or ports.clock.now(),
    )
    unit.trainings.update(running, expected=training.state)
    return running


def _sources(unit: UnitOfWork, training: Training) -> list[Contribution]:
    """What it learns from: all that was there when it first began, and not what came later."""
    rows = glucose_records(unit, training.account_id)
    chosen = unit.trainings.sources(training.id)
    if not chosen:
        unit.trainings.set_sources(training.id, [row.id for row in rows])
        return rows
    found = [row for row in rows if row.id in chosen]
    if len(found) < len(chosen):
        raise KeyDestroyed("a record that is learnt from is gone")
    return found


def _held(unit: UnitOfWork, training_id: TrainingId) -> Training | None:
    """The training's row, which nobody else changes before this unit ends."""
    training = unit.trainings.by_id(training_id)
    if training is None:
        return None
    unit.accounts.hold(training.account_id)
    return unit.trainings.by_id(training_id)


def _give_back(training_id: TrainingId, ports: Ports) -> None:
    with ports.database.write() as unit:
        training = _held(unit, training_id)
        if training is not None and training.unfinished:
            fewer = replace(training, attempts=max(0, training.attempts - 1))
            unit.trainings.update(fewer, expected=training.state)


def _broken(training_id: TrainingId, ports: Ports) -> None:
    """It failed by itself: perhaps by what its checkpoint holds, so the next begins without."""
    with ports.database.write() as unit:
        training = _held(unit, training_id)
        if training is None or not training.unfinished:
            return
        unit.training_checkpoints.delete(training_id)
    if training.attempts >= ports.policy.training_attempts:
        _end(training_id, TrainingState.FAILED, FAILED_INSIDE, ports)


def _store(training: Training, trained: TrainedModel, key: bytes, ports: Ports) -> None:
    """Model and end in one unit; the models before it go. Nothing when it may not any more."""
    require_care_consent(training.account_id, ports=ports)
    with ports.database.write() as unit:
        replaced = store_model(unit, training, trained, key, ports)
    for key_id in replaced:
        ports.keys.destroy(key_id)


def _cancel(training_id: TrainingId, reason: str, ports: Ports) -> None:
    with ports.database.write() as unit:
        training = _held(unit, training_id)
        if training is None or not training.unfinished:
            return
        key_id = forget_training(unit, training, reason, ports.clock.now(), ports)
    ports.keys.destroy(key_id)


def _refuse(
    training_id: TrainingId, refusal: NotEnoughData | UnreadableRecord, ports: Ports
) -> None:
    with ports.database.read() as unit:
        training = unit.trainings.by_id(training_id)
    if training is None:
        return
    details = _sealed_details(training.account_id, refusal, ports)
    _end(training_id, TrainingState.REFUSED, refusal.code, ports, details)


def _end(
    training_id: TrainingId,
    state: TrainingState,
    reason: str,
    ports: Ports,
    details: bytes | None = None,
) -> None:
    """The training's end without a model; its checkpoint and key go."""
    now = ports.clock.now()
    with ports.database.write() as unit:
        training = _held(unit, training_id)
        if training is None or not training.unfinished:
            return
        ended = training.ended(state, now, reason=reason, sealed_details=details)
        unit.trainings.update(ended, expected=training.state)
        unit.training_checkpoints.delete(training.id)
        key_id = mark_key(unit, training.key_id, now, ports)
    ports.keys.destroy(key_id)


def _sealed_details(
    account_id: AccountId, refusal: NotEnoughData | UnreadableRecord, ports: Ports
) -> bytes:
    needs = refusal.needs if isinstance(refusal, NotEnoughData) else "contribute it again"
    reasons = refusal.reasons if isinstance(refusal, NotEnoughData) else (refusal.code,)
    content = {"message": refusal.message, "needs": needs, "reasons": list(reasons)}
    return sealed_column(
        json.dumps(content, ensure_ascii=False).encode(),
        DETAILS,
        account_id=account_id,
        key=ports.keys.open(KeyId(account_id)),
        ports=ports,
    )
