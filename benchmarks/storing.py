"""Storing a contribution, as a multiple of AES-256-GCM and a raw IPFS add of the same bytes.

`contribute_record` with everything real (keyring, database, IPFS node), but with the file read
already and the consent known: reading and chain are measured apart.

    python -m benchmarks.storing
"""

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.adapters.clock import SystemClock
from backend.adapters.content_store.kubo import KuboContentStore
from backend.adapters.database import schema
from backend.adapters.database.unit_of_work import open_database
from backend.adapters.keys.file_keyring import FileKeyring, create_keyring_and_master
from backend.adapters.keys.master_keys import FolderMasterKeys
from backend.adapters.records.reader import MlRecordReader
from backend.crypto.sealing import HEADER_BYTES, TAG_BYTES
from backend.domain.account import Profile, Role
from backend.domain.consent import ALL_PURPOSES, Consent, Kind
from backend.domain.identifiers import AccountId, WalletAddress
from backend.domain.policy import Policy
from backend.ports import Ports
from backend.ports.records import ReadRecord
from backend.use_cases.contribute_record import ContributeRecord, contribute_record
from backend.use_cases.sign_up import SignUp, sign_up
from benchmarks.timing import Spent, TimedDatabase, TimedPort, seconds, verdict
from ml.simulation.glucose import Condition, simulate_trace
from scripts.devnet.network import LocalNetwork
from scripts.simulation.clarity import to_clarity_csv

TARGET = 1.5
WARM_UP = 3
ADD, READ_BACK, DATABASE, KEY = "IPFS add", "read-back", "database", "key beside the add"
REST = "sealing, fingerprints, threads"
PARTS = (ADD, READ_BACK, DATABASE, REST, KEY)
ADD_OPTIONS = {
    "cid-version": "1",
    "raw-leaves": "true",
    "chunker": "size-1048576",
    "pin": "true",
}
"""The ones that the service's own content store adds with."""
PERSON = Profile("Simulated Person", 50, "1 Example Street", "", "+44 0000 000000", "", "")
START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class StoringBenchmark:
    """Median seconds of both, taken in turns on bytes of one size.

    `parts` are those of `store`; `sync` is what this disk takes to make one page safe.
    """

    sealed_bytes: int
    days: int
    fingerprints: int
    rounds: int
    store: float
    raw: float
    parts: dict[str, float]
    sync: float
    target: float = TARGET

    @property
    def ratio(self) -> float:
        return self.store / self.raw


class ReadAlready:
    """Hands out records that were read before the clock ran."""

    def __init__(self, records: list[ReadRecord]) -> None:
        self._records = iter(records)

    def read(self, *_: object, **__: object) -> ReadRecord:
        return next(self._records)


def measure_storing(*, days: int = 90, rounds: int = 40) -> StoringBenchmark:
    """`rounds` contributions of `days` each, and as many raw adds, after a warm-up of three."""
    records = [_record(seed, days) for seed in range(rounds + WARM_UP)]
    spent = Spent()
    turns, syncs = [], []
    with (
        _ports(records, spent) as (ports, api_url),
        requests.Session() as session,
        tempfile.TemporaryFile() as probe,
    ):
        command = ContributeRecord(_patient(ports), b"", Kind.CGM, "UTC")
        for record in records:
            raw = seconds(lambda record=record: _raw(record.canonical, api_url, session))
            syncs.append(seconds(lambda: _sync(probe)))
            spent.taken()
            store = seconds(lambda: contribute_record(command, ports=ports))
            turns.append((store, raw, _parts(store, spent.taken())))
    counted = turns[WARM_UP:]
    return StoringBenchmark(
        sealed_bytes=len(records[0].canonical) + HEADER_BYTES + TAG_BYTES,
        days=days,
        fingerprints=round(statistics.median(len(record.shingles) for record in records)),
        rounds=rounds,
        store=statistics.median(store for store, _, _ in counted),
        raw=statistics.median(raw for _, raw, _ in counted),
        parts={name: statistics.median(parts[name] for _, _, parts in counted) for name in PARTS},
        sync=statistics.median(syncs),
    )


