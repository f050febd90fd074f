"""A browser of the API for tests: keeps its cookie, sends its CSRF token."""

import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.domain.account import Role
from backend.domain.identifiers import AccountId
from backend.http.session import COOKIE
from backend.ports import Ports
from backend.use_cases.create_operator import CreateOperator, create_operator
from backend.use_cases.invite_guardian import invite_guardian
from backend.use_cases.sign_up import sign_up
from backend.use_cases.start_session import start_session
from tests.people import PASSWORD, sign_up_as

PUBLIC_URL = "https://vitalmint.example"
UNSAFE = ("POST", "PATCH", "DELETE", "PUT")


class Browser:
    """One person's browser; `csrf` is what the last login told it.

    Every answer's status must be one that the API's description has for that operation; 500 is
    no operation's own.
    """

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, base_url=PUBLIC_URL)
        self.csrf: str | None = None
        self._document = app.openapi()

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = dict(given.pop("headers", {}))
        if self.csrf and method in UNSAFE:
            headers.setdefault("X-CSRF-Token", self.csrf)
        answer = self.client.request(method, path, headers=headers, **given)
        described = self._described(method, answer.request.url.path)
        if described is not None and answer.status_code != 500:
            assert str(answer.status_code) in described, f"{method} {path} {answer.text}"
        return answer

    def _described(self, method: str, path: str) -> set[str] | None:
        """The documented statuses of the operation at this path, None where there is none."""
        for template, methods in self._document["paths"].items():
            pattern = re.sub(r"{[^}]*}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in methods:
                return set(methods[method.lower()]["responses"])
        return None

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.send("GET", path, **given)

    def post(self, path: str, json: Any = None, **given: Any) -> httpx.Response:
        return self.send("POST", path, json=json, **given)

    def log_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        response = self.post("/api/login", {"id": login, "password": password})
        if response.status_code == 200:
            self.csrf = response.json()["csrf_token"]
        return response

    def be(self, account_id: str, ports: Ports) -> "Browser":
        """Hold a session of this account, without the cost of a password; itself is returned."""
        with ports.database.write() as unit:
            account = unit.accounts.by_id(AccountId(account_id))
            assert account is not None
            started = start_session(account, unit=unit, ports=ports)
        self.client.cookies.set(COOKIE, started.token, domain=urlsplit(PUBLIC_URL).netloc)
        self.csrf = started.csrf_token
        return self

    def upload(self, path: str, data: bytes, **fields: str) -> httpx.Response:
        form = {"kind": "cgm", "zone": "Europe/London", **fields}
        files = {"file": ("export.csv", io.BytesIO(data), "text/csv")}
        return self.send("POST", path, data=form, files=files)

    def give_consent(self) -> httpx.Response:
        """A consent to care and training, in force when this returns: the fake mines at once."""
        terms = {
            "kinds": ["cgm"],
            "purposes": ["care", "training"],
            "expires_at": "2027-11-22T00:00:00Z",
        }
        return self.post("/api/consents", terms)


def enrol(ports: Ports, login: str, role: Role = Role.PATIENT) -> str:
    """An account of this role; returns its id."""
    if role is Role.OPERATOR:
        made = create_operator(CreateOperator(login=login, password=PASSWORD), ports=ports)
        return made.account.id
    command = sign_up_as(login, role)
    if role is Role.GUARDIAN:
        patient = enrol(ports, f"patient-of-{login}")
        code = invite_guardian(patient, ports=ports).code  # type: ignore[arg-type]
        command = type(command)(**{**vars(command), "invitation": code})
    return sign_up(command, ports=ports).account.id


def cgm_file(days: float = 2, *, first_value: int = 90) -> bytes:
    """A plain CSV of five-minute readings that end before the tests' present."""
    from tests.stand_in_ports import START

    start = START.replace(tzinfo=None) - timedelta(days=days + 3)
    lines = ["timestamp,glucose_mg_dl"]
    for step in range(int(days * 288)):
        moment = start + timedelta(minutes=5 * step)
        value = first_value + (step * 7 + step * step // 13) % 120
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%S},{value}")
    return "\n".join(lines).encode() + b"\n"
