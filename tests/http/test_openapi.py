"""The API's description is true: its examples work, its file is current, its names are stable."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from backend.adapters.generators.cohort import MlCohortGenerators
from backend.crypto.tokens import token_hash
from backend.domain.account import Invitation, Role, SignInChallenge
from backend.domain.credentials import normal_code
from backend.domain.identifiers import AccountId
from backend.http.access import ACCESS, Open
from backend.http.api import build_api
from backend.ports import Ports
from tests.http.browser import Browser, enrol
from tests.people import PASSWORD
from tests.stand_in_ports import START

DOCUMENT = build_api().openapi()
ROOT = Path(__file__).resolve().parent.parent.parent


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def examples_of(operation: dict[str, Any]) -> list[tuple[str, Any]]:
    """(media type, example) of what the operation is to be sent."""
    found = []
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        given = [content["example"]] if "example" in content else schema.get("examples", [])
        found += [(media_type, example) for example in given]
    return found


WITH_BODY = [found for found in operations() if "requestBody" in found[2]]


def success_of(operation: dict[str, Any]) -> int:
    (status,) = [int(status) for status in operation["responses"] if status.startswith("2")]
    return status


@pytest.fixture
def haneul(app: FastAPI, ports: Ports) -> Browser:
    """The person of the examples, logged in; what the examples speak of exists."""
    patient = AccountId(enrol(ports, "haneul"))
    with ports.database.write() as unit:
        account = unit.accounts.by_id(patient)
        assert account is not None
        code = normal_code("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH")
        unit.accounts.update(replace(account, recovery_hash=token_hash(code)))
        invited = token_hash(normal_code("JJJJ-KKKK-LLLL-MMMM-NNNN-OOOO-PPPP-QQQQ"))
        unit.invitations.add(Invitation(invited, patient, START + timedelta(days=1), None))
        nonce = "0123456789abcdef0123456789abcdef"
        unit.challenges.add(SignInChallenge(nonce, START + timedelta(minutes=5)))
    browser = Browser(app)
    browser.log_in("haneul")
    return browser


def prepare(name: str, browser: Browser, app: FastAPI, ports: Ports) -> Browser:
    """Who tries the example, with what must have happened before."""
    if name == "sign_up":
        browser.post("/api/account/erasure", {"password": PASSWORD})
    if name == "sign_in_with_ethereum":
        ((_, example),) = examples_of(DOCUMENT["paths"]["/api/siwe/signup"]["post"])
        assert browser.post("/api/siwe/signup", example).status_code == 201
        with ports.database.write() as unit:
            nonce = "0123456789abcdef0123456789abcdef"
            unit.challenges.add(SignInChallenge(nonce, START + timedelta(minutes=5)))
    if name == "request_run":
        app.state.ports = replace(ports, generators=MlCohortGenerators())
        enrol(ports, "operator", Role.OPERATOR)
        browser = Browser(app)
        browser.log_in("operator")
    if name == "accept_invitation":
        enrol(ports, "guardian", Role.GUARDIAN)
        browser = Browser(app)
        browser.log_in("guardian")
    if name in ("contribute", "revoke_consent"):
        browser.give_consent()
    return browser


def filled(path: str, browser: Browser) -> str:
    """The path with the id of something that is there."""
    if "{entry_id}" not in path:
        return path
    noted = {"type": "meal", "at": "2026-11-22T08:10:00+09:00"}
    return path.replace("{entry_id}", browser.post("/api/journal", noted).json()["entry_id"])


@pytest.mark.parametrize(
    ("method", "path", "operation"), WITH_BODY, ids=[found[2]["operationId"] for found in WITH_BODY]
)
def test_an_example_gets_the_status_that_is_documented(
    haneul: Browser, app: FastAPI, ports: Ports, method: str, path: str, operation: dict[str, Any]
) -> None:
    examples = examples_of(operation)
    assert examples, f"{operation['operationId']} has no example"
    for media_type, example in examples:
        browser = prepare(operation["operationId"], haneul, app, ports)
        if media_type == "multipart/form-data":
            fields = {name: value for name, value in example.items() if name != "file"}
            answer = browser.upload(path, example["file"].encode(), **fields)
        else:
            answer = browser.send(method, filled(path, browser), json=example)
        assert answer.status_code == success_of(operation), answer.text


def test_the_committed_description_is_what_the_code_serves() -> None:
    command = [sys.executable, "-m", "scripts.export_openapi", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_is_named_tagged_and_summarised() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    assert set(names) == set(ACCESS) - {"show_openapi", "show_documentation"}
    for _, _, operation in operations():
        assert operation["tags"] and operation["summary"] and operation["description"]


def test_every_error_is_described_as_a_problem_and_every_guarded_operation_says_so() -> None:
    for method, _, operation in operations():
        for status, answer in operation["responses"].items():
            if status.startswith("4") or status == "500":
                assert list(answer["content"]) == ["application/problem+json"]
        guarded = not isinstance(ACCESS[operation["operationId"]], Open)
        assert ("security" in operation) == guarded
        if guarded:
            (needs,) = operation["security"]
            assert ("csrf" in needs) == (method not in ("GET", "HEAD"))


def test_every_documented_operation_of_the_seed_keeps_its_method_and_path() -> None:
    for path in ("/api/signup", "/api/login", "/api/logout"):
        assert "post" in DOCUMENT["paths"][path]
    asked = DOCUMENT["components"]["schemas"]["SignUpRequest"]["properties"]
    assert {
        "id",
        "password",
        "name",
        "age",
        "address",
        "detailed_address",
        "phone_num",
        "guard_name",
        "guard_phone_num",
        "role",
    } <= set(asked)


class Links(HTMLParser):
    """What a page would load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_for_people_has_every_operation_and_needs_nothing_from_elsewhere(
    browser: Browser,
) -> None:
    page = browser.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    found = Links()
    found.feed(page.text)
    assert found.links == ["/openapi.json"]
    assert "script" not in found.tags
    for _, path, operation in operations():
        assert f'id="{operation["operationId"]}"' in page.text and path in page.text
    assert browser.get("/openapi.json").json() == DOCUMENT
