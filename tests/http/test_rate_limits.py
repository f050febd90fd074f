"""How often one may try."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.domain.errors import MisconfiguredService
from backend.http.config import HttpConfig
from backend.ports import Ports
from tests.fakes.chain import FakeChain
from tests.http.browser import PUBLIC_URL, Browser, cgm_file, enrol
from tests.http.test_contributions import work
from tests.stand_in_ports import SettableClock

WRONG = "a wrong password"


def app_with(ports: Ports, **rates: str) -> FastAPI:
    return create_app(replace(HttpConfig(public_url=PUBLIC_URL), **rates), ports)  # type: ignore[arg-type]


def from_address(app: FastAPI, host: str) -> Browser:
    browser = Browser(app)
    browser.client = TestClient(app, base_url=PUBLIC_URL, client=(host, 1))
    return browser


def test_an_id_is_guarded_from_wherever_it_is_tried(ports: Ports) -> None:
    enrol(ports, "haneul")
    app = app_with(ports, login_rate="3/hour")
    for number, spelling in enumerate(("haneul", "HANEUL", " haneul")):
        assert from_address(app, f"10.0.{number}.1").log_in(spelling, WRONG).status_code == 401
    refused = from_address(app, "10.9.9.9").log_in("haneul")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 3601
    assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
    assert from_address(app, "10.0.0.1").log_in("another", WRONG).status_code == 401


def test_guesses_at_recovery_codes_count_with_the_guesses_at_passwords(ports: Ports) -> None:
    enrol(ports, "haneul")
    browser = Browser(app_with(ports, login_rate="2/hour"))
    guess = {"id": "haneul", "recovery_code": "AAAA", "password": "a new password"}
    assert browser.post("/api/recover", guess).status_code == 401
    assert browser.log_in("haneul", WRONG).status_code == 401
    assert browser.post("/api/recover", guess).status_code == 429


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/login", {"id": "nobody", "password": WRONG}),
        ("/api/siwe/challenge", {"wallet": "0x" + "ab" * 20}),
        ("/api/siwe/login", {"message": "made up", "signature": "0x"}),
    ],
)
def test_a_client_is_slowed_down_over_all_ids(
    ports: Ports, path: str, body: dict[str, str]
) -> None:
    app = app_with(ports, client_rate="2/hour")
    browser = from_address(app, "2001:db8:0:1::1")
    neighbour = from_address(app, "2001:db8:0:1:ffff::2")
    assert browser.post(path, body).status_code != 429
    assert neighbour.post(path, body).status_code != 429
    assert browser.post(path, body).status_code == 429
    assert from_address(app, "2001:db8:0:2::1").post(path, body).status_code != 429


def test_asking_for_the_password_again_cannot_be_used_to_guess_it(ports: Ports) -> None:
    enrol(ports, "haneul")
    browser = Browser(app_with(ports, login_rate="2/hour"))
    browser.log_in("haneul")
    asked = {"password": WRONG}
    assert [browser.post("/api/wallet/export", asked).status_code for _ in range(3)] == [
        401,
        401,
        429,
    ]
    assert browser.post("/api/account/erasure", asked).status_code == 429


def test_uploads_are_counted_by_account(ports: Ports) -> None:
    enrol(ports, "one")
    enrol(ports, "two")
    app = app_with(ports, upload_rate="1/hour")
    one, two = Browser(app), Browser(app)
    one.log_in("one")
    two.log_in("two")
    path = "/api/contributions/inspect"
    assert one.upload(path, cgm_file()).status_code == 200
    assert one.upload(path, cgm_file()).status_code == 429
    assert two.upload(path, cgm_file()).status_code == 200


def test_consents_and_revocations_are_counted_apart_and_only_when_something_is_sent(
    ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    enrol(ports, "haneul")
    browser = Browser(app_with(ports, consent_rate="2/hour"))
    browser.log_in("haneul")
    for _ in range(3):
        assert browser.post("/api/consents/revocation", {}).status_code == 404
    for _ in range(2):
        assert browser.give_consent().status_code == 202
        assert browser.give_consent().status_code == 409, "the first is still on its way"
        work(ports, clock, chain)
    refused = browser.give_consent()
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    sent = chain.next_nonce()
    for _ in range(4):
        assert browser.post("/api/consents/revocation", {}).status_code == 202
    assert chain.next_nonce() == sent + 1
    work(ports, clock, chain)
    assert browser.give_consent().status_code == 429
    assert chain.next_nonce() == sent + 1


def test_revocations_have_an_end_too(ports: Ports, clock: SettableClock, chain: FakeChain) -> None:
    enrol(ports, "haneul")
    browser = Browser(app_with(ports, consent_rate="1/hour"))
    browser.log_in("haneul")
    browser.give_consent()
    work(ports, clock, chain)
    assert browser.post("/api/consents/revocation", {}).status_code == 202
    work(ports, clock, chain)
    elsewhere = Browser(app_with(ports, consent_rate="1/hour"))
    elsewhere.log_in("haneul")
    elsewhere.give_consent()
    work(ports, clock, chain)
    refused = browser.post("/api/consents/revocation", {})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert elsewhere.post("/api/consents/revocation", {}).status_code == 202


def test_trainings_are_counted_when_they_are_queued(
    ports: Ports, clock: SettableClock, chain: FakeChain
) -> None:
    enrol(ports, "haneul")
    browser = Browser(app_with(ports, training_rate="2/day"))
    browser.log_in("haneul")
    path = "/api/forecast/trainings"
    for _ in range(3):
        assert browser.post(path).status_code == 403
    browser.give_consent()
    browser.upload("/api/contributions", cgm_file())
    work(ports, clock, chain)
    for _ in range(2):
        queued = browser.post(path)
        assert queued.status_code == 202
        assert browser.post(path).json()["code"] == "training_under_way"
        browser.send("DELETE", f"{path}/{queued.json()['training_id']}")
    refused = browser.post(path)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    states = [one["state"] for one in browser.get(path).json()["trainings"]]
    assert states == ["cancelled", "cancelled"], "nothing is queued beyond the rate"


@pytest.mark.parametrize(
    "path",
    [
        "/api/forecast",
        "/api/forecast/plot",
        "/api/guidance",
        "/api/glucose/summary",
        "/api/glucose/agp",
        "/api/glucose/agp/plot",
    ],
)
def test_what_is_computed_is_counted_together_and_by_account(ports: Ports, path: str) -> None:
    enrol(ports, "one")
    enrol(ports, "two")
    app = app_with(ports, figures_rate="2/hour")
    one, two = Browser(app), Browser(app)
    one.log_in("one")
    two.log_in("two")
    assert one.get("/api/glucose/summary").status_code == 422
    assert one.get(path).status_code in (403, 422)
    assert (one.get(path).status_code, one.get(path).json()["code"]) == (429, "rate_limited")
    assert one.get("/api/forecast/trainings").status_code == 200
    assert two.get(path).status_code in (403, 422)


@pytest.mark.parametrize("rate", ["", "often", "10", "-1/minute"])
def test_a_rate_that_cannot_be_read_stops_the_start(ports: Ports, rate: str) -> None:
    with pytest.raises(MisconfiguredService):
        app_with(ports, login_rate=rate)
