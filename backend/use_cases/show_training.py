"""How a person's trainings stand, what was refused and why; and calling one off."""

import json
from dataclasses import dataclass, replace

from backend.crypto.personal import open_personal
from backend.domain.errors import NotFound
from backend.domain.identifiers import AccountId, KeyId, TrainingId
from backend.domain.training import GlucoseModel, Training
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.forget_trainings import CALLED_OFF, forget_training
from backend.use_cases.note_access import NoteAccess, note_access

DETAILS = "training_details"
"""The sealed column's name."""
REFUSALS = "refused trainings"
"""The access log's subject when the reasons of refusals are opened."""
SHOWN = "shown to their owner"


@dataclass(frozen=True)
class Refusal:
    """Why there was too little to learn from; `reasons` are codes."""

    message: str
    needs: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class TrainingView:
    """`model` is what it left, until that is replaced or erased."""

    training: Training
    model: GlucoseModel | None
    refusal: Refusal | None


def show_trainings(
    account_id: AccountId, *, ports: Ports, purpose: str = SHOWN
) -> list[TrainingView]:
    """All of this account, newest first; opened refusals are one line in the access log."""
    with ports.database.read() as unit:
        views = [_view(unit, training) for training in unit.trainings.of_account(account_id)]
    return _with_refusals(account_id, views, purpose, ports)


def show_training(account_id: AccountId, training_id: TrainingId, *, ports: Ports) -> TrainingView:
    """One of them, or `NotFound`, also for another person's."""
    with ports.database.read() as unit:
        view = _view(unit, _own(unit, account_id, training_id))
    return _with_refusals(account_id, [view], SHOWN, ports)[0]


def cancel_training(
    account_id: AccountId, training_id: TrainingId, *, ports: Ports
) -> TrainingView:
    """The training, cancelled; the worker stops at its next step. Safe to repeat.

    One that has ended stays as it ended: its model is not touched.
    """
    with ports.database.write() as unit:
        training = _own(unit, account_id, training_id)
        if training.unfinished:
            forget_training(unit, training, CALLED_OFF, ports.clock.now(), ports)
    if training.unfinished:
        ports.keys.destroy(training.key_id)
    return show_training(account_id, training_id, ports=ports)


def _own(unit: UnitOfWork, account_id: AccountId, training_id: TrainingId) -> Training:
    training = unit.trainings.by_id(training_id)
    if training is None or training.account_id != account_id:
        raise NotFound("you have no training of this id: list yours at /api/forecast/trainings")
    return training


def _view(unit: UnitOfWork, training: Training) -> TrainingView:
    return TrainingView(training, unit.glucose_models.of_training(training.id), None)


def _with_refusals(
    account_id: AccountId, views: list[TrainingView], purpose: str, ports: Ports
) -> list[TrainingView]:
    """Opened under one line of the access log; without any refusal nothing is opened."""
    if all(view.training.sealed_details is None for view in views):
        return views
    note_access(NoteAccess(account_id, account_id, REFUSALS, purpose), ports=ports)
    key = ports.keys.open(KeyId(account_id))
    return [replace(view, refusal=_refusal(view.training, key)) for view in views]


def _refusal(training: Training, key: bytes) -> Refusal | None:
    if training.sealed_details is None:
        return None
    opened = open_personal(
        training.sealed_details, key=key, account_id=training.account_id, column=DETAILS
    )
    content = json.loads(opened)
    return Refusal(content["message"], content["needs"], tuple(content["reasons"]))
