"""What was derived from a record goes with it: trainings end, checkpoints and models vanish.

Like an erasure it is marked first: whoever starts after a kill or a restore destroys what is
still there.
"""

from datetime import datetime

from backend.domain.identifiers import AccountId, ContributionId, JobId, KeyId, random_id_text
from backend.domain.training import Training, TrainingState
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork

DESTROY_TRAINING_KEY = "destroy_training_key"
RECORD_ERASED = "record_erased"
CONSENT_ENDED = "consent_ended"
CALLED_OFF = "cancelled_by_patient"
"""Why a training was cancelled."""


def forget_learnt_from(
    unit: UnitOfWork, contribution_id: ContributionId, now: datetime, ports: Ports
) -> list[KeyId]:
    """End and remove everything that this record went into; the keys to destroy are returned."""
    return [
        forget_training(unit, training, RECORD_ERASED, now, ports)
        for training in unit.trainings.learning_from(contribution_id)
    ]


def forget_trainings_of(
    unit: UnitOfWork, account_id: AccountId, now: datetime, ports: Ports
) -> list[KeyId]:
    """Mark the keys of all trainings of an account whose rows are about to go with it."""
    trainings = unit.trainings.of_account(account_id)
    for training in trainings:
        forget_what_it_made(unit, training, ports)
    return [mark_key(unit, training.key_id, now, ports) for training in trainings]


def end_unfinished(account_id: AccountId, reason: str, *, ports: Ports) -> None:
    """Whatever of this account is still being learnt stops; models that are there stay."""
    now = ports.clock.now()
    with ports.database.write() as unit:
        unit.accounts.hold(account_id)  # or one would end by itself between reading and writing
        key_ids = [
            forget_training(unit, training, reason, now, ports)
            for training in unit.trainings.of_account(account_id)
            if training.unfinished
        ]
    for key_id in key_ids:
        ports.keys.destroy(key_id)


def forget_training(
    unit: UnitOfWork, training: Training, reason: str, now: datetime, ports: Ports
) -> KeyId:
    """The training is over, and nothing that it made can be read any more."""
    if training.unfinished:
        cancelled = training.ended(TrainingState.CANCELLED, now, reason=reason)
        unit.trainings.update(cancelled, expected=training.state)
    forget_what_it_made(unit, training, ports)
    return mark_key(unit, training.key_id, now, ports)


def forget_what_it_made(unit: UnitOfWork, training: Training, ports: Ports) -> None:
    """Checkpoint and model, as rows and in this process's memory."""
    unit.training_checkpoints.delete(training.id)
    model = unit.glucose_models.of_training(training.id)
    if model is not None:
        unit.glucose_models.delete(model.id)
        ports.models.forget(model.id)


def mark_key(unit: UnitOfWork, key_id: KeyId, now: datetime, ports: Ports) -> KeyId:
    """Write down that this key goes, and queue its destruction."""
    unit.erasures.mark_training_key(key_id, now)
    job_id = JobId(random_id_text(ports.random_bytes(16)))
    unit.jobs.enqueue(job_id, DESTROY_TRAINING_KEY, key_id, now)
    return key_id


def destroy_training_key(key: str, *, ports: Ports) -> None:
    """The job: the key of a training that is to be forgotten is gone, whatever happened."""
    ports.keys.destroy(KeyId(key))
