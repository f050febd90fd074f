"""Every error has one shape, one status, and says nothing of the inside."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from backend.adapters.database.unit_of_work import open_database
from backend.app import create_app
from backend.domain import errors as domain
from backend.http.config import HttpConfig
from backend.http.errors import STATUS, status_of
from backend.http.guard import GuardedRoute
from backend.ports import Ports
from tests.http.browser import Browser
from tests.people import PASSWORD, PERSON

SECRET = "Kim-Haneul-5.4-mmol"
PROMISED = {
    domain.UnreadableRecord: 422,
    domain.ZoneMissing: 422,
    domain.InvalidField: 422,
    domain.PayloadTooLarge: 413,
    domain.ConsentNotGranted: 403,
    domain.ConsentExpired: 403,
    domain.ConsentSignerMismatch: 403,
    domain.CsrfMismatch: 403,
    domain.NotAuthenticated: 401,
    domain.CredentialsRefused: 401,
    domain.NotFound: 404,
    domain.DuplicateContribution: 409,
    domain.AccountExists: 409,
    domain.StaleVersion: 412,
    domain.RateLimited: 429,
    domain.ContentMismatch: 502,
    domain.ContentStoreUnavailable: 503,
    domain.ChainUnavailable: 503,
    domain.DatabaseUnavailable: 503,
    domain.KeyringUnavailable: 503,
    domain.SealBroken: 500,
    domain.KeyUnknown: 500,
}


def every_error() -> list[type[domain.VitalMintError]]:
    found, waiting = [], [domain.VitalMintError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += [sub for sub in kind.__subclasses__() if sub.__module__ == domain.__name__]
    return found


def raising(app: FastAPI, error: Exception) -> Browser:
    """A browser of the app at whose path /raise a route ends in this error."""

    def check_health() -> None:
        raise error

    route = GuardedRoute("/raise", check_health, name="check_health", include_in_schema=False)
    app.router.routes.insert(0, route)
    return Browser(app)


@pytest.mark.parametrize("kind", PROMISED, ids=lambda kind: kind.code)
def test_an_error_has_the_status_that_was_promised(kind: type[domain.VitalMintError]) -> None:
    assert status_of(kind) == PROMISED[kind]


def test_codes_are_stable_and_every_error_has_one_of_its_own() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(set(codes)) == len(codes)
    assert set(STATUS) <= set(every_error())


def test_an_error_of_the_caller_says_what_where_and_what_to_do(app: FastAPI) -> None:
    error = domain.UnreadableRecord("line 7 has no value: export the file again", line=7)
    answer = raising(app, error).get("/raise")
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.pop("instance") == f"urn:vitalmint:request:{answer.headers['x-request-id']}"
    assert body == {
        "type": "urn:vitalmint:problem:unreadable_record",
        "title": "Unreadable record",
        "status": 422,
        "detail": "line 7 has no value: export the file again",
        "code": "unreadable_record",
        "line": 7,
    }


def test_an_error_that_names_a_field_or_a_time_passes_it_on(app: FastAPI) -> None:
    browser = raising(app, domain.InvalidField("age", "an age is between 0 and 150 years"))
    assert browser.get("/raise").json()["field"] == "age"
    app.router.routes.pop(0)
    later = raising(app, domain.RateLimited("too many attempts", retry_after_s=42)).get("/raise")
    assert later.headers["retry-after"] == "42"
    assert later.json()["retry_after"] == 42


@pytest.mark.parametrize(
    "error",
    [
        domain.DatabaseUnavailable(f"postgresql://user:{SECRET}@host did not answer"),
        domain.SealBroken(f"column {SECRET} does not open"),
        domain.KeyUnknown(f"key {SECRET} is unknown"),
        domain.ContentMismatch(f"{SECRET} has another digest"),
        domain.MisconfiguredService((SECRET,)),
        RuntimeError(SECRET),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_service_tells_nothing_of_the_inside(
    app: FastAPI, error: Exception
) -> None:
    answer = raising(app, error).get("/raise")
    assert answer.status_code >= 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_not_available_says_when_to_come_back(app: FastAPI) -> None:
    answer = raising(app, domain.ChainUnavailable("down")).get("/raise")
    assert (answer.status_code, answer.json()["code"]) == (503, "chain_unavailable")
    assert int(answer.headers["retry-after"]) > 0


JSON_TYPE = {"content-type": "application/json"}
BAD_BODIES = [
    ("no body", {}),
    ("an empty object", {"json": {}}),
    ("a list", {"json": [SECRET]}),
    ("no JSON", {"content": SECRET, "headers": JSON_TYPE}),
    ("another type", {"content": SECRET, "headers": {"content-type": "text/plain"}}),
    ("a broken escape", {"content": b'{"id": "\\ud8', "headers": JSON_TYPE}),
    ("bytes that are no text", {"content": b"\xff\xfe", "headers": JSON_TYPE}),
    ("a form", {"data": {"id": SECRET}}),
    ("an unknown field", {"json": {"id": SECRET, "password": SECRET, "admin": SECRET}}),
    ("a number for a text", {"json": {"id": 5, "password": [SECRET]}}),
    ("half a character", {"content": b'{"id": "\\ud800", "password": "x"}', "headers": JSON_TYPE}),
    ("half a name", {"content": b'{"\\ud800": "x"}', "headers": JSON_TYPE}),
    ("a deep nest", {"content": b"[" * 50_000, "headers": JSON_TYPE}),
    ("not a number", {"content": b'{"id": NaN}', "headers": JSON_TYPE}),
]


@pytest.mark.parametrize(("what", "sent"), BAD_BODIES, ids=[what for what, _ in BAD_BODIES])
def test_a_request_that_cannot_be_read_ends_in_the_same_shape_without_its_values(
    browser: Browser, what: str, sent: dict[str, object]
) -> None:
    answer = browser.send("POST", "/api/login", **sent)
    assert answer.status_code in (400, 422), what
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert answer.json()["code"] in ("invalid_request", "bad_request")


def test_a_body_over_the_limit_is_refused_declared_or_not(browser: Browser) -> None:
    large = b'{"id": "' + b"x" * 70_000 + b'"}'
    json_type = {"content-type": "application/json"}
    declared = browser.send("POST", "/api/login", content=large, headers=json_type)
    streamed = browser.send("POST", "/api/login", content=iter([large]), headers=json_type)
    assert declared.status_code == streamed.status_code == 413


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age", 200),
        ("age", "old"),
        ("name", ""),
        ("id", "a b"),
        ("zone", "Mars/Base"),
        ("password", "short"),
        ("role", "operator"),
    ],
)
def test_a_fault_in_a_sign_up_names_its_field(browser: Browser, field: str, value: object) -> None:
    asked = {"id": "haneul", "password": PASSWORD, **vars(PERSON), field: value}
    answer = browser.post("/api/signup", asked)
    assert answer.status_code == 422
    body = answer.json()
    assert field in (body.get("field"), body.get("errors", [{}])[0].get("field", "").split(".")[-1])


def test_a_database_that_is_not_there_is_told_and_nothing_else(
    config: HttpConfig, ports: Ports, tmp_path: Path
) -> None:
    nowhere = open_database(f"sqlite:///{tmp_path}/no-such-folder/vitalmint.db")
    answer = Browser(create_app(config, replace(ports, database=nowhere))).log_in("haneul")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert "no-such-folder" not in answer.text
