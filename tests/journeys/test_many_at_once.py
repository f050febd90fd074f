"""A hundred at once: one wins, the others hear why, and nothing is there twice or half."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Status
from backend.domain.transaction import TxStatus
from backend.jobs import job_functions
from backend.jobs.runner import Runner
from backend.ports import Ports
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.served import (
    CARE_AND_TRAINING,
    CONFIG,
    DistantPatient,
    Served,
    audit,
    listening,
    said,
    served,
)
from tests.world import World, export_of, world_on

MANY = 100
CROWDED = replace(CONFIG, cookie_secure=False, concurrent_uploads=32, upload_wait_s=120.0)
"""More uploads at a time than the default allows, so that they really meet."""


@dataclass
class Crowd:
    service: Served
    url: str

    def patients(self, count: int) -> list[DistantPatient]:
        """So many people with a consent in force."""
        people = []
        for number in range(count):
            person = DistantPatient(self.url)
            person.sign_up(f"person-{number}")
            said(person.consent(*CARE_AND_TRAINING, until=self.service.in_a_year()))
            people.append(person)
        self.service.work()
        return people


@pytest.fixture
def crowd(world: World) -> Iterator[Crowd]:
    with served(world, CROWDED) as service, listening(service.app) as url:
        yield Crowd(service, url)


@pytest.fixture
def postgres_crowd(
    deployed_chain: DeployedChain,
    ipfs_node: IpfsNodeUnderTest,
    postgres_url: str,
    tmp_path: Path,
) -> Iterator[Crowd]:
    home = tmp_path / "home"
    with (
        world_on(deployed_chain, ipfs_node.api_url, home, database_url=postgres_url) as world,
        served(world, CROWDED) as service,
        listening(service.app) as url,
    ):
        yield Crowd(service, url)


def at_once(
    calls: list[Callable[[], httpx.Response]],
) -> list[httpx.Response]:
    """All of them, from a thread each, let go together."""
    start = Barrier(len(calls))

    def call(one: Callable[[], httpx.Response]) -> httpx.Response:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


@pytest.mark.parametrize(
    ("where", "people"),
    [("crowd", 1), ("crowd", 5), ("postgres_crowd", 5)],
    ids=["one person, SQLite", "five people, SQLite", "five people, PostgreSQL"],
)
def test_of_a_hundred_uploads_of_one_file_one_wins(
    where: str, people: int, request: pytest.FixtureRequest
) -> None:
    crowd: Crowd = request.getfixturevalue(where)
    service = crowd.service
    patients = crowd.patients(people)
    before = set(service.ports.keys.live())
    pins = service.ports.content.pinned()
    data = export_of(91)
    senders = [patients[n % people] for n in range(MANY)]
    answers = at_once([lambda one=one: one.contribute(data) for one in senders])

    told = Counter((a.status_code, a.json().get("code")) for a in answers)
    assert told == {(202, None): 1, (409, "duplicate_contribution"): MANY - 1}
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 202]
    service.work()
    with service.ports.database.read() as unit:
        (row,) = unit.contributions.with_status(list(Status))
    assert (row.status, row.account_id) == (Status.ANCHORED, senders[winner].account_id)
    assert set(service.ports.keys.live()) - before == {row.key_id}
    assert service.ports.content.pinned() - pins == {row.cid}
    for person in patients:
        expected = row.reward if person is senders[winner] else None
        balance = service.ports.chain.balance_of(person.wallet).base_units
        assert balance == (expected.base_units if expected else 0)
    report = audit(service.world)
    assert report.holds and report.totals.contributions == 1, report.breaches


def test_different_uploads_at_once_all_go_through(
    crowd: Crowd, deployed_chain: DeployedChain
) -> None:
    service = crowd.service
    patients = crowd.patients(4)
    exports = [export_of(seed) for seed in range(100, 116)]
    answers = at_once(
        [lambda n=n, data=data: patients[n % 4].contribute(data) for n, data in enumerate(exports)]
    )
    assert Counter(answer.status_code for answer in answers) == {202: len(exports)}
    with mining_now_and_then(deployed_chain):
        work_at_once(service.ports, workers=3)
    with service.ports.database.read() as unit:
        rows = unit.contributions.with_status(list(Status))
        nonces = [unit.transactions.by_id(row.transaction_id).nonce for row in rows]  # type: ignore
    assert {row.status for row in rows} == {Status.ANCHORED}
    assert len(set(nonces)) == len(rows) == len(exports)
    assert sorted(nonces) == list(range(min(nonces), min(nonces) + len(nonces)))
    report = audit(service.world)
    assert report.holds and report.totals.contributions == len(exports), report.breaches


@contextmanager
def mining_now_and_then(chain: DeployedChain) -> Iterator[None]:
    """Blocks come by themselves: while it mines each transaction at once, Ganache 7.9.2 answers
    none that arrive before their turn, which several workers cannot avoid.
    """
    over = threading.Event()

    def mine() -> None:
        while not over.wait(0.2):
            chain.mine()

    miner = threading.Thread(target=mine)
    chain.stop_mining()
    miner.start()
    try:
        yield
    finally:
        over.set()
        miner.join()
        chain.start_mining()


def work_at_once(ports: Ports, workers: int) -> None:
    """Several workers on one queue, until it is empty."""

    def work(number: int) -> None:
        runner = Runner(f"worker-{number}", job_functions(), ports)
        while True:
            while runner.run_next():
                pass
            with ports.database.read() as unit:
                waiting = [job for job in unit.jobs.unfinished() if job.name != "settle_sign_up"]
            if not waiting:
                return
            time.sleep(0.1)

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(workers)))


def test_consents_and_revokes_at_once_keep_the_nonces_whole(
    crowd: Crowd, deployed_chain: DeployedChain
) -> None:
    service, year = crowd.service, crowd.service.in_a_year()
    patients = []
    for number in range(5):
        patients.append(DistantPatient(crowd.url))
        patients[-1].sign_up(f"person-{number}")
    ask = [lambda one=one: one.consent("care", "training", until=year) for one in patients * 4]
    with mining_now_and_then(deployed_chain):
        granted = at_once(ask)
        work_at_once(service.ports, workers=3)
    assert {answer.status_code for answer in granted} <= {202, 409}
    assert all(202 in {a.status_code for a in granted[n::5]} for n in range(5))
    for person in patients:
        assert service.ports.chain.consent_nonce(person.wallet) == 1
        assert statuses_of(service, person) == [ConsentStatus.IN_FORCE]

    take_back = [lambda one=one: one.post("/api/consents/revocation", {}) for one in patients * 4]
    with mining_now_and_then(deployed_chain):
        revoked = at_once(take_back)
        work_at_once(service.ports, workers=3)
    assert {answer.status_code for answer in revoked} <= {202, 404, 409}
    for person in patients:
        assert service.ports.chain.consent_of(person.wallet) is None
        assert statuses_of(service, person) == [ConsentStatus.REVOKED]
    assert_every_nonce_was_used_for_one(service)


def statuses_of(service: Served, person: DistantPatient) -> list[ConsentStatus]:
    with service.ports.database.read() as unit:
        return [record.status for record in unit.consents.of_account(person.account_id)]


def assert_every_nonce_was_used_for_one(service: Served) -> None:
    """Nothing was displaced, nothing is left, and no nonce was left out."""
    with service.ports.database.read() as unit:
        settled = unit.transactions.settled_since(0)
        left = unit.transactions.unfinished(service.ports.chain.relayer)
    assert left == []
    assert {transaction.status for transaction in settled} == {TxStatus.CONFIRMED}
    nonces = sorted(transaction.nonce for transaction in settled)
    assert len(nonces) >= 10
    assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
