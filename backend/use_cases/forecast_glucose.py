"""What a person's own model says of the hours and months after their last reading."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.domain.contribution import Contribution
from backend.domain.errors import ForecastNotReady
from backend.domain.glucose import GlucoseForecast
from backend.domain.identifiers import AccountId
from backend.domain.training import GlucoseModel
from backend.ports import Ports
from backend.ports.plots import PictureFormat, Unit
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.open_traces import glucose_records, open_traces
from backend.use_cases.request_training import require_care_consent
from backend.use_cases.sealed_training import open_model

PURPOSE = "forecast for its owner"
MODEL = "glucose model"
"""The access log's subject when a model is opened."""


@dataclass(frozen=True)
class ForecastView:
    """A forecast always starts at the last reading that is here, however long ago that is.

    Attributes:
        asked_at: when it was asked for: its steps lie in the past when that is long after.
        newer_records: records that were contributed since the training; forecasts start from
            their readings, but nothing was learnt from them.
    """

    model: GlucoseModel
    forecast: GlucoseForecast
    asked_at: datetime
    newer_records: int


def forecast_glucose(account_id: AccountId, *, ports: Ports) -> ForecastView:
    """From the stored model, under a consent in force now; nothing is learnt here.

    That the model is opened goes into the access log first; a model that is warm is not opened.
    """
    require_care_consent(account_id, ports=ports)
    with ports.database.read() as unit:
        model = _newest(unit, account_id)
        newer = _newer_records(unit, model)
    forecast = ports.models.forecast(
        model.id,
        _model_opener(model, PURPOSE, ports),
        newer={row.id: _record_opener(row, ports) for row in newer},
    )
    return ForecastView(model, forecast, ports.clock.now(), len(newer))


def stored_forecast(account_id: AccountId, purpose: str, *, ports: Ports) -> GlucoseForecast | None:
    """What the stored model said when it was made, for its owner to take away; None without one.

    It asks for no consent: nothing is computed that is not stored already.
    """
    with ports.database.read() as unit:
        models = unit.glucose_models.of_account(account_id)
    if not models:
        return None
    opener = _model_opener(models[0], purpose, ports)
    return ports.models.forecast(models[0].id, opener, newer={})


def plot_forecast(account_id: AccountId, unit: Unit, form: PictureFormat, *, ports: Ports) -> bytes:
    """The short-term forecast as a picture, under the same conditions."""
    view = forecast_glucose(account_id, ports=ports)
    return ports.plots.forecast(view.forecast, unit=unit, form=form)


def _newest(unit: UnitOfWork, account_id: AccountId) -> GlucoseModel:
    models = unit.glucose_models.of_account(account_id)
    if models:
        return models[0]
    trainings = unit.trainings.of_account(account_id)
    if trainings and trainings[0].unfinished:
        raise ForecastNotReady(
            f"your model is still being trained: look at /api/forecast/trainings/{trainings[0].id}"
        )
    if trainings and trainings[0].sealed_details is not None:
        raise ForecastNotReady(
            "your records were not enough for a model: what is missing stands at "
            f"/api/forecast/trainings/{trainings[0].id}"
        )
    raise ForecastNotReady(
        "there is no model of yours to answer from: train one with a POST to "
        "/api/forecast/trainings"
    )


def _newer_records(unit: UnitOfWork, model: GlucoseModel) -> list[Contribution]:
    learnt = set(unit.trainings.sources(model.training_id))
    return [row for row in glucose_records(unit, model.account_id) if row.id not in learnt]


def _model_opener(model: GlucoseModel, purpose: str, ports: Ports) -> Callable[[], bytes]:
    """Opens the model when it is called, with its line in the access log."""

    def opened() -> bytes:
        note_access(NoteAccess(model.account_id, model.account_id, MODEL, purpose), ports=ports)
        return open_model(model, ports)

    return opened


def _record_opener(row: Contribution, ports: Ports) -> Callable[[], bytes]:
    """Opens the record when it is called, with its line in the access log."""
    return lambda: open_traces([row], actor=row.account_id, purpose=PURPOSE, ports=ports)[0]
