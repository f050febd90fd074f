"""Taking a consent back counts from the moment it was asked for, not from the chain's block."""

from dataclasses import replace

import pytest

from backend.domain.consent_record import ConsentStatus
from backend.domain.errors import ConsentNotGranted
from backend.domain.training import TrainingState
from backend.ports import Ports
from backend.use_cases.forecast_glucose import forecast_glucose
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


def test_a_revocation_that_waits_for_the_chain_stops_forecast_and_training(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.train(person)
    forecast_glucose(person, ports=clinic.ports)
    clinic.chain.down = True
    revoke_consent(RevokeConsent(person), ports=clinic.ports)
    clinic.chain.down = False
    with pytest.raises(ConsentNotGranted, match="on its way"):
        forecast_glucose(person, ports=clinic.ports)
    with pytest.raises(ConsentNotGranted, match="on its way"):
        clinic.request(person)
    clinic.settle()
    with pytest.raises(ConsentNotGranted):
        forecast_glucose(person, ports=clinic.ports)
    clinic.consent(person)
    forecast_glucose(person, ports=clinic.ports)


def test_asking_again_ends_what_the_first_request_could_not(clinic: Clinic) -> None:
    """The first was killed after it had written its wish down, before trainings were ended."""
    person = clinic.trainee()
    training_id = clinic.request(person)
    with clinic.ports.database.write() as unit:
        (record,) = unit.consents.of_account(person)
        unit.consents.update(replace(record, status=ConsentStatus.REVOKING))
    revoke_consent(RevokeConsent(person), ports=clinic.ports)
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.CANCELLED, "consent_ended")
