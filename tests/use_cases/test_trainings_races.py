"""A person's word meets their training inside a unit of work: one waits for the other, none fails.

On PostgreSQL, where units of work run side by side; SQLite has one writer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.domain.errors import VitalMintError
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.ports.unit_of_work import Database, UnitOfWork
from backend.use_cases.erase_account import EraseAccount, erase_account
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from backend.use_cases.train_glucose_model import train_glucose_model
from tests.fakes.chain import FakeChain
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic

PATIENCE_S = 30.0
WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
WORDS: dict[str, Callable[[AccountId, Ports], object]] = {
    "revoke": lambda account_id, ports: revoke_consent(RevokeConsent(account_id), ports=ports),
    "leave": lambda account_id, ports: erase_account(EraseAccount(account_id, True), ports=ports),
}


class Meeting:
    """Starts `other` when it is reached, and goes on once that waits for a row or has ended."""

    def __init__(self, url: str, other: Callable[[], object]) -> None:
        self._url = url
        self._thread = threading.Thread(target=self._run, args=(other,))
        self.reached = False
        self.refusals: list[VitalMintError] = []

    def __call__(self) -> None:
        if self.reached:
            return
        self.reached = True
        self._thread.start()
        deadline = time.monotonic() + PATIENCE_S
        with psycopg.connect(self._url, autocommit=True) as watching:
            while self._thread.is_alive() and not watching.execute(WAITING).fetchone()[0]:  # type: ignore[index]
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def end(self) -> None:
        self._thread.join()

    def _run(self, other: Callable[[], object]) -> None:
        try:
            other()
        except VitalMintError as refusal:
            self.refusals.append(refusal)


class Calling:
    """The same object, but that `before` is called when `path` is asked for."""

    def __init__(self, real: Any, path: list[str], before: Callable[[], None]) -> None:
        self._real, self._path, self._before = real, path, before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name != self._path[0]:
            return found
        if self._path[1:]:
            return Calling(found, self._path[1:], self._before)
        self._before()
        return found


class MeetingDatabase:
    """A database in whose writing units the meeting takes place."""

    def __init__(self, database: Database, path: str, meeting: Meeting) -> None:
        self._database, self._path, self._meeting = database, path.split("."), meeting

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        with self._database.write() as unit:
            yield Calling(unit, self._path, self._meeting)

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self._database.read()

    def ping(self) -> None:
        self._database.ping()


@pytest.fixture
def clinic(
    ports: Ports, clock: SettableClock, chain: FakeChain, postgres_url: str
) -> Iterator[Clinic]:
    database = open_database(postgres_url)
    yield Clinic(replace(ports, database=database), clock, chain)
    database.close()


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("where", ["contributions.of_account", "glucose_models.add"])
def test_a_persons_word_and_their_training_wait_for_each_other(
    clinic: Clinic, postgres_url: str, where: str, word: str
) -> None:
    """`where` a training begins, and where its model is stored."""
    person = clinic.trainee()
    training_id = clinic.request(person)
    meeting = Meeting(postgres_url, lambda: WORDS[word](person, clinic.ports))
    database = MeetingDatabase(clinic.ports.database, where, meeting)
    assert train_glucose_model(training_id, ports=replace(clinic.ports, database=database)) is None
    meeting.end()
    assert meeting.reached and meeting.refusals == []
    with clinic.ports.database.read() as unit:
        assert unit.trainings.unfinished() == []
