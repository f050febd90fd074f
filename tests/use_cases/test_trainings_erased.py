"""What was learnt from a record goes with the record, whatever is restored afterwards."""

import shutil
from pathlib import Path

import pytest

from backend.domain.errors import ForecastNotReady, KeyDestroyed, NotFound
from backend.domain.identifiers import AccountId, KeyId
from backend.domain.training import TrainingState
from backend.ports import Ports
from backend.use_cases.erase_account import EraseAccount, erase_account
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.forecast_glucose import forecast_glucose
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.train_glucose_model import train_glucose_model
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


def erase_one(clinic: Clinic, account_id: AccountId) -> None:
    with clinic.ports.database.read() as unit:
        (row, *_) = unit.contributions.of_account(account_id)
    erase_contribution(EraseContribution(account_id, row.id), ports=clinic.ports)


def test_erasing_a_record_destroys_the_model_that_learnt_from_it(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.contribute(person, first_value=130)
    training_id = clinic.train(person)
    forecast_glucose(person, ports=clinic.ports)
    model = clinic.model_of(person)
    assert model is not None
    erase_one(clinic, person)
    assert clinic.model_of(person) is None
    assert clinic.key_state(training_id) == "destroyed"
    with pytest.raises(ForecastNotReady):
        forecast_glucose(person, ports=clinic.ports)
    assert model.id not in clinic.models.warm()


def test_erasing_a_record_that_was_not_learnt_from_leaves_the_model(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.train(person)
    later = clinic.contribute(person, first_value=130)
    erase_contribution(EraseContribution(person, later), ports=clinic.ports)
    assert clinic.model_of(person) is not None
    assert forecast_glucose(person, ports=clinic.ports).newer_records == 0


def test_erasing_a_record_while_it_is_learnt_from_ends_the_training(clinic: Clinic) -> None:
    person = clinic.trainee()
    clinic.contribute(person, first_value=130)
    training_id = clinic.request(person)
    clinic.models.before_step = lambda step: erase_one(clinic, person) if step == 2 else None
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.CANCELLED, "record_erased")
    assert clinic.model_of(person) is None and clinic.checkpoint_of(training_id) is None
    assert clinic.key_state(training_id) == "destroyed"


def test_a_training_never_opens_what_was_erased_before_it_began(clinic: Clinic) -> None:
    person = clinic.trainee()
    training_id = clinic.request(person)
    erase_one(clinic, person)
    clinic.settle(training=True)
    assert clinic.training(training_id).state is TrainingState.REFUSED
    assert clinic.training(training_id).reason == "not_enough_data"


def test_erasing_the_account_erases_everything_that_was_learnt(clinic: Clinic) -> None:
    person, other = clinic.trainee(), clinic.person("other")
    clinic.contribute(other, first_value=160)
    clinic.train(other)
    training_id = clinic.train(person)
    key_id = clinic.training(training_id).key_id
    erase_account(EraseAccount(person, abandon_tokens=True), ports=clinic.ports)
    assert clinic.ports.keys.state(key_id) == "destroyed"
    with clinic.ports.database.read() as unit:
        assert unit.trainings.by_id(training_id) is None
        assert unit.glucose_models.of_account(person) == []
    assert clinic.model_of(other) is not None


def test_erasing_the_account_while_it_trains_leaves_nothing(clinic: Clinic) -> None:
    person = clinic.trainee()
    training_id = clinic.request(person)

    def leave(step: int) -> None:
        if step == 1:
            erase_account(EraseAccount(person, abandon_tokens=True), ports=clinic.ports)

    clinic.models.before_step = leave
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    with pytest.raises(NotFound):
        forecast_glucose(person, ports=clinic.ports)


def test_a_model_that_a_restored_database_brings_back_is_forgotten_again(clinic: Clinic) -> None:
    """The row is back, its key is not: the keyring remembers what it destroyed."""
    person = clinic.trainee()
    training_id = clinic.train(person)
    model, training = clinic.model_of(person), clinic.training(training_id)
    assert model is not None
    with clinic.ports.database.read() as unit:
        sealed = unit.glucose_models.sealed(model.id)
        sources = unit.trainings.sources(training_id)
    assert sealed is not None
    with clinic.ports.database.write() as unit:
        unit.trainings.delete(training_id)
    clinic.ports.keys.destroy(training.key_id)
    with clinic.ports.database.write() as unit:
        unit.trainings.add(training)
        unit.trainings.set_sources(training_id, sources)
        unit.glucose_models.add(model, sealed)
    with pytest.raises(KeyDestroyed):
        forecast_glucose(person, ports=clinic.ports)
    replay_erasures(ports=clinic.ports)
    assert clinic.model_of(person) is None


def test_a_key_that_a_restored_keyring_brings_back_is_destroyed_again(
    clinic: Clinic, tmp_path: Path
) -> None:
    """A mark in the database outlives the record, the training and the model."""
    person = clinic.trainee()
    training_id = clinic.train(person)
    key_id = clinic.training(training_id).key_id
    shutil.copytree(tmp_path / "keys" / "keyring", tmp_path / "backup")
    erase_one(clinic, person)
    clinic.settle()
    assert clinic.ports.keys.state(key_id) == "destroyed"
    shutil.rmtree(tmp_path / "keys" / "keyring")
    shutil.copytree(tmp_path / "backup", tmp_path / "keys" / "keyring")
    assert clinic.ports.keys.state(key_id) == "live"
    assert replay_erasures(ports=clinic.ports) >= 2
    assert clinic.ports.keys.state(key_id) == "destroyed"


def test_a_record_that_the_chain_marks_as_erased_takes_its_model_along(clinic: Clinic) -> None:
    """Its contributor marked it with their own wallet; the indexer brings the news."""
    person = clinic.trainee()
    clinic.train(person)
    with clinic.ports.database.read() as unit:
        (row,) = unit.contributions.of_account(person)
    call = clinic.chain.mark_erased_call(row.digest)
    signed = clinic.chain.sign(
        call, nonce=clinic.chain.next_nonce(), fees=clinic.chain.suggested_fees()
    )
    clinic.chain.broadcast(signed)
    clinic.chain.mine(3)
    replay_erasures(ports=clinic.ports)
    assert clinic.model_of(person) is None


def test_a_key_that_a_restored_database_does_not_know_goes_at_the_next_start(
    clinic: Clinic,
) -> None:
    """The database is older than the training: nothing says any more which record it goes with."""
    person = clinic.trainee()
    known = clinic.person("other")
    clinic.contribute(known, first_value=160)
    kept = clinic.train(known)
    training_id = clinic.train(person)
    key_id = clinic.training(training_id).key_id
    with clinic.ports.database.read() as unit:
        (record,) = unit.contributions.of_account(person)
        accounts = [KeyId(person), KeyId(known)]
    with clinic.ports.database.write() as unit:
        unit.trainings.delete(training_id)
    assert replay_erasures(ports=clinic.ports) == 1
    assert clinic.ports.keys.state(key_id) == "destroyed"
    for still in (*accounts, record.key_id, clinic.training(kept).key_id):
        assert clinic.ports.keys.state(still) == "live"
    assert replay_erasures(ports=clinic.ports) == 0


def test_starting_with_a_wrong_database_destroys_no_key_of_a_record(clinic: Clinic) -> None:
    person = clinic.trainee()
    with clinic.ports.database.read() as unit:
        (record,) = unit.contributions.of_account(person)
    with clinic.ports.database.write() as unit:
        unit.contributions.delete(record.id)
    replay_erasures(ports=clinic.ports)
    assert clinic.ports.keys.state(record.key_id) == "live"
