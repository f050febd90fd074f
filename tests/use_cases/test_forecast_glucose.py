"""A forecast comes from the stored model, under a consent in force, and says where it starts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.errors import (
    ConsentNotGranted,
    ForecastNotReady,
    ModelUnusable,
    NotEnoughData,
)
from backend.ports import Ports
from backend.ports.plots import PictureFormat, Unit
from backend.use_cases.forecast_glucose import forecast_glucose, plot_forecast
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.summarise_glucose import (
    SummariseGlucose,
    plot_profile,
    profile_glucose,
    summarise_glucose,
)
from tests.fakes.chain import FakeChain
from tests.fakes.models import ORIGIN
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


def openings(clinic: Clinic, account_id: str, purpose: str) -> int:
    with clinic.ports.database.read() as unit:
        entries = unit.access_log.of_account(account_id)  # type: ignore[arg-type]
    return sum(entry.purpose == purpose for entry in entries)


def test_a_forecast_says_its_origin_and_when_it_was_asked_for(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.train(person)
    view = forecast_glucose(person, ports=clinic.ports)
    assert view.forecast.short_term.origin == ORIGIN
    assert view.asked_at == clinic.clock.now() > ORIGIN
    assert len(view.forecast.short_term.steps) == 24


def test_without_a_model_it_says_what_to_do(clinic: Clinic) -> None:
    person = clinic.trainee()
    with pytest.raises(ForecastNotReady, match="POST"):
        forecast_glucose(person, ports=clinic.ports)
    training_id = clinic.request(person)
    with pytest.raises(ForecastNotReady, match=f"still being trained.*{training_id}"):
        forecast_glucose(person, ports=clinic.ports)
    clinic.models.enough = False
    clinic.settle(training=True)
    with pytest.raises(ForecastNotReady, match=f"what is missing.*{training_id}"):
        forecast_glucose(person, ports=clinic.ports)


def test_a_model_is_opened_once_while_it_is_warm_and_each_opening_is_logged(
    clinic: Clinic,
) -> None:
    person = clinic.trainee()
    clinic.train(person)
    for _ in range(3):
        forecast_glucose(person, ports=clinic.ports)
    assert len(clinic.models.opened) == 1
    assert openings(clinic, person, "forecast for its owner") == 1


def test_a_newer_record_moves_the_origin_without_a_training(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.train(person)
    forecast_glucose(person, ports=clinic.ports)
    clinic.contribute(person, first_value=130)
    view = forecast_glucose(person, ports=clinic.ports)
    assert view.newer_records == 1
    assert view.forecast.short_term.origin == ORIGIN + timedelta(hours=1)
    assert openings(clinic, person, "forecast for its owner") == 2


def test_a_revoked_consent_ends_the_answers_and_a_new_one_brings_them_back(
    clinic: Clinic,
) -> None:
    person = clinic.trainee()
    clinic.train(person)
    revoke_consent(RevokeConsent(person), ports=clinic.ports)
    clinic.settle()
    with pytest.raises(ConsentNotGranted):
        forecast_glucose(person, ports=clinic.ports)
    with pytest.raises(ConsentNotGranted):
        plot_forecast(person, Unit.MG_DL, PictureFormat.PNG, ports=clinic.ports)
    clinic.consent(person)
    assert forecast_glucose(person, ports=clinic.ports).forecast.short_term.origin == ORIGIN


def test_a_model_that_cannot_be_read_says_to_train_again(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.train(person)

    class Damaging:
        """The models port as it is when the stored bytes are no model any more."""

        def __getattr__(self, name: str) -> object:
            return getattr(clinic.models, name)

        def forecast(self, model_id, open_model, *, newer):  # type: ignore[no-untyped-def]
            return clinic.models.forecast(model_id, lambda: open_model()[:7], newer=newer)

    damaged = replace(clinic.ports, models=Damaging())  # type: ignore[arg-type]
    with pytest.raises(ModelUnusable, match="train it again"):
        forecast_glucose(person, ports=damaged)


def test_a_model_of_another_training_does_not_open(clinic: Clinic) -> None:
    """Seals are bound to account and training: swapped rows show nothing of anybody."""
    person, other = clinic.trainee(), clinic.person("other")
    clinic.contribute(other, first_value=160)
    clinic.train(person), clinic.train(other)
    mine, theirs = clinic.model_of(person), clinic.model_of(other)
    assert mine is not None and theirs is not None
    with clinic.ports.database.write() as unit:
        foreign = unit.glucose_models.sealed(theirs.id)
        assert foreign is not None
        unit.glucose_models.delete(mine.id)
        unit.glucose_models.add(mine, foreign)
    with pytest.raises(ModelUnusable, match="train it again"):
        forecast_glucose(person, ports=clinic.ports)


def test_figures_and_profile_need_no_consent_and_log_every_record(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.contribute(person, first_value=130)
    revoke_consent(RevokeConsent(person), ports=clinic.ports)
    clinic.settle()
    summary = summarise_glucose(SummariseGlucose(person, None), ports=clinic.ports)
    assert summary.readings == 2
    assert openings(clinic, person, "glucose summary for its owner") == 2
    assert profile_glucose(SummariseGlucose(person, 7), ports=clinic.ports).days == 7
    assert openings(clinic, person, "glucose profile for its owner") == 2


def test_without_a_record_there_are_no_figures(clinic: Clinic) -> None:
    with pytest.raises(NotEnoughData):
        summarise_glucose(SummariseGlucose(clinic.person(), None), ports=clinic.ports)


@pytest.mark.parametrize("form", list(PictureFormat))
@pytest.mark.parametrize("unit", list(Unit))
def test_the_same_answer_is_the_same_picture(
    clinic: Clinic, unit: Unit, form: PictureFormat
) -> None:
    person = clinic.trainee()
    clinic.train(person)
    begins = {PictureFormat.PNG: b"\x89PNG", PictureFormat.SVG: b"<?xml"}[form]
    command = SummariseGlucose(person, None)
    for draw in (
        lambda: plot_forecast(person, unit, form, ports=clinic.ports),
        lambda: plot_profile(command, unit, form, ports=clinic.ports),
    ):
        picture = draw()
        assert picture.startswith(begins) and picture == draw()
