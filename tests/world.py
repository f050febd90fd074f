"""One whole service in a folder, with a real chain and a real IPFS node, put back at will."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.adapters.database import schema
from backend.adapters.keys.file_keyring import create_keyring_and_master
from backend.domain.chain_events import ContributionErased, ContributionRegistered
from backend.domain.consent import Kind, Purpose
from backend.domain.consent_record import ConsentRecord
from backend.domain.contribution import Contribution, Status
from backend.domain.identifiers import AccountId, Cid, KeyId, WalletAddress
from backend.jobs import PERIODIC, job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from backend.settings import Settings
from backend.use_cases.contribute_record import ContributeRecord
from backend.use_cases.follow_chain import follow_chain
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.relay_transactions import settle_all
from backend.use_cases.replay_erasures import replay_erasures
from backend.use_cases.sign_up import sign_up
from backend.use_cases.sweep_reservations import sweep_reservations
from backend.wiring import connect
from ml.simulation.glucose import simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.people import sign_up_as

TURNS = 400
LARGEST = 2**26


class MovableClock:
    """The machine's time plus what the test has stepped."""

    def __init__(self, ahead_s: float = 0) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def step(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Census:
    """Everything that exists anywhere, to be compared after a kill."""

    contributions: tuple[Contribution, ...]
    fingerprints: int
    keys: frozenset[KeyId]
    pins: frozenset[Cid]
    registered: tuple[bytes, ...]
    erased: tuple[bytes, ...]
    balance: int
    unfinished_jobs: int
    dead_jobs: int


@dataclass
class World:
    """`control` snapshots and reverts the chain."""

    home: Path
    settings: Settings
    control: Any

    @contextmanager
    def ports(self, ahead_s: float = 0) -> Iterator[Ports]:
        """The real adapters, on a clock that can be stepped."""
        with connect(self.settings) as connected:
            yield replace(connected, clock=MovableClock(ahead_s))

    def save(self, name: str) -> "Saved":
        """Remember database, keyring, pins and chain as they are."""
        folder = self.home.parent / f"saved-{name}"
        shutil.copytree(self.home, folder)
        with self.ports() as ports:
            pins = {cid: ports.content.get(cid, limit=LARGEST) for cid in ports.content.pinned()}
        return Saved(folder, self.control.snapshot(), pins)

    def restore(self, saved: "Saved") -> None:
        """Put all four back; the next restore needs a snapshot anew, which is taken here."""
        shutil.rmtree(self.home)
        shutil.copytree(saved.folder, self.home)
        self.control.revert(saved.snapshot)
        saved.snapshot = self.control.snapshot()
        with self.ports() as ports:
            held = ports.content.pinned()
            for cid in held - saved.pins.keys():
                ports.content.unpin(cid)
            for cid in saved.pins.keys() - held:
                ports.content.add(saved.pins[cid])

    def recover(self) -> None:
        """What a restart does: replays erasures, lets leases run out, runs jobs to their end."""
        with self.ports() as ports:
            replay_erasures(ports=ports)
            for _ in range(3):
                step(ports, self.settings.reservation_lease_s + self.settings.job_lease_s)
                sweep_reservations(ports=ports)
                settle_all(ports=ports)
                run_jobs(ports)

    def census(self, wallet: WalletAddress) -> Census:
        """What exists now in database, keyring, content store and chain."""
        with self.ports() as ports:
            with ports.database.read() as unit:
                rows = unit.contributions.with_status(list(Status))
                unfinished, dead = unit.jobs.unfinished(), unit.jobs.dead()
            history = ports.history
            events = list(history.events(history.first_block, history.head().number))
            return Census(
                contributions=tuple(rows),
                fingerprints=self._count("fingerprints"),
                keys=frozenset(ports.keys.live()),
                pins=ports.content.pinned(),
                registered=tuple(
                    e.digest.sha256 for e in events if isinstance(e, ContributionRegistered)
                ),
                erased=tuple(e.sha256 for e in events if isinstance(e, ContributionErased)),
                balance=ports.chain.balance_of(wallet).base_units,
                unfinished_jobs=len(unfinished),
                dead_jobs=len(dead),
            )

    def _count(self, table: str) -> int:
        with sqlite3.connect(self.settings.database_url.removeprefix("sqlite:///")) as connection:
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


@dataclass
class Saved:
    """A state to go back to as often as wanted."""

    folder: Path
    snapshot: Any
    pins: dict[Cid, bytes]


@dataclass(frozen=True)
class Person:
    """A patient of the world, with a consent in force on chain."""

    id: AccountId
    wallet: WalletAddress


def step(ports: Ports, seconds: float) -> None:
    """Let time pass for the service."""
    clock = ports.clock
    assert isinstance(clock, MovableClock)
    clock.step(seconds)


def run_jobs(ports: Ports) -> None:
    """Run every job that has an end to it, letting time pass while none is due."""
    runner = Runner("test", job_functions(), ports)
    for _ in range(TURNS):
        if runner.run_next():
            continue
        with ports.database.read() as unit:
            waiting = [job for job in unit.jobs.unfinished() if job.name not in PERIODIC]
        if not waiting:
            return
        until_due = min(job.run_at for job in waiting) - ports.clock.now()
        step(ports, max(1, until_due.total_seconds()))
    raise AssertionError(f"jobs are still unfinished after {TURNS} turns")


def run_due_jobs(ports: Ports) -> None:
    """Run what is due now; what has to wait goes on waiting."""
    runner = Runner("test", job_functions(), ports)
    for _ in range(TURNS):
        if not runner.run_next():
            return
    raise AssertionError(f"some job is still due after {TURNS} turns")


def catch_up(ports: Ports) -> None:
    """Let the indexer follow the chain to its head."""
    for _ in range(TURNS):
        if not follow_chain(ports=ports):
            return
    raise AssertionError(f"the chain's head is not reached after {TURNS} steps")


@pytest.fixture
def world(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[World]:
    """A fresh service on the real chain and node; pins it leaves behind are let go."""
    with world_on(deployed_chain, ipfs_node.api_url, tmp_path / "home") as built:
        yield built


@contextmanager
def world_on(
    deployed: DeployedChain, ipfs_api_url: str, home: Path, **changes: Any
) -> Iterator[World]:
    """A fresh service in `home` on a chain and a node of one's choice, `changes` its settings."""
    home.mkdir(mode=0o700)
    usual: dict[str, Any] = {
        "database_url": f"sqlite:///{home / 'vitalmint.db'}",
        "keyring_folder": home / "keyring",
        "master_key_folder": home / "elsewhere" / "master-keys",
        "rpc_url": deployed.rpc_url,
        "ipfs_api_url": ipfs_api_url,
        "deployment_file": deployed.deployment_file,
        "relayer_key_file": home / "relayer.key",
        "confirmation_depth": 1,
    }
    settings = Settings(_env_file=None, **(usual | changes))
    settings.relayer_key_file.touch(mode=0o600)
    settings.relayer_key_file.write_text(deployed.relayer_key.hex())
    create_keyring_and_master(settings.keyring_folder, settings.master_key_folder)
    schema.upgrade(settings.database_url)
    built = World(home, settings, deployed.ganache)
    with built.ports() as ports:
        before = ports.content.pinned()
    yield built
    with built.ports() as ports:
        for cid in ports.content.pinned() - before:
            ports.content.unpin(cid)


def export_of(seed: int, days: float = 2) -> bytes:
    """A simulated person's Clarity export."""
    return to_clarity_csv(simulate_trace(np.random.default_rng(seed), days))


def upload_of(person: Person, data: bytes) -> ContributeRecord:
    """The person's upload of an export."""
    return ContributeRecord(person.id, data, Kind.CGM, "Europe/London")


def new_person(ports: Ports, login: str) -> Person:
    """Signed up, with a wallet that the service keeps."""
    created = sign_up(sign_up_as(login), ports=ports)
    return Person(created.account.id, created.account.wallet)


def consent_of(
    person: Person, ports: Ports, purposes: Purpose = Purpose.CARE | Purpose.TRAINING
) -> ConsentRecord:
    """A year's consent to CGM, on its way to the chain."""
    ends = (ports.clock.now() + timedelta(days=365)).replace(microsecond=0)
    terms = ConsentTerms(frozenset({Kind.CGM}), purposes, ends)
    return grant_consent(GrantConsent(person.id, terms), ports=ports)


def patient(ports: Ports, login: str) -> Person:
    """Signed up, and consenting on chain."""
    person = new_person(ports, login)
    consent_of(person, ports)
    run_jobs(ports)
    return person
