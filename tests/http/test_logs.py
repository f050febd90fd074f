"""The log says what happened to which route, and nothing about anyone."""

import asyncio
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.http.config import HttpConfig
from backend.http.guard import GuardedRoute
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.http.browser import Browser, cgm_file
from tests.people import PASSWORD

CANARIES = {
    "id": "canary-id",
    "password": "canary-password",
    "name": "canary-name",
    "address": "canary-address",
    "detailed_address": "canary-detailed",
    "phone_num": "canary-phone",
    "guard_name": "canary-guard",
    "guard_phone_num": "canary-guard-phone",
}


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_has_route_status_duration_and_number_and_nothing_else(
    browser: Browser, log: io.StringIO
) -> None:
    answer = browser.get("/api/contributions/" + "ab" * 16 + "?canary=canary")
    (line,) = lines(log)
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": answer.headers["x-request-id"],
        "method": "GET",
        "route": "/api/contributions/{contribution_id}",
        "status": 401,
        "problem": "not_authenticated",
    }


def test_nothing_that_people_send_or_are_told_is_ever_logged(
    browser: Browser,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A canary in every field, query, path, header and file, through every outcome."""
    browser.client.headers["User-Agent"] = "canary-agent"
    browser.client.headers["X-Request-ID"] = "canary-request-id"
    signed_up = browser.post("/api/signup", {**CANARIES, "age": 63}).json()
    browser.post("/api/signup", {**CANARIES, "age": "canary-age", "canary-field": "canary"})
    browser.post("/api/login", {"id": "canary-id", "password": "canary-wrong-password"})
    session = browser.log_in("canary-id", "canary-password")
    browser.get("/api/account?query=canary-query")
    browser.send("PATCH", "/api/account", json={"name": "canary-new-name"})
    browser.get("/api/canary-path")
    browser.send("canary-method".upper(), "/api/account")
    browser.post("/api/recover", {**CANARIES, "recovery_code": "canary-code"})
    browser.post("/api/siwe/login", {"message": "canary-message", "signature": "canary"})
    browser.post("/api/consents", {"kinds": ["canary-kind"]})
    browser.give_consent()
    readings = cgm_file(2, first_value=91)
    browser.upload("/api/contributions", readings, zone="canary-zone")
    browser.upload("/api/contributions", b"canary,readings\n1,2\n")
    shown = browser.upload("/api/contributions", readings).json()
    browser.get(f"/api/contributions/{shown['contribution_id']}/record")
    browser.get("/api/export")
    browser.post("/api/wallet/export", {"password": "canary-password"})
    assert len(lines(log)) == 18
    text = log.getvalue() + caplog.text + "".join(capfd.readouterr())
    assert "canary" not in text.lower()
    told = session.json()
    for secret in (
        signed_up["recovery_code"],
        signed_up["account_id"],
        told["wallet"],
        told["csrf_token"],
        browser.client.cookies["vitalmint_session"],
        shown["contribution_id"],
        shown["cid"],
        "testclient",
    ):
        assert secret not in text


def test_an_unforeseen_error_is_logged_by_its_place_and_not_by_its_words(
    app: FastAPI, log: io.StringIO
) -> None:
    def check_health() -> None:
        try:
            raise ValueError("canary-inner")
        except ValueError as error:
            raise RuntimeError("canary-reading 5.4") from error

    app.router.routes.insert(0, GuardedRoute("/healthz", check_health, name="check_health"))
    assert Browser(app).get("/healthz").status_code == 500
    (line,) = lines(log)
    assert (line["error"], line["causes"], line["level"]) == (
        "RuntimeError",
        ["ValueError"],
        "error",
    )
    assert any("check_health" in place for place in line["where"])
    assert "canary" not in log.getvalue()


def test_the_stores_errors_are_logged_by_their_code(
    patient: Browser, log: io.StringIO, content: InMemoryContentStore, chain: FakeChain
) -> None:
    patient.give_consent()
    content.down = True
    assert patient.upload("/api/contributions", cgm_file()).status_code == 503
    assert lines(log)[-1]["problem"] == "content_store_unavailable"
    assert lines(log)[-1]["level"] == "error"
    chain.down = True
    assert patient.get("/api/rewards").status_code == 503
    assert lines(log)[-1]["problem"] == "chain_unavailable"


def test_nothing_of_a_caller_who_went_away_is_kept(
    config: HttpConfig, ports: Ports, log: io.StringIO
) -> None:
    app = create_app(replace(config), ports, log_to=log)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError(f"nobody is there to be told {message['type']}")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/login",
        "raw_path": b"/api/login",
        "query_string": b"",
        "root_path": "",
        "scheme": "https",
        "http_version": "1.1",
        "server": ("vitalmint.example", 443),
        "client": ("10.0.0.1", 1),
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    (line,) = lines(log)
    assert line["status"] == 499
    assert PASSWORD not in log.getvalue()
