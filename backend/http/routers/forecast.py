"""A person's own forecast: train a model, see how that stands, ask what it says."""

from fastapi import APIRouter, Response

from backend.domain.identifiers import training_id as known_id
from backend.http.guard import GuardedRoute
from backend.http.picture import PICTURE, FormatAsked, UnitAsked, picture_response
from backend.http.schemas.forecast import ForecastShown
from backend.http.schemas.trainings import TrainingList, TrainingShown
from backend.http.session import AccountHere, PortsHere
from backend.ports.plots import PictureFormat, Unit
from backend.use_cases.forecast_glucose import forecast_glucose, plot_forecast
from backend.use_cases.request_training import RequestTraining
from backend.use_cases.request_training import request_training as request
from backend.use_cases.show_training import cancel_training as cancel
from backend.use_cases.show_training import show_training as show
from backend.use_cases.show_training import show_trainings as list_own

router = APIRouter(prefix="/api/forecast", tags=["forecast"], route_class=GuardedRoute)


@router.post("/trainings", status_code=202, summary="Train a model of one's own glucose")
def request_training(account_id: AccountHere, ports: PortsHere) -> TrainingShown:
    """From one's own CGM records and nobody else's; it takes minutes, and replaces the model
    before it. Needs a consent to care in force, and 10 days worn for 70 %."""
    training = request(RequestTraining(account_id), ports=ports)
    return TrainingShown.of(show(account_id, training.id, ports=ports))


@router.get("/trainings", summary="List one's trainings")
def list_trainings(account_id: AccountHere, ports: PortsHere) -> TrainingList:
    """The newest first; what was refused says what is missing and what would be enough."""
    views = list_own(account_id, ports=ports)
    return TrainingList(trainings=[TrainingShown.of(view) for view in views])


@router.get("/trainings/{training_id}", summary="Show how a training stands")
def show_training(training_id: str, account_id: AccountHere, ports: PortsHere) -> TrainingShown:
    """Another person's training is not found, as one that does not exist."""
    return TrainingShown.of(show(account_id, known_id(training_id), ports=ports))


@router.delete("/trainings/{training_id}", summary="Cancel a training")
def cancel_training(training_id: str, account_id: AccountHere, ports: PortsHere) -> TrainingShown:
    """It is cancelled when the answer comes, and nothing of it is kept. One that has ended stays
    as it ended."""
    return TrainingShown.of(cancel(account_id, known_id(training_id), ports=ports))


@router.get("", summary="Ask one's own model")
def show_forecast(account_id: AccountHere, ports: PortsHere) -> ForecastShown:
    """Two hours from the last reading that is here, as quantiles, with the simplest forecasts
    beside; three months as summaries with intervals. Not a medical device: no dose follows."""
    return ForecastShown.of(forecast_glucose(account_id, ports=ports))


@router.get(
    "/plot",
    summary="See one's own forecast",
    response_class=Response,
    responses=PICTURE,
)
def show_forecast_plot(
    account_id: AccountHere,
    ports: PortsHere,
    unit: UnitAsked = Unit.MG_DL,
    form: FormatAsked = PictureFormat.PNG,
) -> Response:
    """The last hours, the next two with their interval, and least squares beside."""
    picture = plot_forecast(account_id, unit, form, ports=ports)
    return picture_response(picture, form, "glucose-forecast")
