"""A person's own forecast: train a model, see how that stands, ask what it says."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend.domain.identifiers import training_id as known_id
from backend.http.guard import GuardedRoute
from backend.http.picture import PICTURE, FormatAsked, UnitAsked, picture_response
from backend.http.rate_limits import COMPUTED, TrainedHere
from backend.http.schemas.forecast import ForecastShown
from backend.http.schemas.trainings import TrainingList, TrainingShown
from backend.http.session import AccountHere, PortsHere
from backend.ports.plots import PictureFormat, Unit
from backend.use_cases.forecast_glucose import forecast_glucose, plot_forecast
from backend.use_cases.request_training import RequestTraining
from backend.use_cases.request_training import request_training as request
from backend.use_cases.show_training import LARGEST_PAGE, ListTrainings
from backend.use_cases.show_training import cancel_training as cancel
from backend.use_cases.show_training import list_trainings as list_own
from backend.use_cases.show_training import show_training as show

router = APIRouter(prefix="/api/forecast", tags=["forecast"], route_class=GuardedRoute)


@router.post("/trainings", status_code=202, summary="Train a model of one's own glucose")
def request_training(
    account_id: AccountHere, ports: PortsHere, trained: TrainedHere
) -> TrainingShown:
    """From one's own CGM records and nobody else's; it takes minutes, and replaces the model
    before it. Needs a consent to care in force, and 10 days worn for 70 %."""
    training = request(RequestTraining(account_id), ports=ports, before_queueing=trained.count)
    return TrainingShown.of(show(account_id, training.id, ports=ports))


@router.get("/trainings", summary="List one's trainings")
def list_trainings(
    account_id: AccountHere,
    ports: PortsHere,
    limit: Annotated[int, Query(description=f"1 to {LARGEST_PAGE}")] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> TrainingList:
    """The newest first; what was refused says what is missing and what would be enough."""
    return TrainingList.of(list_own(ListTrainings(account_id, limit, after), ports=ports))


@router.get("/trainings/{training_id}", summary="Show how a training stands")
def show_training(training_id: str, account_id: AccountHere, ports: PortsHere) -> TrainingShown:
    """Another person's training is not found, as one that does not exist."""
    return TrainingShown.of(show(account_id, known_id(training_id), ports=ports))


@router.delete("/trainings/{training_id}", summary="Cancel a training")
def cancel_training(training_id: str, account_id: AccountHere, ports: PortsHere) -> TrainingShown:
    """It is cancelled when the answer comes, and nothing of it is kept. One that has ended stays
    as it ended."""
    return TrainingShown.of(cancel(account_id, known_id(training_id), ports=ports))


@router.get("", summary="Ask one's own model", dependencies=COMPUTED)
def show_forecast(account_id: AccountHere, ports: PortsHere) -> ForecastShown:
    """Two hours from the last reading that is here, as quantiles, with the simplest forecasts
    beside; three months as summaries with intervals. Not a medical device: no dose follows."""
    return ForecastShown.of(forecast_glucose(account_id, ports=ports))


@router.get(
    "/plot",
    summary="See one's own forecast",
    response_class=Response,
    responses=PICTURE,
    dependencies=COMPUTED,
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
