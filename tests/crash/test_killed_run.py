"""Kill the process of a run before and after its outside moments, then start again.

From the request through training to the release and its download: afterwards there is one dataset
with one certificate, charged once, or nothing, wherever it was killed; and a run that had learnt
goes on from its checkpoint. Then the same for a record that is erased while the run publishes.

Database, keyring and content are files, so that they are what a kill leaves; the chain is only
asked. From one write to the next a kill leaves the same wherever it comes: it comes before each
write, when a commit is all but done, and once in the middle where many records are opened between.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.content_store.folder import FolderContentStore
from backend.crypto.cid import cid_of
from backend.domain.account import Account
from backend.domain.generation import RunState
from backend.domain.identifiers import RAW, AccountId, Cid, ContentDigest, KeyId
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.open_dataset import OpenDataset, open_dataset
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.request_run import RequestRun, request_run
from backend.use_cases.resume_work import resume_work
from tests.cohorts import PLAN, Studio
from tests.crash.killing import Moments, WatchedPort, in_a_process, watched
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.stand_in_ports import SettableClock, ports_over

KILLED = -9
STEPS = 2
LONG = 10
LEAVES = "after content.add"
WRITES = ("commit", "keys.store", "content.add", "keys.destroy", "content.unpin")


@dataclass(frozen=True)
class House:
    """A service whose every durable thing lies in `home`; `saved` is how it was at first."""

    home: Path
    saved: Path
    clock: SettableClock
    chain: FakeChain
    people: tuple[Account, ...]
    operator: AccountId
    keys: frozenset[KeyId]
    pins: frozenset[Cid]

    @contextmanager
    def studio(self) -> Iterator[Studio]:
        with _opened(self.home, self.clock, self.chain) as studio:
            yield studio

    def restore(self) -> None:
        """As it was before the first run."""
        shutil.rmtree(self.home)
        shutil.copytree(self.saved, self.home)

    def recover(self, studio: Studio) -> None:
        """What a restart does once the dead worker's lease has run out."""
        self.clock.advance(timedelta(seconds=studio.ports.policy.job_lease_s + 1))
        replay_erasures(ports=studio.ports)
        resume_work(ports=studio.ports)
        studio.settle()


@contextmanager
def _opened(home: Path, clock: SettableClock, chain: FakeChain) -> Iterator[Studio]:
    url, nowhere = f"sqlite:///{home / 'vitalmint.db'}", InMemoryContentStore()
    with ports_over(url, home / "keys", clock, chain, nowhere) as ports:
        content = FolderContentStore(home / "content")
        policy = replace(ports.policy, training_tick_s=0)
        studio = Studio(replace(ports, content=content, policy=policy), clock, chain)
        studio.generators.steps = STEPS
        yield studio


