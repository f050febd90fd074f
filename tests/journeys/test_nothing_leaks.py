"""Everything that a person sends carries a canary; after the whole story none is found anywhere."""

import re
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from eth_account import Account

from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind
from ml.simulation.glucose import SimulatedTrace, simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.journeys.faulty_node import FaultyNode, echo_as_error
from tests.journeys.processes import Processes, processes_over
from tests.journeys.served import DistantPatient, refused, said
from tests.people import PASSWORD
from tests.world import World, world_on

PERSON = {
    "name": "Canary Nightingale",
    "address": "12 Canaryroost Lane",
    "detailed_address": "Canaryflat 301",
    "phone_num": "+82-10-2273-2279",
    "guard_name": "Canaria Guardfinch",
    "guard_phone_num": "+82-10-2273-2280",
}
LOGIN = "canary-login"
SERIAL, TRANSMITTER = "CANARY00-5E71-4L00", "8CANRY"
BROKEN_CELL = "canarycell"
NOTED = {"name": "Canarymeal pie", "note": "canarynote 13 units"}


def trace(seed: int, days: float) -> SimulatedTrace:
    return simulate_trace(np.random.default_rng(seed), days, start=datetime(2026, 8, 3, tzinfo=UTC))


CLARITY = to_clarity_csv(trace(201, 60), name=("Canary", "Nightingale"), transmitter=TRANSMITTER)
LIBREVIEW = to_libreview_csv(trace(202, 3), name="Canary Nightingale", serial=SERIAL)
PLAIN = b"timestamp,glucose_mg_dl\n" + b"".join(
    b"2026-08-0%dT%02d:%02d:00,%d.%d\n"
    % (1 + n // 288, n // 12 % 24, n % 12 * 5, 90 + n * 7 % 80, 1 + n % 9)
    for n in range(600)
)
EXPORTS = {CLARITY: 7, LIBREVIEW: 4, PLAIN: 1}
"""Each with the column that its glucose is in."""
QUICKLY = {"job_lease_s": 2, "training_setting": "quick", "training_tick_s": 0.05}
TRAININGS = "/api/forecast/trainings"


def broken(export: bytes) -> list[bytes]:
    """The same export made unreadable, the canaries still in it."""
    lines = export.split(b"\n")
    faulty = []
    for cell in (BROKEN_CELL.encode(), b"9999", b"0", b"137.31" + BROKEN_CELL.encode()):
        row = lines[200].split(b",")
        row[EXPORTS[export]] = cell
        faulty.append(b"\n".join([*lines[:200], b",".join(row), *lines[201:]]))
    return [
        *faulty,
        export[:4000] + b"\xff\xfe\xff",
        b'"' + export,
        export.replace(b"2026", b"2096"),
    ]


@dataclass
class Canaries:
    """What must not be found, and everything that was answered to failures."""

    texts: set[bytes]
    secrets: set[bytes]
    errors: list[bytes]

    @property
    def all(self) -> set[bytes]:
        return self.texts | self.secrets

    def found_in(self, what: str, content: bytes) -> list[str]:
        lowered = content.lower()
        hits = [f"{what}: {text!r}" for text in self.texts if text.lower() in lowered]
        return hits + [f"{what}: a secret" for secret in self.secrets if secret in content]


def canaries() -> Canaries:
    texts = {value.encode() for value in PERSON.values()} | {PASSWORD.encode()}
    texts |= {b"nightingale", SERIAL.encode(), TRANSMITTER.encode(), BROKEN_CELL.encode()}
    texts |= {b"137.31"} | {text.encode() for text in NOTED.values()}
    found = Canaries(texts, set(), [])
    for export in EXPORTS:
        found.secrets |= forms_of_readings(export)
    return found


def forms_of_readings(export: bytes) -> set[bytes]:
    """Runs of readings as lines, as text of numbers, as arrays, and as what is sealed of them."""
    lines = export.split(b"\n")
    read = MlRecordReader().read(
        export, Kind.CGM, zone="Europe/London", received_at=datetime.now(UTC)
    )
    rows = MlRecordReader().export(read.canonical, Kind.CGM).decode().splitlines()
    column = rows[0].split(",").index("mg_dl")
    values = [float(row.split(",")[column]) for row in rows[300:306]]
    forms = {lines[210], lines[211], rows[301].encode()}
    for text in (repr, lambda v: f"{v:g}", lambda v: str(round(v))):
        numbers = [text(value) for value in values]
        forms |= {separator.join(numbers).encode() for separator in (",", ", ", "\n", " ", ";")}
    for code in ("e", "f", "d", "h", "i", "q", "H"):
        plain = [value if code in "efd" else round(value) for value in values]
        forms.add(struct.pack(f"<{len(plain)}{code}", *plain))
    middle = len(read.canonical) // 2
    return forms | {read.canonical[at : at + 24] for at in (middle, middle + 500, middle - 500)}


def test_the_search_would_find_every_form_of_every_export() -> None:
    planted = canaries()
    for export in EXPORTS:
        assert planted.found_in("an upload in a temporary file", export)
        for secret in forms_of_readings(export):
            assert planted.found_in("a log", b"before " + secret + b" after")
    assert planted.found_in("a log", b'{"name": "CANARY NIGHTINGALE"}')
    assert planted.found_in("a log", b'{"event": "request", "status": 200}') == []


@dataclass
class Stage:
    """Real processes on a node behind a door, with everything that they write in known folders."""

    world: World
    node: FaultyNode
    processes: Processes
    canaries: Canaries
    repo: Path
    chain: Path
    temporary: Path

    def patient(self) -> DistantPatient:
        person = DistantPatient(self.processes.url)
        person.client.event_hooks["response"].append(self._keep_error)
        return person

    def _keep_error(self, response: httpx.Response) -> None:
        if response.status_code >= 400:
            head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
            self.canaries.errors.append(head.encode() + b"\n\n" + response.read())

    def places(self) -> dict[str, bytes]:
        """Everything that was written or said, by where."""
        found = {f"error {n}": body for n, body in enumerate(self.canaries.errors)}
        found["metrics"] = httpx.get(f"{self.processes.url}/metrics").content
        fonts = self.processes.folder.parent / "fonts"
        for folder in (self.world.home, self.repo, self.chain, self.processes.folder, fonts):
            for file in folder.rglob("*"):
                if file.is_file() and file != self.world.settings.relayer_key_file:
                    found[str(file)] = file.read_bytes()
        return found


@pytest.fixture
def stage(
    frail_chain: DeployedChain, frail_node: IpfsNodeUnderTest, tmp_path: Path
) -> Iterator[Stage]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        FaultyNode(frail_node.api_url) as node,
        world_on(frail_chain, node.api_url, tmp_path / "home", **QUICKLY) as world,
    ):
        fonts = tmp_path / "fonts"
        processes = processes_over(
            world.settings, tmp_path / "run", TMPDIR=str(temporary), MPLCONFIGDIR=str(fonts)
        )
        processes.watch = True
        chain = frail_chain.ganache.server.folder
        try:
            yield Stage(world, node, processes, canaries(), frail_node.repo, chain, temporary)
        finally:
            processes.kill()


