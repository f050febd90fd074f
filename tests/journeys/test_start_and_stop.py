"""API and worker as real processes: killed in the middle of uploads, stopped in order, started."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from backend.domain.contribution import Status
from backend.jobs import PERIODIC
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.processes import Processes, processes_over
from tests.journeys.served import DistantPatient, audit, refused, said
from tests.world import World, export_of, world_on

KILLS = 4
UPLOADS = 8
PATIENCE_S = 60.0
HEAVY = ("torch", "tensorflow", "keras", "sdv", "lightgbm", "sklearn", "brownie")


@pytest.fixture
def quick_world(
    deployed_chain: DeployedChain, ipfs_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[World]:
    """Its leases are short, so that what a kill left is taken up within seconds."""
    leases = {"job_lease_s": 2, "reservation_lease_s": 3}
    with world_on(deployed_chain, ipfs_node.api_url, tmp_path / "home", **leases) as world:
        yield world


@pytest.fixture
def processes(quick_world: World, tmp_path: Path) -> Iterator[Processes]:
    made = processes_over(
        quick_world.settings,
        tmp_path / "run",
        VITALMINT_UPLOAD_RATE="1000/minute",
        VITALMINT_LOGIN_RATE="1000/minute",
    )
    try:
        yield made
    finally:
        made.kill()


def consenting(processes: Processes) -> DistantPatient:
    """A patient whose consent the worker has seen into force."""
    person = DistantPatient(processes.url)
    person.sign_up("haneul")
    year = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
    said(person.consent("care", "training", until=year))
    wait_until(lambda: in_force(person), "the consent is not in force")
    return person


def in_force(person: DistantPatient) -> bool:
    return bool(said(person.get("/api/consents"))["consents"][0]["status"] == "in_force")


def wait_until(enough, complaint: str) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE_S
    while not enough():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)


def test_uploads_under_a_hail_of_kills_are_wholly_there_or_wholly_absent(
    quick_world: World, processes: Processes
) -> None:
    source = random.Random(7)
    processes.start()
    person = consenting(processes)
    exports = [export_of(seed, days=3) for seed in range(400, 400 + KILLS * UPLOADS)]
    accepted: dict[str, str] = {}
    for round_ in range(KILLS):
        batch = exports[round_ * UPLOADS : (round_ + 1) * UPLOADS]
        with ThreadPoolExecutor(UPLOADS) as threads:
            sent = [threads.submit(upload, person, data) for data in batch]
            if round_ % 2 == 0:  # in the middle of the others, however slow the machine is
                wait(sent, return_when=FIRST_COMPLETED)
            time.sleep(source.uniform(0.3, 1.0) if round_ % 2 else 0.0)
            processes.kill()
        answers = [one.result() for one in sent]
        accepted |= {a["contribution_id"]: a["cid"] for a in answers if a is not None}
        processes.start()
    assert accepted
    for contribution_id in accepted:
        wait_until(
            lambda contribution_id=contribution_id: (
                person.contribution(contribution_id)["status"] == "anchored"
            ),
            f"{contribution_id} was promised and is not anchored",
        )
    processes.stop()
    quick_world.recover()
    assert_whole(quick_world, person, accepted)
    processes.start()
    assert_each_is_there_or_can_be_sent_again(person, exports, set(accepted.values()))


def upload(person: DistantPatient, data: bytes) -> dict[str, str] | None:
    """What the service promised, None where it was killed before it could."""
    with suppress(httpx.TransportError):
        return said(person.contribute(data))
    return None


def assert_whole(world: World, person: DistantPatient, accepted: dict[str, str]) -> None:
    """Every contribution there is: sealed, pinned, anchored once, rewarded once; nothing else."""
    after = world.census(person.wallet)
    assert {row.status for row in after.contributions} <= {Status.ANCHORED}
    assert accepted.keys() <= {row.id for row in after.contributions}
    assert sorted(after.registered) == sorted(row.digest.sha256 for row in after.contributions)
    assert after.keys == {row.key_id for row in after.contributions} | {person.account_id}
    assert {row.cid for row in after.contributions} <= after.pins
    rewards = [row.reward.base_units for row in after.contributions if row.reward]
    assert after.balance == sum(rewards)
    assert (after.unfinished_jobs, after.dead_jobs) == (len(PERIODIC), 0)
    report = audit(world)
    assert report.holds, report.breaches


def assert_each_is_there_or_can_be_sent_again(
    person: DistantPatient, exports: list[bytes], promised: set[str]
) -> None:
    known = {row["cid"] for row in person.contributions()}
    assert promised <= known
    answers = [person.contribute(data) for data in exports]
    duplicates = [a for a in answers if a.status_code == 409]
    assert {refused(a) for a in duplicates} <= {(409, "duplicate_contribution")}
    assert len(duplicates) == len(known)
    assert all(a.status_code in (202, 409) for a in answers)


def test_a_stopped_api_finishes_the_upload_under_way_and_a_stopped_worker_its_job(
    quick_world: World, processes: Processes
) -> None:
    processes.start()
    person = consenting(processes)
    receipts: list[dict[str, str] | None] = []
    large = export_of(450, days=40)
    uploading = threading.Thread(target=lambda: receipts.append(upload(person, large)))
    uploading.start()
    time.sleep(0.15)
    processes.stop()
    uploading.join()
    processes.start()
    rows = person.contributions()
    assert len(rows) == sum(receipt is not None for receipt in receipts)
    if rows:
        wait_until(lambda: person.contributions()[0]["status"] == "anchored", "it is not anchored")
    for name in ("api", "worker"):
        assert "Traceback" not in processes.log(name)


def test_a_chain_that_starts_after_the_service_is_waited_for(
    quick_world: World, deployed_chain: DeployedChain, processes: Processes
) -> None:
    """The worker goes on by itself; the API says which part is missing."""
    deployed_chain.ganache.suspend()
    try:
        processes.environment["VITALMINT_CHAIN_TIMEOUT_S"] = "1"
        processes.start("worker")
        time.sleep(2.0)
    finally:
        deployed_chain.ganache.resume()
    processes.start("api")
    assert consenting(processes)


def test_the_api_starts_without_any_deep_learning_framework() -> None:
    program = (
        "import backend.app, backend.worker, sys\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_faulty_settings_are_all_named_before_anything_starts(processes: Processes) -> None:
    processes.environment["VITALMINT_CONFIRMATION_DEPTH"] = "0"
    processes.environment["VITALMINT_RPC_URI"] = "http://127.0.0.1:1"
    for name in ("api", "worker"):
        assert processes.start_in_vain(name) == 2
        said_so = processes.log(name)
        assert "VITALMINT_CONFIRMATION_DEPTH" in said_so and "VITALMINT_RPC_URI" in said_so
        assert "Traceback" not in said_so
