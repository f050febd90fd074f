"""How a person's trainings stand, what was refused and why; and calling one off."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from backend.crypto.personal import open_personal
from backend.domain.errors import InvalidField, NotFound
from backend.domain.identifiers import AccountId, KeyId, TrainingId, training_id
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
LARGEST_PAGE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True)
class ListTrainings:
    """`after` is the page before's `next`."""

    account_id: AccountId
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True)
class TrainingPage:
    """Trainings, the newest first; `next` leads on, None at the end."""

    trainings: list[TrainingView]
    next: str | None


def list_trainings(command: ListTrainings, *, ports: Ports) -> TrainingPage:
    """A page of one's own; refusals of this page alone are opened, under one line of the log."""
    if not 1 <= command.limit <= LARGEST_PAGE:
        raise InvalidField("limit", f"a page has 1 to {LARGEST_PAGE} trainings")
    start = None if command.after is None else _place(command.after)
    found = [
        view
        for view in _views(command.account_id, ports)
        if start is None or _order(view.training) > start
    ]
    page = found[: command.limit]
    more = len(found) > len(page)
    shown = _with_refusals(command.account_id, page, SHOWN, ports)
    return TrainingPage(shown, _cursor(page[-1].training) if more else None)


def show_trainings(
    account_id: AccountId, *, ports: Ports, purpose: str = SHOWN
) -> list[TrainingView]:
    """All of this account, newest first; opened refusals are one line in the access log."""
    return _with_refusals(account_id, _views(account_id, ports), purpose, ports)


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


def _views(account_id: AccountId, ports: Ports) -> list[TrainingView]:
    """All of them, newest first, without what is sealed."""
    with ports.database.read() as unit:
        trainings = unit.trainings.of_account(account_id)
        left = {model.training_id: model for model in unit.glucose_models.of_account(account_id)}
    found = [TrainingView(training, left.get(training.id), None) for training in trainings]
    return sorted(found, key=lambda view: _order(view.training))


def _order(training: Training) -> tuple[int, str]:
    """The newest first, as in the lists of the database."""
    return -_microseconds(training), training.id


def _microseconds(training: Training) -> int:
    return (training.requested_at - _EPOCH) // timedelta(microseconds=1)


def _cursor(training: Training) -> str:
    return f"{_microseconds(training)}-{training.id}"


def _place(cursor: str) -> tuple[int, str]:
    moment, _, training = cursor.partition("-")
    try:
        return -int(moment), training_id(training)
    except (ValueError, InvalidField) as error:
        raise InvalidField("after", "after is the `next` of the page before") from error


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
