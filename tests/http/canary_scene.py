"""A service in which one person's series is a canary, and everything in it to be looked at."""

import io
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.app import create_app
from backend.domain.account import Role
from backend.domain.consent import Kind
from backend.domain.generation import RunState
from backend.domain.identifiers import AccountId, RunId
from backend.http.config import HttpConfig
from backend.http.openapi import operations
from backend.ports import Ports
from backend.use_cases.invite_guardian import invite_guardian
from backend.use_cases.sign_up import sign_up
from tests.canaries import Canary, glucose_canary, vitals_canary
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import PUBLIC_URL, Browser, cgm_file, enrol
from tests.people import sign_up_as
from tests.stand_in_ports import START, SettableClock, ports_over
from tests.trainees import Clinic

EASY = HttpConfig(
    public_url=PUBLIC_URL,
    login_rate="100000/minute",
    client_rate="100000/minute",
    upload_rate="100000/minute",
    consent_rate="100000/hour",
    training_rate="100000/day",
    figures_rate="100000/minute",
    run_rate="100000/hour",
    browse_rate="100000/minute",
    download_rate="100000/hour",
    stream_for_s=0.1,
    stream_every_s=0.02,
)
KEPT_BY_ITS_OWNER = frozenset(
    {
        "sign_up",
        "recover_account",
        "log_out",
        "erase_account",
        "change_password",
        "grant_consent",
        "revoke_consent",
        "erase_contribution",
        "delete_journal_entry",
        "request_training",
        "cancel_training",
    }
)
"""What the owner leaves alone, so that the series is still there to be found by others."""
PICTURES = frozenset({"show_forecast_plot", "show_glucose_profile_plot"})
"""Drawn for the owner alone; the others are refused them like everything else."""
ENDING = ("retire_dataset", "log_out", "erase_account")
"""What a role does last: it ends what the others need."""
OWN = ("x-request-id", "set-cookie")
"""Headers that are random and different in every answer."""
QUERY = {"days": "14", "limit": "100", "unit": "mmol/L", "format": "svg", "lang": "en"}


@dataclass(frozen=True)
class Answer:
    """One answer of the API, whole."""

    role: str
    operation: str
    status: int
    head: bytes
    body: bytes


@dataclass
class Scene:
    """`canaries` by kind; `ids` of everything that is there, by name of the path's parameter."""

    ports: Ports
    chain: FakeChain
    content: InMemoryContentStore
    app: FastAPI
    folder: Path
    log: io.StringIO
    owner: AccountId
    canaries: dict[str, Canary]
    files: dict[str, bytes]
    ids: dict[str, list[str]] = field(default_factory=dict)
    searched: dict[bytes, list[str]] = field(default_factory=dict)

    def found_in(self, content: bytes) -> list[str]:
        """Which canary is there, in which forms; the same content is searched once."""
        digest = sha256(content).digest()
        if digest not in self.searched:
            self.searched[digest] = [
                f"{kind}: {form}"
                for kind, canary in self.canaries.items()
                for form in canary.found_in(content)
            ]
        return self.searched[digest]

    def browsers(self) -> dict[str, Browser]:
        """Everybody who may knock: each role, somebody of the owner's own role, and nobody."""
        ports = self.ports
        guardian = sign_up_as(f"guardian-{ports.random_bytes(4).hex()}", Role.GUARDIAN)
        code = invite_guardian(self.owner, ports=ports).code
        named = sign_up(replace(guardian, invitation=code), ports=ports).account.id
        fresh = {role: f"{role.value}-{ports.random_bytes(4).hex()}" for role in Role}
        return {
            "nobody": Browser(self.app),
            "another patient": self._as(enrol(ports, fresh[Role.PATIENT])),
            "the owner's guardian": self._as(named),
            "researcher": self._as(enrol(ports, fresh[Role.RESEARCHER], Role.RESEARCHER)),
            "operator": self._as(enrol(ports, fresh[Role.OPERATOR], Role.OPERATOR)),
        }

    def owners_browser(self) -> Browser:
        return self._as(self.owner)

    def _as(self, account_id: str) -> Browser:
        return Browser(self.app).be(account_id, self.ports)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Every file, every row, every content, everything on chain, the log."""
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self.folder)), file.read_bytes()
        yield from rows(self.folder / "vitalmint.db")
        for cid in sorted(self.content.pinned()):
            yield f"content {cid}", self.content.get(cid, limit=2**27)
        yield "the chain", repr(vars(self.chain)).encode()
        yield "the log", self.log.getvalue().encode()


def rows(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every row, as bytes, by table."""
    with sqlite3.connect(database) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            values = [
                one if isinstance(one, bytes) else str(one).encode()
                for row in connection.execute(f'SELECT * FROM "{table}"')
                for one in row
            ]
            yield table, b"\n".join(values)


def swept(
    app: FastAPI,
    browsers: dict[str, Browser],
    ids: dict[str, list[str]],
    *,
    leaving_out: frozenset[str] = frozenset(),
) -> list[Answer]:
    """Every operation under every role, with everything that it could plausibly be asked."""
    document = app.openapi()
    routes = sorted(operations(app), key=lambda one: _last(one.name))
    return [
        answer
        for route in routes
        if route.name not in leaving_out
        for role, browser in browsers.items()
        for answer in _asked(route, role, browser, ids, document)
    ]


def _last(operation: str) -> int:
    return ENDING.index(operation) if operation in ENDING else -1


