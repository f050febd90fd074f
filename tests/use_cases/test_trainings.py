"""A personal model is learnt under its person's consent, once, and survives every interruption."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.consent import Purpose
from backend.domain.errors import (
    ChainUnavailable,
    ConsentExpired,
    ConsentNotGranted,
    NotEnoughData,
    NotFound,
    TrainingUnderWay,
)
from backend.domain.identifiers import AccountId
from backend.domain.job import Again
from backend.domain.training import TrainingState
from backend.ports import Ports
from backend.use_cases.forecast_glucose import forecast_glucose
from backend.use_cases.resume_work import resume_work
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.show_training import cancel_training, show_training, show_trainings
from backend.use_cases.train_glucose_model import train_glucose_model
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


@pytest.fixture
def trainee(clinic: Clinic) -> AccountId:
    return clinic.trainee()


def tick_at_every_step(clinic: Clinic) -> None:
    clinic.ports = replace(clinic.ports, policy=replace(clinic.ports.policy, training_tick_s=0))


def test_a_training_ends_with_one_sealed_model_and_no_checkpoint(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.train(trainee)
    ended = clinic.training(training_id)
    assert (ended.state, ended.progress, ended.attempts) == (TrainingState.FINISHED, 1000, 1)
    assert ended.ended_at is not None and ended.started_at is not None
    model = clinic.model_of(trainee)
    assert model is not None and model.key_id == ended.key_id
    assert clinic.checkpoint_of(training_id) is None
    with clinic.ports.database.read() as unit:
        sealed = unit.glucose_models.sealed(model.id)
    assert sealed is not None and b"learnt" not in sealed


def test_a_training_is_refused_without_a_consent_to_care(clinic: Clinic) -> None:
    nobody = clinic.person("nobody", purposes=None)
    with pytest.raises(ConsentNotGranted, match="grant one"):
        clinic.request(nobody)
    for_sale = clinic.person("for-sale", purposes=Purpose.TRAINING | Purpose.SALE)
    clinic.contribute(for_sale)
    with pytest.raises(ConsentNotGranted, match="does not cover care"):
        clinic.request(for_sale)


def test_an_expired_consent_is_refused(clinic: Clinic) -> None:
    person = clinic.person("brief", purposes=None)
    clinic.consent(person, days=0.5)
    clinic.contribute(person)
    clinic.clock.advance(timedelta(days=1))
    with pytest.raises(ConsentExpired):
        clinic.request(person)


def test_a_training_needs_a_record(clinic: Clinic) -> None:
    with pytest.raises(NotEnoughData, match="no CGM record") as refused:
        clinic.request(clinic.person())
    assert "contribute" in refused.value.needs and refused.value.reasons == ("no_records",)


def test_a_second_training_waits_for_the_first_to_end(clinic: Clinic, trainee: AccountId) -> None:
    clinic.request(trainee)
    with pytest.raises(TrainingUnderWay):
        clinic.request(trainee)
    clinic.settle(training=True)
    clinic.request(trainee)


def test_too_little_data_is_refused_with_what_would_be_enough_and_sealed(
    clinic: Clinic, trainee: AccountId
) -> None:
    clinic.models.enough = False
    training_id = clinic.train(trainee)
    view = show_training(trainee, training_id, ports=clinic.ports)
    assert view.training.state is TrainingState.REFUSED
    assert view.training.reason == "not_enough_data"
    assert view.refusal is not None
    assert (view.refusal.needs, view.refusal.reasons) == ("7 more days", ("too_few_days",))
    assert b"days" not in (view.training.sealed_details or b"days")
    assert clinic.model_of(trainee) is None
    assert clinic.key_state(training_id) == "destroyed"


def test_a_training_reads_as_its_progress_goes_on(clinic: Clinic, trainee: AccountId) -> None:
    tick_at_every_step(clinic)
    seen = []
    training_id = clinic.request(trainee)

    def look(_: int) -> None:
        row = clinic.training(training_id)
        seen.append((row.state.value, row.stage, row.progress))

    clinic.models.before_step = look
    train_glucose_model(training_id, ports=clinic.ports)
    assert seen == [
        ("running", None, 0),
        ("running", "pretending to learn", 0),
        ("running", "pretending to learn", 250),
        ("running", "pretending to learn", 500),
    ]


def test_a_cancelled_training_stops_at_its_next_step_and_leaves_nothing(
    clinic: Clinic, trainee: AccountId
) -> None:
    tick_at_every_step(clinic)
    training_id = clinic.request(trainee)
    steps = []

    def cancel_at_the_second(step: int) -> None:
        steps.append(step)
        if step == 1:
            view = cancel_training(trainee, training_id, ports=clinic.ports)
            assert view.training.state is TrainingState.CANCELLED

    clinic.models.before_step = cancel_at_the_second
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    assert steps == [0, 1]
    assert clinic.training(training_id).reason == "cancelled_by_patient"
    assert clinic.model_of(trainee) is None and clinic.checkpoint_of(training_id) is None
    assert clinic.key_state(training_id) == "destroyed"


def test_cancelling_again_or_after_the_end_changes_nothing(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.train(trainee)
    view = cancel_training(trainee, training_id, ports=clinic.ports)
    assert view.training.state is TrainingState.FINISHED and view.model is not None
    queued = clinic.request(trainee)
    cancelled = cancel_training(trainee, queued, ports=clinic.ports)
    assert cancel_training(trainee, queued, ports=clinic.ports) == cancelled
    clinic.settle(training=True)
    assert clinic.training(queued).state is TrainingState.CANCELLED
    assert clinic.models.trained == 1


def test_another_persons_training_is_not_found(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.train(trainee)
    other = clinic.person("other")
    for look in (show_training, cancel_training):
        with pytest.raises(NotFound):
            look(other, training_id, ports=clinic.ports)
    assert show_trainings(other, ports=clinic.ports) == []


def test_a_consent_revoked_while_it_waits_ends_it(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.request(trainee)
    revoke_consent(RevokeConsent(trainee), ports=clinic.ports)
    assert clinic.training(training_id).reason == "consent_ended"
    clinic.settle(training=True)
    assert clinic.models.trained == 0 and clinic.model_of(trainee) is None


def test_a_consent_that_ends_on_chain_alone_stops_the_training_at_its_next_step(
    clinic: Clinic, trainee: AccountId
) -> None:
    """As with a wallet's own revoke() or an expiry, of which this service hears nothing."""
    tick_at_every_step(clinic)
    training_id = clinic.request(trainee)

    def expire(step: int) -> None:
        if step == 2:
            clinic.clock.advance(timedelta(days=400))

    clinic.models.before_step = expire
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.CANCELLED, "consent_ended")
    assert clinic.model_of(trainee) is None
    assert clinic.key_state(training_id) == "destroyed"