@contextmanager
def seen_in(folder: Path) -> Iterator[set[str]]:
    """Every name that is ever to be seen in the folder while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.001):
            seen.update(str(path) for path in folder.rglob("*"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def test_after_the_whole_story_with_its_failures_no_canary_is_found_anywhere(stage: Stage) -> None:
    processes = stage.processes
    processes.start()
    person = stage.patient()
    sign_up_and_consent(stage, person)
    assert len(CLARITY) > 2**20
    with seen_in(stage.temporary) as seen:
        receipts = [said(person.contribute(export)) for export in EXPORTS]
    assert seen == set()
    keep_a_journal(person)
    fail_in_every_way(stage, person)
    processes.kill("worker")
    processes.start("worker")
    for receipt in receipts:
        wait_for(person, receipt["contribution_id"], "anchored")
        assert person.record(receipt["contribution_id"])
    learn_and_forecast(stage, person)
    assert person.get("/api/export").status_code == 200
    said(person.send("DELETE", f"/api/contributions/{receipts[1]['contribution_id']}"))
    wait_for(person, receipts[1]["contribution_id"], "erased")
    assert person.log_in(LOGIN, "canary-wrong-password").status_code == 401

    assert len(stage.canaries.errors) > 20
    assert_nothing_is_found(stage)
    assert_written_only_where_it_belongs(stage)
    processes.stop()
    assert [path for path in stage.temporary.rglob("*") if not path.is_dir()] == []


def sign_up_and_consent(stage: Stage, person: DistantPatient) -> None:
    person.sign_up(LOGIN, **PERSON)
    stage.canaries.texts |= {
        person.recovery_code.encode(),
        person.recovery_code.replace("-", "").encode(),
        b"canary-wrong-password",
    }
    exported = said(person.post("/api/wallet/export", {"password": PASSWORD}))["keystore"]
    private_key = bytes(Account.decrypt(exported, PASSWORD))
    stage.canaries.secrets |= {private_key, private_key.hex().encode()}
    year = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
    said(person.consent("care", "training", until=year))
    deadline = time.monotonic() + 30
    while said(person.get("/api/consents"))["consents"][0]["status"] != "in_force":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def keep_a_journal(person: DistantPatient) -> None:
    """Noted, corrected, refused, told of, deleted."""
    meal = {"type": "meal", "at": "2026-08-20T08:00:00Z", "zone": "Europe/London", **NOTED}
    kept = said(person.post("/api/journal", meal))["entry_id"]
    gone = said(person.post("/api/journal", meal))["entry_id"]
    said(person.send("PUT", f"/api/journal/{kept}", json={**meal, "carbohydrate_g": 40}))
    for fault in ({"at": NOTED["note"]}, {"type": NOTED["name"]}, {"name": NOTED["name"] * 20}):
        assert person.post("/api/journal", {**meal, **fault}).status_code == 422
    stale = person.send("PUT", f"/api/journal/{kept}", json=meal, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert person.send("DELETE", f"/api/journal/{gone}").status_code == 204
    assert person.send("PUT", f"/api/journal/{gone}", json=meal).status_code == 404
    for language in ("en", "ko", BROKEN_CELL):
        person.get(f"/api/guidance?lang={language}&days=30")


def fail_in_every_way(stage: Stage, person: DistantPatient) -> None:
    """Duplicates, unreadable files, a node that repeats what it was sent, faulty requests."""
    for export in EXPORTS:
        assert refused(person.contribute(export)) == (409, "duplicate_contribution")
        answers = [refused(person.contribute(faulty)) for faulty in broken(export)]
        assert answers.count((422, "unreadable_record")) >= 6, answers
    stage.node.faults = {"add": echo_as_error}
    other = to_clarity_csv(trace(203, 3), name=("Canary", "Nightingale"), transmitter=TRANSMITTER)
    stage.canaries.secrets |= forms_of_readings(other)
    assert refused(person.contribute(other)) == (503, "content_store_unavailable")
    stage.node.faults = {"block/get": echo_as_error}
    assert refused(person.contribute(other)) == (503, "content_store_unavailable")
    stage.node.faults = {}
    wrong = {"id": LOGIN, "password": PASSWORD, "age": "canarycell", **PERSON}
    for body in (wrong, {**wrong, "age": 20}, {"unknown": "canarycell"}):
        assert person.post("/api/signup", body).status_code in (409, 422)
    assert person.upload("/api/contributions", CLARITY, zone="Canarycell/Zone").status_code == 422
    assert person.get(f"/api/contributions/{BROKEN_CELL}").status_code in (404, 422)


def learn_and_forecast(stage: Stage, person: DistantPatient) -> None:
    """A training whose worker is killed once, its forecast, pictures and figures, and refusals."""
    stage.processes.kill("worker")
    training_id = said(person.post(TRAININGS))["training_id"]
    assert refused(person.post(TRAININGS)) == (409, "training_under_way")
    stage.processes.start("worker")
    states = set()
    deadline = time.monotonic() + 300
    while "finished" not in states:
        assert time.monotonic() < deadline, states
        seen = said(person.get(f"{TRAININGS}/{training_id}"))
        if seen["progress"] > 0.1 and "killed" not in states:
            stage.processes.kill("worker")
            stage.processes.start("worker")
            states.add("killed")
        states.add(seen["state"])
        time.sleep(0.05)
    assert "killed" in states
    stage.canaries.secrets |= {
        number.encode() for number in told_numbers(said(person.get("/api/forecast")))
    }
    for path in ("/api/forecast/plot?format=svg", "/api/glucose/agp/plot", "/api/glucose/summary"):
        assert person.get(path).status_code == 200
    assert refused(person.get(f"{TRAININGS}/{BROKEN_CELL}")) == (422, "invalid_field")
    assert refused(person.get(f"/api/glucose/summary?days={BROKEN_CELL}"))[0] == 422


def told_numbers(forecast: dict[str, Any]) -> set[str]:
    """Runs of numbers that the forecast told, and the sentence that compares errors."""
    steps = forecast["short_term"]["steps"]
    runs = [step["quantiles_mg_dl"] for step in steps[5::6]]
    return {", ".join(map(str, run)) for run in runs} | {forecast["short_term"]["reason"]}


def wait_for(person: DistantPatient, contribution_id: str, status: str) -> None:
    deadline = time.monotonic() + 60
    while (seen := person.contribution(contribution_id))["status"] != status:
        assert time.monotonic() < deadline, seen["status"]
        time.sleep(0.1)


def assert_nothing_is_found(stage: Stage) -> None:
    """The same while everything runs, the write-ahead log being full, and once it has stopped."""
    places = stage.places()
    assert any(place.endswith("vitalmint.db-wal") for place in places)
    for name in ("api", "worker"):
        assert stage.processes.log(name).count("\n") > 5
    for place, content in places.items():
        assert stage.canaries.found_in(place, content) == []


def assert_written_only_where_it_belongs(stage: Stage) -> None:
    """Python itself opened nothing for writing but the keyring's files, unnamed files included.

    Drawing keeps a list of the machine's fonts, which is searched like everything else. Torch asks
    for the temporary folder, and `tempfile` tries with four fixed bytes whether it can be written.
    """
    opened = set(stage.processes.opened.read_text().splitlines())
    keyring = str(stage.world.settings.keyring_folder)
    assert any(path.startswith(keyring) for path in opened)
    fonts = str(stage.processes.folder.parent / "fonts")
    trial = rf"{re.escape(str(stage.temporary))}/[a-z0-9_]{{8}}$"
    allowed = re.compile(rf"({re.escape(keyring)}|{re.escape(fonts)})/|/dev/null$|{trial}")
    assert [path for path in sorted(opened) if not allowed.match(path)] == []