def _parts(store: float, spent: dict[str, float]) -> dict[str, float]:
    """Where one contribution's seconds went; the key is kept while the content is added."""
    return spent | {REST: store - spent[ADD] - spent[READ_BACK] - spent[DATABASE]}


def report(result: StoringBenchmark) -> str:
    """Two lines for people."""
    parts = ", ".join(f"{name} {value * 1e3:.1f} ms" for name, value in result.parts.items())
    return (
        f"storing {result.days} days: {result.store * 1e3:.1f} ms; AES-256-GCM + raw IPFS add "
        f"{result.raw * 1e3:.1f} ms; ratio {result.ratio:.2f} "
        f"({verdict(result.ratio, TARGET)}); {result.sealed_bytes:,} bytes, "
        f"{result.fingerprints:,} fingerprints, median of {result.rounds}\n"
        f"limited by: {parts}; that add is one of four steps, each done before the next begins: "
        "reserved on disk, added, read back, sealed on disk; one page made safe takes "
        f"{result.sync * 1e3:.1f} ms on this disk"
    )


def _raw(canonical: bytes, api_url: str, session: requests.Session) -> None:
    """The least that anybody could do: encrypt, and add with the same options."""
    nonce = os.urandom(12)
    envelope = bytes(HEADER_BYTES) + AESGCM(os.urandom(32)).encrypt(nonce, canonical, None)
    answer = session.post(
        f"{api_url}/api/v0/add",
        params=ADD_OPTIONS,
        files={"file": ("file", envelope, "application/octet-stream")},
    )
    answer.raise_for_status()


def _sync(file: IO[bytes]) -> None:
    file.write(os.urandom(4096))
    file.flush()
    os.fsync(file.fileno())


def _record(seed: int, days: int) -> ReadRecord:
    trace = simulate_trace(np.random.default_rng(seed), days, Condition.TYPE_1, start=START)
    received_at = datetime.now(UTC)
    reader = MlRecordReader()
    return reader.read(to_clarity_csv(trace), Kind.CGM, zone="UTC", received_at=received_at)


def _patient(ports: Ports) -> AccountId:
    password = os.urandom(16).hex()
    account = SignUp(id="benchmark", password=password, role=Role.PATIENT, profile=PERSON)
    return sign_up(account, ports=ports).account.id


@contextmanager
def _ports(records: list[ReadRecord], spent: Spent) -> Iterator[tuple[Ports, str]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        network = LocalNetwork(home / "devnet", report=lambda _: None, tied_to_parent=True)
        api_url = network.start(block_time=0).ipfs_api_url
        url = f"sqlite:///{home / 'benchmark.db'}"
        schema.upgrade(url)
        create_keyring_and_master(home / "keyring", home / "apart" / "master-keys")
        try:
            with (
                closing(open_database(url)) as database,
                closing(KuboContentStore(api_url, timeout_s=60)) as content,
            ):
                keys = FileKeyring(home / "keyring", FolderMasterKeys(home / "apart/master-keys"))
                yield _bundle(database, content, keys, records, spent), api_url
        finally:
            network.stop()


def _bundle(
    database: Any, content: Any, keys: Any, records: list[ReadRecord], spent: Spent
) -> Ports:
    known: Any = SimpleNamespace(consent_of=_consent)
    timed_database: Any = TimedDatabase(database, spent, DATABASE)
    timed_keys: Any = TimedPort(keys, spent, "opening keys", store=KEY)
    timed_content: Any = TimedPort(content, spent, "other", add=ADD, get=READ_BACK)
    reader: Any = ReadAlready(records)
    unused: Any = SimpleNamespace()
    return Ports(
        clock=SystemClock(),
        random_bytes=os.urandom,
        database=timed_database,
        keys=timed_keys,
        content=timed_content,
        chain=known,
        history=known,
        records=reader,
        models=unused,
        plots=unused,
        guide=unused,
        policy=Policy(),
    )


def _consent(wallet: WalletAddress) -> Consent:
    now, year = datetime.now(UTC), timedelta(days=365)
    return Consent(wallet, frozenset(Kind), ALL_PURPOSES, True, now - year, now + year)


if __name__ == "__main__":
    print(report(measure_storing()))
