"""What counts against a training: what broke in it, and no outage around it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.errors import ContentMissing, KeyringUnavailable, Unavailable
from backend.domain.identifiers import AccountId, KeyId
from backend.domain.training import TrainingState
from backend.jobs import TRAINING, job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.ports.keys import Keyring
from backend.use_cases.train_glucose_model import train_glucose_model
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic


class Killed(BaseException):
    """Ends the process without any clearing up."""


class KeyringThatIsAway:
    """A keyring whose volume was not mounted: it opens nothing."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name == "open":
            return self._away
        return getattr(self._keys, name)  # type: ignore[no-any-return]

    @staticmethod
    def _away(_: KeyId) -> bytes:
        raise KeyringUnavailable("the keyring is away: mount it")


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


@pytest.fixture
def trainee(clinic: Clinic) -> AccountId:
    return clinic.trainee()


def work_for_an_hour(clinic: Clinic, ports: Ports) -> None:
    runner = Runner("test", job_functions(), ports, only=TRAINING)
    for _ in range(60):
        runner.run_next()
        clinic.clock.advance(timedelta(minutes=1))


@pytest.mark.parametrize("missing", ["content", "chain", "keys"])
def test_an_outage_of_an_hour_fails_no_training(
    clinic: Clinic, trainee: AccountId, content: InMemoryContentStore, missing: str
) -> None:
    training_id = clinic.request(trainee)
    content.down = missing == "content"
    clinic.chain.down = missing == "chain"
    keys = KeyringThatIsAway(clinic.ports.keys) if missing == "keys" else clinic.ports.keys
    work_for_an_hour(clinic, replace(clinic.ports, keys=keys))  # type: ignore[arg-type]
    assert clinic.training(training_id).unfinished
    assert clinic.training(training_id).attempts == 0
    content.down = clinic.chain.down = False
    work_for_an_hour(clinic, clinic.ports)
    ended = clinic.training(training_id)
    assert (ended.state, ended.attempts) == (TrainingState.FINISHED, 1)


def test_an_outage_gives_back_no_attempt_that_broke_before(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.request(trainee)

    def broken(_: int) -> None:
        raise ZeroDivisionError

    clinic.models.before_step = broken
    with pytest.raises(ZeroDivisionError):
        train_glucose_model(training_id, ports=clinic.ports)
    clinic.chain.down = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.training(training_id).attempts == 1


def test_workers_that_are_told_to_end_fail_no_training(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.request(trainee)
    ending = replace(clinic.ports, stopping=lambda: True)
    for _ in range(clinic.ports.policy.training_attempts + 1):
        train_glucose_model(training_id, ports=ending)
    train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.training(training_id).state is TrainingState.FINISHED


def test_a_training_that_was_killed_every_time_says_so(clinic: Clinic, trainee: AccountId) -> None:
    training_id = clinic.request(trainee)

    def kill(_: int) -> None:
        raise Killed

    clinic.models.before_step = kill
    for _ in range(clinic.ports.policy.training_attempts):
        with pytest.raises(Killed):
            train_glucose_model(training_id, ports=clinic.ports)
    assert train_glucose_model(training_id, ports=clinic.ports) is None
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.FAILED, "interrupted_too_often")


def test_content_that_is_gone_is_no_interruption(
    clinic: Clinic, trainee: AccountId, content: InMemoryContentStore
) -> None:
    training_id = clinic.request(trainee)
    with clinic.ports.database.read() as unit:
        (record,) = unit.contributions.of_account(trainee)
    content.unpin(record.cid)
    content.collect_garbage()
    for _ in range(clinic.ports.policy.training_attempts):
        with pytest.raises(ContentMissing):
            train_glucose_model(training_id, ports=clinic.ports)
    ended = clinic.training(training_id)
    assert (ended.state, ended.reason) == (TrainingState.FAILED, "failed_inside")
    assert clinic.key_state(training_id) == "destroyed"


def test_a_checkpoint_that_was_changed_is_one_that_is_not_there(
    clinic: Clinic, trainee: AccountId
) -> None:
    training_id = clinic.request(trainee)
    ending = replace(clinic.ports, stopping=lambda: clinic.checkpoint_of(training_id) is not None)
    train_glucose_model(training_id, ports=ending)
    sealed = clinic.checkpoint_of(training_id)
    assert sealed is not None
    with clinic.ports.database.write() as unit:
        unit.training_checkpoints.save(training_id, sealed[:-1], clinic.clock.now())
    train_glucose_model(training_id, ports=clinic.ports)
    assert clinic.models.resumed_at == [0, 0]
    assert clinic.training(training_id).state is TrainingState.FINISHED
