"""The whole service in this process, people at its HTTP door, and the audit that believes none."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from eth_account import Account
from eth_account.messages import encode_defunct
from fastapi import FastAPI

from backend.app import create_app
from backend.auditor import AuditSettings, audited
from backend.crypto.wallets import checksum_address, wallet_of
from backend.domain.audit_report import AuditReport
from backend.domain.identifiers import AccountId, ContributionId, WalletAddress
from backend.http.config import HttpConfig
from backend.ports import Ports
from tests.http.browser import PUBLIC_URL, Browser
from tests.people import PASSWORD, PERSON
from tests.world import Person, World, catch_up, run_jobs

CONFIG = HttpConfig(
    public_url=PUBLIC_URL,
    login_rate="1000/minute",
    client_rate="10000/minute",
    upload_rate="10000/minute",
    consent_rate="10000/hour",
    training_rate="10000/day",
    figures_rate="10000/minute",
)


class Patient(Browser):
    """One person's browser on the service, and what the API showed it last."""

    account_id: AccountId
    wallet: WalletAddress

    def sign_up(self, login: str, **profile: Any) -> "Patient":
        """Signed up and logged in, with a wallet that the service keeps."""
        self.recovery_code = said(
            self.post("/api/signup", {"id": login, "password": PASSWORD, **vars(PERSON), **profile})
        )["recovery_code"]
        return self._logged_in(self.log_in(login))

    def sign_up_with_wallet(self, key: bytes) -> "Patient":
        """Signed up and logged in with one's own wallet, each by a message signed afresh."""
        said(self.post("/api/siwe/signup", {**vars(PERSON), **self._sign_in_message(key)}))
        return self._logged_in(self.post("/api/siwe/login", self._sign_in_message(key)))

    def consent(self, *purposes: str, until: datetime) -> httpx.Response:
        """Ask for a consent to CGM; the service signs it for a kept wallet."""
        return self.post("/api/consents", terms(*purposes, until=until))

    def consent_with_wallet(self, key: bytes, *purposes: str, until: datetime) -> httpx.Response:
        """The prepared message, signed as wallets do, and sent."""
        asked = terms(*purposes, until=until)
        prepared = said(self.post("/api/consents/prepare", asked))
        signed = Account.sign_typed_data(key, full_message=prepared["typed_data"])
        stamp = {"nonce": prepared["nonce"], "deadline": prepared["deadline"]}
        return self.post(
            "/api/consents", {**asked, **stamp, "signature": "0x" + signed.signature.hex()}
        )

    def contribute(self, data: bytes, **fields: str) -> httpx.Response:
        return self.upload("/api/contributions", data, **fields)

    def contribution(self, contribution_id: str) -> dict[str, Any]:
        return said(self.get(f"/api/contributions/{contribution_id}"))

    def contributions(self) -> list[dict[str, Any]]:
        return list(said(self.get("/api/contributions"))["contributions"])

    def record(self, contribution_id: str) -> bytes:
        """The person's own CSV."""
        response = self.get(f"/api/contributions/{contribution_id}/record")
        assert response.status_code == 200, response.text
        return response.content

    @property
    def person(self) -> Person:
        return Person(self.account_id, self.wallet)

    def _logged_in(self, response: httpx.Response) -> "Patient":
        session = said(response)
        self.csrf = session["csrf_token"]
        self.account_id = AccountId(session["account_id"])
        self.wallet = WalletAddress(session["wallet"].lower())
        return self

    def _sign_in_message(self, key: bytes) -> dict[str, str]:
        wallet = checksum_address(wallet_of(key))
        message = said(self.post("/api/siwe/challenge", {"wallet": wallet}))["message"]
        signed = Account.sign_message(encode_defunct(text=message), key)
        return {"message": message, "signature": "0x" + signed.signature.hex()}


class DistantPatient(Patient):
    """The same over a socket; its client may be shared between threads."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self.csrf = None
        self._document = self.client.get("/openapi.json").raise_for_status().json()


@dataclass
class Served:
    """A world with the API over it; the jobs run when a test says so."""

    world: World
    ports: Ports
    app: FastAPI
    log: io.StringIO

    def visitor(self) -> Patient:
        """A browser that nobody is logged in to."""
        return Patient(self.app)

    def newcomer(self, login: str) -> Patient:
        """Signed up and logged in, without a consent."""
        return self.visitor().sign_up(login)

    def patient(self, login: str, *purposes: str) -> Patient:
        """Signed up, and consenting on chain."""
        person = self.newcomer(login)
        self.put_in_force(person.consent(*(purposes or CARE_AND_TRAINING), until=self.in_a_year()))
        return person

    def put_in_force(self, answer: httpx.Response) -> dict[str, Any]:
        """Let the chain record the consent that this answer told of."""
        consent = said(answer)
        self.work()
        return consent

    def work(self) -> None:
        """Run every job to its end, and follow the chain."""
        run_jobs(self.ports)
        catch_up(self.ports)
        run_jobs(self.ports)

    def in_a_year(self) -> datetime:
        return (self.ports.clock.now() + timedelta(days=365)).replace(microsecond=0)

    def key_of(self, contribution_id: str) -> bytes:
        """The data key under which a contribution is sealed."""
        with self.ports.database.read() as unit:
            row = unit.contributions.by_id(ContributionId(contribution_id))
        assert row is not None
        return self.ports.keys.open(row.key_id)


CARE_AND_TRAINING = ("care", "training")


@contextmanager
def served(world: World, config: HttpConfig = CONFIG) -> Iterator[Served]:
    """The API over this world."""
    log = io.StringIO()
    with world.ports() as ports:
        yield Served(world, ports, create_app(config, ports, log_to=log), log)


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The app behind a real socket, in a thread of this process; its address."""
    quiet = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(quiet)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        (port,) = {bound.getsockname()[1] for one in server.servers for bound in one.sockets}
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def terms(*purposes: str, until: datetime) -> dict[str, Any]:
    return {"kinds": ["cgm"], "purposes": list(purposes), "expires_at": until.isoformat()}


def said(response: httpx.Response) -> dict[str, Any]:
    """The answer to something that must succeed."""
    assert response.is_success, f"{response.status_code}: {response.text}"
    content: dict[str, Any] = response.json()
    return content


def refused(response: httpx.Response) -> tuple[int, str]:
    """The status and the stable code of something that must not succeed."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


def audit(world: World) -> AuditReport:
    """The report on this world's chain and content."""
    settings = AuditSettings(
        world.settings.rpc_url, world.settings.ipfs_api_url, world.settings.deployment_file
    )
    return audited(settings, lambda stage, done, total: None)


def audit_as_anyone(world: World, empty_folder: Path) -> tuple[int, dict[str, Any]]:
    """`vitalmint audit --json` with its three inputs and nothing else of this machine."""
    settings = world.settings
    command = [
        *(str(Path(sys.executable).with_name("vitalmint")), "audit", "--json"),
        *("--rpc", settings.rpc_url, "--ipfs", settings.ipfs_api_url),
        *("--deployment", str(settings.deployment_file)),
    ]
    done = subprocess.run(command, cwd=empty_folder, env={}, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, json.loads(done.stdout)
