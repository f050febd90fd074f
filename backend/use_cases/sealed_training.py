"""A training's own key, its sealed checkpoint, and the sealed model that it leaves."""

import structlog

from backend.crypto.derived import NONCE_BYTES, Part, open_derived, seal_derived
from backend.domain.errors import KeyDestroyed, ModelUnusable, SealBroken
from backend.domain.glucose import TrainedModel
from backend.domain.identifiers import GlucoseModelId, KeyId, random_id_text
from backend.domain.training import WHOLE, GlucoseModel, Training, TrainingState
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_trainings import forget_what_it_made, mark_key
from backend.use_cases.read_contribution import READABLE
from backend.use_cases.watch_training import TrainingStopped


class SealedCheckpoints:
    """Implements `ports.models.Checkpoints` in the database, sealed under the training's key."""

    def __init__(self, training: Training, key: bytes, ports: Ports) -> None:
        self._training = training
        self._key = key
        self._ports = ports

    def load(self) -> bytes | None:
        """The last state, opened; one that was cut short or changed is one that is not there."""
        with self._ports.database.read() as unit:
            sealed = unit.training_checkpoints.of_training(self._training.id)
        if sealed is None:
            return None
        try:
            return open_derived(
                sealed,
                Part.CHECKPOINT,
                key=self._key,
                account_id=self._training.account_id,
                training_id=self._training.id,
            )
        except SealBroken:
            structlog.get_logger("training").warning("checkpoint_unreadable")
            return None

    def save(self, state: bytes) -> None:
        """Replace it; `TrainingStopped` once the training has ended elsewhere."""
        sealed = _sealed(state, Part.CHECKPOINT, self._training, self._key, self._ports)
        with self._ports.database.write() as unit:
            row = unit.trainings.by_id(self._training.id)
            if row is None or row.state is not TrainingState.RUNNING:
                raise TrainingStopped(self._training.id)
            unit.training_checkpoints.save(row.id, sealed, self._ports.clock.now())


def training_key(training: Training, ports: Ports) -> bytes:
    """The key that the row names, made at its first use."""
    if ports.keys.state(training.key_id) == "unknown":
        ports.keys.store(training.key_id, ports.random_bytes(32))
    return ports.keys.open(training.key_id)


def store_model(
    unit: UnitOfWork, training: Training, trained: TrainedModel, key: bytes, ports: Ports
) -> list[KeyId]:
    """Model and end together; returns the keys of the models that this one replaces.

    Raises `TrainingStopped` when the training has ended elsewhere, `KeyDestroyed` when a record
    that it learnt from is being erased.
    """
    unit.accounts.hold(training.account_id)  # account, records, training: the order of all others
    _require_sources(unit, training)
    row = unit.trainings.by_id(training.id)
    if row is None or row.state is not TrainingState.RUNNING:
        raise TrainingStopped(training.id)
    now = ports.clock.now()
    older = unit.glucose_models.of_account(row.account_id)
    model = GlucoseModel(
        id=GlucoseModelId(random_id_text(ports.random_bytes(16))),
        account_id=row.account_id,
        training_id=row.id,
        key_id=row.key_id,
        size=len(trained.content),
        created_at=now,
    )
    unit.glucose_models.add(model, _sealed(trained.content, Part.MODEL, row, key, ports))
    finished = row.ended(TrainingState.FINISHED, now, progress=WHOLE, stage=None)
    unit.trainings.update(finished, expected=TrainingState.RUNNING)
    unit.training_checkpoints.delete(row.id)
    return [_replace(unit, one, ports) for one in older]


def open_model(model: GlucoseModel, ports: Ports) -> bytes:
    """The stored model's bytes; whoever calls has written that to the access log.

    Raises `ModelUnusable` when what is stored is not what was sealed.
    """
    with ports.database.read() as unit:
        sealed = unit.glucose_models.sealed(model.id)
    if sealed is None:
        raise KeyDestroyed("this model was erased with what it learnt from")
    key = ports.keys.open(model.key_id)
    try:
        return open_derived(
            sealed,
            Part.MODEL,
            key=key,
            account_id=model.account_id,
            training_id=model.training_id,
        )
    except SealBroken as broken:
        raise ModelUnusable(
            "your stored model was cut short or changed, and was not opened: train it again with "
            "a POST to /api/forecast/trainings, and tell the operator"
        ) from broken


def _require_sources(unit: UnitOfWork, training: Training) -> None:
    for contribution_id in unit.trainings.sources(training.id):
        source = unit.contributions.by_id(contribution_id)
        if source is None or source.status not in READABLE:
            raise KeyDestroyed("a record that was learnt from is gone, and so is what it taught")


def _replace(unit: UnitOfWork, model: GlucoseModel, ports: Ports) -> KeyId:
    older = unit.trainings.by_id(model.training_id)
    if older is not None:
        forget_what_it_made(unit, older, ports)
    return mark_key(unit, model.key_id, ports.clock.now(), ports)


def _sealed(content: bytes, part: Part, training: Training, key: bytes, ports: Ports) -> bytes:
    return seal_derived(
        content,
        part,
        key=key,
        nonce=ports.random_bytes(NONCE_BYTES),
        account_id=training.account_id,
        training_id=training.id,
    )