def test_a_consent_that_ends_after_the_last_step_keeps_the_model_from_being_stored(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.request(trainee)

    def expire(step: int) -> None:
        if step == clinic.models.steps - 1:
            clinic.clock.advance(timedelta(days=400))

    clinic.models.before_step = expire
    train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.training(training_id).reason == "consent_ended"
    assert clinic.model_of(trainee) is None


def test_a_chain_that_is_down_pauses_the_training_and_it_goes_on_where_it_was(
    clinic: Clinic, trainee: AccountId
) -> None:
    tick_at_every_step(clinic)
    training_id = clinic.request(trainee)

    def down(step: int) -> None:
        clinic.chain.down = step == 2

    clinic.models.before_step = down
    with pytest.raises(ChainUnavailable):
        train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.training(training_id).state is TrainingState.RUNNING
    clinic.chain.down = False
    clinic.models.before_step = lambda step: None
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    assert clinic.models.resumed_at == [0, 2]
    assert clinic.training(training_id).state is TrainingState.FINISHED


def test_a_worker_that_ends_hands_the_training_on(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.request(trainee)
    ending = replace(clinic.ports, stopping=lambda: clinic.checkpoint_of(training_id) is not None)
    assert isinstance(train_glucose_model(training_id, ports=ending), Again)
    assert clinic.training(training_id).state is TrainingState.RUNNING
    train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.models.resumed_at == [0, 1]
    assert clinic.training(training_id).state is TrainingState.FINISHED


def test_repeating_the_job_changes_nothing(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.train(trainee)
    model = clinic.model_of(trainee)
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    assert clinic.model_of(trainee) == model and clinic.models.trained == 1


def test_a_training_that_broke_too_often_has_failed(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.request(trainee)

    def broken(_: int) -> None:
        raise ZeroDivisionError

    clinic.models.before_step = broken
    for _ in range(clinic.ports.policy.training_attempts):
        with pytest.raises(ZeroDivisionError):
            train_glucose_model(training_id, ports=clinic.ports)
        assert clinic.checkpoint_of(training_id) is None
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.FAILED, "failed_inside")
    assert clinic.checkpoint_of(training_id) is None
    assert clinic.key_state(training_id) == "destroyed"
    clinic.models.before_step = lambda step: None
    assert clinic.training(clinic.train(trainee)).state is TrainingState.FINISHED


def test_a_new_model_replaces_the_one_before_and_its_key(
    clinic: Clinic, trainee: AccountId
) -> None:
    first = clinic.train(trainee)
    older = clinic.model_of(trainee)
    second = clinic.train(trainee)
    newer = clinic.model_of(trainee)
    assert newer is not None and newer.training_id == second and newer != older
    assert (clinic.key_state(first), clinic.key_state(second)) == ("destroyed", "live")
    views = show_trainings(trainee, ports=clinic.ports)
    assert {view.training.id: view.model is not None for view in views} == {
        first: False,
        second: True,
    }


def test_what_is_opened_to_learn_is_in_the_access_log_before(
    clinic: Clinic, trainee: AccountId
) -> None:
    record = clinic.contribute(trainee, first_value=130)
    clinic.train(trainee)
    with clinic.ports.database.read() as unit:
        entries = unit.access_log.of_account(trainee)
    learnt = [entry for entry in entries if entry.purpose == "learning a model for its owner"]
    assert len(learnt) == 2 and record in {entry.subject for entry in learnt}
    assert {entry.actor for entry in learnt} == {"service"}


def test_an_unfinished_training_whose_job_was_lost_goes_on_after_a_start(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.request(trainee)
    now = clinic.clock.now()
    with clinic.ports.database.write() as unit:
        while job := unit.jobs.lease(now=now, holder="x", until=now + timedelta(minutes=1)):
            unit.jobs.finish(job.id, holder="x")
    resume_work(ports=clinic.ports)
    clinic.settle(training=True)
    assert clinic.training(training_id).state is TrainingState.FINISHED


def test_a_training_that_goes_on_learns_from_what_it_began_with(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.request(trainee)
    ending = replace(clinic.ports, stopping=lambda: clinic.checkpoint_of(training_id) is not None)
    train_glucose_model(training_id, ports=ending)
    clinic.contribute(trainee, first_value=130)
    train_glucose_model(training_id, ports=clinic.ports)
    with clinic.ports.database.read() as unit:
        assert len(unit.trainings.sources(training_id)) == 1
    assert forecast_glucose(trainee, ports=clinic.ports).newer_records == 1
