"""A whole service for tests: real database, keyring and readers; chain and content in memory."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.adapters.database.unit_of_work import open_database
from backend.adapters.guidance.guide import MlGuide
from backend.adapters.keys.file_keyring import FileKeyring, create_keyring_and_master
from backend.adapters.keys.master_keys import FolderMasterKeys
from backend.adapters.plots.glucose import MatplotlibPlots
from backend.adapters.records.reader import MlRecordReader
from backend.domain.policy import Policy
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.fakes.evaluator import FakeEvaluator
from tests.fakes.generators import FakeCohortGenerators
from tests.fakes.models import FakeGlucoseModels

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class SettableClock:
    """A clock that stands still, or goes on by `step` whenever it is asked."""

    def __init__(self) -> None:
        self._now = START
        self.step = timedelta(0)

    def now(self) -> datetime:
        self._now += self.step
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def chain(clock: SettableClock) -> FakeChain:
    return FakeChain(clock)


@pytest.fixture
def content() -> InMemoryContentStore:
    return InMemoryContentStore()


@pytest.fixture(scope="session")
def keyring_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty keyring and its master key in a folder; copy it."""
    folder = tmp_path_factory.mktemp("keyring")
    (folder / "elsewhere").mkdir()
    create_keyring_and_master(folder / "keyring", folder / "elsewhere" / "masters")
    return folder


@contextmanager
def ports_over(
    url: str, keys: Path, clock: SettableClock, chain: FakeChain, content: InMemoryContentStore
) -> Iterator[Ports]:
    """Everything a use case needs, over the database at `url` and the keyring in `keys`."""
    masters = FolderMasterKeys(keys / "elsewhere" / "masters")
    database = open_database(url)
    yield Ports(
        clock=clock,
        random_bytes=os.urandom,
        database=database,
        keys=FileKeyring(keys / "keyring", masters),
        content=content,
        chain=chain,
        history=chain,
        records=MlRecordReader(),
        models=FakeGlucoseModels(),
        plots=MatplotlibPlots(),
        guide=MlGuide(),
        generators=FakeCohortGenerators(),
        evaluator=FakeEvaluator(),
        policy=Policy(confirmation_depth=1),
    )
    database.close()


@pytest.fixture
def ports(
    sqlite_url: str,
    keyring_template: Path,
    tmp_path: Path,
    clock: SettableClock,
    chain: FakeChain,
    content: InMemoryContentStore,
) -> Iterator[Ports]:
    """Everything a use case needs, over an empty database and keyring in the test's folder."""
    keys = tmp_path / "keys"
    shutil.copytree(keyring_template, keys)
    with ports_over(sqlite_url, keys, clock, chain, content) as made:
        yield made