def _asked(
    route: APIRoute,
    role: str,
    browser: Browser,
    ids: dict[str, list[str]],
    document: dict[str, Any],
) -> Iterator[Answer]:
    for method in sorted(route.methods - {"HEAD"}):
        described = document["paths"].get(route.path, {}).get(method.lower(), {})
        there = ids | {"dataset_id": ids["spare"]} if route.name == "retire_dataset" else ids
        for path in _paths(route.path, there):
            for given in _given(described):
                answer = browser.send(method, path, **given)
                told = {name: value for name, value in answer.headers.items() if name not in OWN}
                head = "\n".join(f"{name}: {value}" for name, value in told.items()).encode()
                yield Answer(role, route.name, answer.status_code, head, answer.content)


def _paths(template: str, ids: dict[str, list[str]]) -> list[str]:
    """The path with each id that is there, and with one that is not."""
    found = re.search("{([a-z_]+)}", template)
    if found is None:
        return [template]
    return [template.replace(found[0], one) for one in [*ids[found[1]], "ab" * 16]]


def _given(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Without anything; with every known query parameter; with the examples of the description."""
    contents = described.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in contents:
        file = ("export.csv", io.BytesIO(cgm_file()), "text/csv")
        yield {"files": {"file": file}, "data": {"kind": "cgm", "zone": "Europe/London"}}
    if "application/json" in contents:
        schema = contents["application/json"]["schema"]
        yield {"json": schema.get("examples", [{}])[0]}
    yield {}
    names = [one["name"] for one in described.get("parameters", ()) if one["in"] == "query"]
    if asked := {name: QUERY[name] for name in names if name in QUERY}:
        yield {"params": asked}


@contextmanager
def scene_in(folder: Path, template: Path, keyring: Path) -> Iterator[Scene]:
    """The owner contributes, trains, notes; a cohort is learnt from: released, and kept in."""
    shutil.copyfile(template, folder / "vitalmint.db")
    shutil.copytree(keyring, folder / "keys")
    clock, content, log = SettableClock(), InMemoryContentStore(), io.StringIO()
    chain = FakeChain(clock)
    url = f"sqlite:///{folder / 'vitalmint.db'}"
    with (
        redirect_stdout(log),
        redirect_stderr(log),
        ports_over(url, folder / "keys", clock, chain, content) as ports,
    ):
        app = create_app(EASY, ports, log_to=log)
        owner = AccountId(enrol(ports, "the-owner"))
        begin = START.replace(tzinfo=None) - timedelta(days=20)
        glucose, vitals = glucose_canary(begin), vitals_canary(begin)
        made = Scene(
            ports,
            chain,
            content,
            app,
            folder,
            log,
            owner,
            canaries={"cgm": glucose[0], "vitals": vitals[0]},
            files={"cgm": glucose[1], "vitals": vitals[1]},
        )
        browser = made.owners_browser()
        _contribute(made, browser, Clinic(ports, clock, chain))
        _generate(made, Studio(ports, clock, chain))
        yield made


def _contribute(scene: Scene, browser: Browser, clinic: Clinic) -> None:
    """Both kinds, whole and spoilt; a training; a journal."""
    terms = {
        "kinds": ["cgm", "vitals"],
        "purposes": ["care", "training", "sale"],
        "expires_at": "2027-11-22T00:00:00Z",
    }
    assert browser.post("/api/consents", terms).status_code == 202
    clinic.settle()
    given = []
    for kind, file in scene.files.items():
        answer = browser.upload("/api/contributions", file, kind=kind)
        assert answer.status_code == 202, answer.text
        given.append(answer.json()["contribution_id"])
        for spoilt in (file + b"\xff\xfe,,", file.replace(b"timestamp", b"nothing")):
            browser.upload("/api/contributions", spoilt, kind=kind)
            browser.upload("/api/contributions/inspect", spoilt, kind=kind)
    clinic.settle()
    training = browser.post("/api/forecast/trainings")
    assert training.status_code == 202, training.text
    clinic.settle(training=True)
    noted = {"type": "meal", "at": "2026-11-20T08:10:00+09:00"}
    entry = browser.post("/api/journal", noted).json()["entry_id"]
    scene.ids |= {
        "contribution_id": given,
        "training_id": [training.json()["training_id"]],
        "entry_id": [entry],
    }


def _generate(scene: Scene, studio: Studio) -> None:
    studio.people()
    released, spare = studio.run(), studio.run()
    studio.generators.worse = {"too_near": (2.0, 2.0, 2.0)}
    withheld = studio.run()
    studio.generators.worse = {}
    assert [one.state for one in (released, spare, withheld)] == [
        RunState.RELEASED,
        RunState.RELEASED,
        RunState.WITHHELD,
    ]
    for run in (released, withheld):
        members = {member.contribution_id for member in studio.members(RunId(run.id))}
        assert scene.ids["contribution_id"][0] in members
    scene.ids["run_id"] = scene.ids["dataset_id"] = [released.id, withheld.id]
    scene.ids["spare"] = [spare.id]


def canonical_of(scene: Scene) -> bytes:
    """The glucose canary as it is sealed."""
    read = scene.ports.records.read(
        scene.files["cgm"], Kind.CGM, zone="Europe/London", received_at=START
    )
    return read.canonical


def listed(answers: list[Answer], scene: Scene) -> dict[tuple[str, str], list[str]]:
    """(role, operation) of each answer with a canary in its headers or its body."""
    found: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        for part in (answer.head, answer.body):
            if forms := scene.found_in(part):
                found.setdefault((answer.role, answer.operation), []).extend(forms)
    return found
