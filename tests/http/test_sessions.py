"""The session's cookie and the CSRF token, as a browser sees them."""

from fastapi import FastAPI

from backend.app import create_app
from backend.http.config import HttpConfig
from backend.ports import Ports
from tests.http.browser import Browser, enrol
from tests.people import PASSWORD, PERSON

SIGN_UP = {"id": "haneul", "password": PASSWORD, **vars(PERSON)}


def test_the_documents_own_calls_sign_up_log_in_and_log_out(browser: Browser) -> None:
    signed_up = browser.post("/api/signup", SIGN_UP)
    assert signed_up.status_code == 201
    assert signed_up.json()["role"] == "patient"
    assert len(signed_up.json()["recovery_code"]) == 39
    assert browser.post("/api/signup", SIGN_UP).json()["code"] == "account_exists"
    assert browser.log_in("haneul").status_code == 200
    assert browser.get("/api/session").json()["id"] == "haneul"
    assert browser.post("/api/logout").status_code == 204
    assert browser.get("/api/session").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser: Browser, ports: Ports
) -> None:
    enrol(ports, "haneul")
    cookie = browser.log_in("haneul").headers["set-cookie"]
    assert cookie.startswith("vitalmint_session=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= attributes


def test_the_cookie_goes_without_secure_only_when_configured(ports: Ports) -> None:
    enrol(ports, "haneul")
    plain = Browser(create_app(HttpConfig(cookie_secure=False), ports))
    assert "secure" not in plain.log_in("haneul").headers["set-cookie"].lower()


def test_a_token_that_somebody_planted_is_never_adopted(browser: Browser, ports: Ports) -> None:
    enrol(ports, "haneul")
    browser.client.cookies.set("vitalmint_session", "planted", domain="vitalmint.example")
    browser.log_in("haneul")
    issued = browser.client.cookies.get("vitalmint_session", domain="vitalmint.example", path="/")
    assert issued != "planted"
    browser.client.cookies.clear()
    browser.client.cookies.set("vitalmint_session", "planted", domain="vitalmint.example")
    assert browser.get("/api/session").status_code == 401


def test_logging_out_ends_the_session_for_whoever_copied_the_cookie(
    app: FastAPI, patient: Browser
) -> None:
    thief = Browser(app)
    thief.client.cookies.update(patient.client.cookies)
    assert thief.get("/api/session").status_code == 200
    patient.post("/api/logout")
    assert thief.get("/api/session").status_code == 401


def test_a_wrong_csrf_token_is_refused_before_anything_happens(patient: Browser) -> None:
    patient.csrf = None
    for wrong in (None, "", "made-up", "0" * 64):
        headers = {} if wrong is None else {"X-CSRF-Token": wrong}
        refused = patient.post("/api/logout", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_mismatch")
    assert patient.get("/api/session").status_code == 200


def test_the_csrf_token_of_another_session_is_refused(app: FastAPI, patient: Browser) -> None:
    other = Browser(app)
    other.log_in("haneul")
    patient.csrf = other.csrf
    assert patient.post("/api/logout").status_code == 403


def test_a_page_that_was_loaded_again_gets_its_csrf_token_back(patient: Browser) -> None:
    patient.csrf = patient.get("/api/session").json()["csrf_token"]
    assert patient.post("/api/logout").status_code == 204


def test_a_wrong_password_and_an_unknown_id_cannot_be_told_apart(
    browser: Browser, ports: Ports
) -> None:
    enrol(ports, "haneul")
    answers = []
    for login in ("haneul", "nobody"):
        refused = browser.log_in(login, "a wrong password")
        body = refused.json()
        body.pop("instance")
        answers.append((refused.status_code, body))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_recovery_sets_the_password_and_gives_the_next_code(browser: Browser) -> None:
    code = browser.post("/api/signup", SIGN_UP).json()["recovery_code"]
    asked = {"id": "haneul", "recovery_code": code, "password": "another password"}
    recovered = browser.post("/api/recover", asked)
    assert recovered.status_code == 200
    assert recovered.json()["recovery_code"] != code
    assert browser.post("/api/recover", asked).status_code == 401
    assert browser.log_in("haneul", "another password").status_code == 200


def test_changing_the_password_moves_the_browser_to_a_fresh_session(patient: Browser) -> None:
    asked = {"password": PASSWORD, "new_password": "another password"}
    changed = patient.post("/api/account/password", asked)
    assert changed.status_code == 200
    patient.csrf = changed.json()["csrf_token"]
    assert patient.post("/api/logout").status_code == 204


def test_an_account_goes_only_with_the_password_and_then_wholly(patient: Browser) -> None:
    refused = patient.post("/api/account/erasure", {"password": "a wrong password"})
    assert refused.status_code == 401
    assert patient.get("/api/session").status_code == 200
    erased = patient.post("/api/account/erasure", {"password": PASSWORD})
    assert erased.status_code == 200
    assert erased.json()["final_from"] > erased.json()["erased_at"]
    assert patient.get("/api/session").status_code == 401
    assert patient.log_in("haneul").status_code == 401


def test_an_address_with_a_line_break_is_told_what_an_address_is(browser: Browser) -> None:
    answer = browser.post("/api/siwe/challenge", {"wallet": "0x" + "ab" * 20 + "\n"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert answer.json()["field"] == "wallet"