@pytest.fixture(scope="module")
def house(
    sqlite_template: Path, keyring_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> House:
    """Fifty people who consent, and an operator."""
    folder = tmp_path_factory.mktemp("killed-run")
    home, saved = folder / "home", folder / "saved"
    shutil.copytree(keyring_template, home / "keys")
    shutil.copyfile(sqlite_template, home / "vitalmint.db")
    clock = SettableClock()
    chain = FakeChain(clock)
    with _opened(home, clock, chain) as studio:
        people = tuple(studio.people(50))
        operator = studio.operator()
        keys, pins = frozenset(studio.ports.keys.live()), studio.ports.content.pinned()
    shutil.copytree(home, saved)
    return House(home, saved, clock, chain, people, operator, keys, pins)


class Leaving(Moments):
    """Moments of which the first by the name of `LEAVES` is when somebody leaves."""

    def __init__(self, log: Path, fatal: int | None, leave: Callable[[], None]) -> None:
        super().__init__(log, fatal)
        self._leave: Callable[[], None] | None = leave

    def pass_by(self, name: str) -> None:
        super().pass_by(name)
        if name == LEAVES and self._leave is not None:
            leave, self._leave = self._leave, None
            leave()


def made(house: House, log: Path, fatal: int | None, *, leaves: Account | None = None) -> int:
    """A process that asks for a run, does it and downloads what came of it, all watched.

    Whoever `leaves` erases their record, as another process does, at moment `LEAVES`.
    """

    def work() -> None:
        with house.studio() as studio:
            moments = Moments(log, fatal)
            if leaves is not None:
                moments = Leaving(log, fatal, partial(erase, studio, leaves))
            ports = watched(studio.ports, moments)
            generators: Any = WatchedPort(ports.generators, "generators", moments)
            evaluator: Any = WatchedPort(ports.evaluator, "evaluator", moments)
            ports = replace(ports, generators=generators, evaluator=evaluator)
            studio.generators.before_step = lambda step: moments.pass_by(f"before step {step}")
            run = request_run(RequestRun(house.operator, PLAN, seed=42), ports=ports)
            work_on(ports)
            if leaves is None:
                open_dataset(OpenDataset(house.operator, run.id), ports=ports)

    return in_a_process(work, log)


def work_on(ports: Ports) -> None:
    runner = Runner("test", job_functions(), ports)
    while runner.run_next():
        pass


def erase(studio: Studio, person: Account) -> None:
    command = EraseContribution(person.id, studio.record_of(person))
    erase_contribution(command, ports=studio.ports)


def chosen(names: list[str]) -> list[int]:
    """Before every write and at the end, and the middle of every long way between two."""
    writes = [place for place, name in enumerate(names) if _before_a_write(name)]
    ends = [0, *writes, len(names) - 1]
    middles = [(one + two) // 2 for one, two in pairwise(ends) if two - one > LONG]
    return sorted({*ends, *middles})


def _before_a_write(name: str) -> bool:
    return name.startswith("before") and name.endswith(WRITES)


def test_a_run_killed_at_any_moment_ends_in_one_dataset_charged_once(
    house: House, tmp_path: Path
) -> None:
    whole = tmp_path / "moments"
    house.restore()
    assert made(house, whole, fatal=None) == 0, whole.read_text()
    names = whole.read_text().splitlines()
    assert {f"before {write}" for write in WRITES[:3]} <= set(names)
    resumed = set()
    for fatal in chosen(names):
        house.restore()
        log = tmp_path / f"killed-{fatal}"
        assert made(house, log, fatal) == KILLED, f"{fatal} {names[fatal]}: {log.read_text()}"
        with house.studio() as studio:
            house.recover(studio)
            resumed.update(went_on(studio, log.read_text().splitlines()))
            with studio.ports.database.read() as unit:
                asked_for = unit.runs.page(10)
            if not asked_for:
                request_run(RequestRun(house.operator, PLAN, seed=42), ports=studio.ports)
                studio.settle()
            assert_one_dataset(house, studio, f"{fatal} {names[fatal]}")
    assert resumed == set(range(STEPS + 1))


def went_on(studio: Studio, killed: list[str]) -> list[int]:
    """From which step the run went on: the one that was under way, or the next when its end was
    written down; from the first when it had not begun to learn, and nowhere once it had ended."""
    steps = sum(name.startswith("before step") for name in killed)
    found = studio.generators.resumed_at
    assert found in ([], [max(0, steps - 1)], [steps]), (found, killed[-3:])
    return found


def assert_one_dataset(house: House, studio: Studio, moment: str) -> None:
    ports = studio.ports
    with ports.database.read() as unit:
        (run,) = unit.runs.page(10)
        (dataset,) = unit.datasets.listed(10)
        entries = unit.privacy_ledger.of_run(run.id)
        totals = unit.privacy_ledger.totals([person.id for person in house.people])
        jobs = (unit.jobs.unfinished(), unit.jobs.dead())
    assert (run.state, dataset.run_id) == (RunState.RELEASED, run.id), moment
    assert len(studio.members(run.id)) == len(entries) == 50, moment
    assert {spent.plain for spent in totals.values()} == {1} and len(totals) == 50, moment
    assert studio.checkpoint(run.id) is None and jobs == ([], []), moment
    certificate = dataset.certificate
    policy = cid_of(ContentDigest(certificate.policy_digest, RAW))
    public = {dataset.certificate_cid, certificate.sealed_package, certificate.lineage, policy}
    assert ports.content.pinned() == house.pins | public, moment
    assert frozenset(ports.keys.live()) == house.keys | {run.key_id}, moment
    opened = open_dataset(OpenDataset(house.operator, run.id), ports=ports)
    assert sha256(opened.content).digest() == certificate.package_digest, moment


def test_a_run_killed_after_a_record_of_its_cohort_was_erased_leaves_nothing(
    house: House, tmp_path: Path
) -> None:
    """It is publishing when the record is erased; what it has stored until then goes."""
    person = house.people[7]
    whole = tmp_path / "moments"
    house.restore()
    assert made(house, whole, fatal=None, leaves=person) == 0, whole.read_text()
    names = whole.read_text().splitlines()
    first = names.index(LEAVES)
    for fatal in [place for place in chosen(names) if place > first][::2]:
        house.restore()
        log = tmp_path / f"killed-{fatal}"
        assert made(house, log, fatal, leaves=person) == KILLED, log.read_text()
        with house.studio() as studio:
            house.recover(studio)
            with studio.ports.database.read() as unit:
                (run,) = unit.runs.page(10)
                entries = unit.privacy_ledger.of_run(run.id)
            assert (run.state, run.reason) == (RunState.CANCELLED, "record_erased"), fatal
            assert studio.dataset(run.id) is None and studio.checkpoint(run.id) is None, fatal
            assert studio.key_state(run.id) == "destroyed" and entries == [], fatal
            assert studio.ports.content.pinned() < house.pins, fatal
            assert studio.generators.made == 0, fatal
