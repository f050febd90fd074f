"""Who may call what: every route, every role, and nobody."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.domain.account import Role
from backend.domain.errors import MisconfiguredService
from backend.http.access import ACCESS, Open
from backend.http.api import build_api
from backend.http.guard import GuardedRoute
from backend.http.openapi import operations
from backend.ports import Ports
from tests.http.browser import Browser, enrol

ROUTES = operations(build_api())
GUARDED = [route for route in ROUTES if not isinstance(ACCESS[route.name], Open)]
OPEN_ROUTES = [route for route in ROUTES if isinstance(ACCESS[route.name], Open)]


def ask(browser: Browser, route: APIRoute) -> int:
    """The status of a call without a body: whoever is let in gets past 401 and 403."""
    (method,) = route.methods
    path = re.sub("{[a-z_]+_id}", "ab" * 16, route.path)
    return browser.send(method, path).status_code


@pytest.fixture
def browsers(app: FastAPI, ports: Ports) -> dict[Role, Browser]:
    """One browser a role, logged in; the patient consents, so that only a role keeps anyone out."""
    made = {}
    for role in Role:
        enrol(ports, role.value, role)
        made[role] = Browser(app)
        made[role].log_in(role.value)
    made[Role.PATIENT].give_consent()
    return made


def test_every_route_is_guarded_and_in_the_table_and_the_table_has_no_other() -> None:
    assert all(isinstance(route, GuardedRoute) for route in ROUTES)
    assert {route.name for route in ROUTES} == set(ACCESS)


def test_only_these_are_open() -> None:
    assert {route.path for route in OPEN_ROUTES} == {
        "/api/signup",
        "/api/login",
        "/api/recover",
        "/api/siwe/challenge",
        "/api/siwe/login",
        "/api/siwe/signup",
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/api/datasets",
        "/api/datasets/{dataset_id}",
        "/api/datasets/{dataset_id}/certificate",
        "/api/datasets/{dataset_id}/datasheet",
        "/api/datasets/{dataset_id}/report",
        "/api/datasets/{dataset_id}/croissant",
    }


def test_without_a_session_nothing_else_is_reached(browser: Browser) -> None:
    for route in GUARDED:
        assert ask(browser, route) == 401, route.name
    browser.client.cookies.set("vitalmint_session", "made-up", domain="vitalmint.example")
    for route in GUARDED:
        assert ask(browser, route) == 401, route.name


def test_an_open_route_asks_for_no_session(browser: Browser) -> None:
    for route in OPEN_ROUTES:
        assert ask(browser, route) in (200, 404, 422), route.name


def test_every_role_reaches_its_own_routes_and_no_other(browsers: dict[Role, Browser]) -> None:
    """Logging out and erasing come last: they end what the others need."""
    ending = {"log_out": 1, "erase_account": 1}
    for route in sorted(GUARDED, key=lambda found: ending.get(found.name, 0)):
        roles = ACCESS[route.name]
        assert not isinstance(roles, Open)
        for role, browser in browsers.items():
            status = ask(browser, route)
            if role in roles:
                assert status not in (401, 403), f"{role} is kept from {route.name}"
            else:
                assert status == 403, f"{role} reaches {route.name}"
            if route.name == "log_out":
                browser.log_in(role.value)


def test_every_changing_route_needs_the_csrf_token(patient: Browser) -> None:
    patient.csrf = None
    for route in GUARDED:
        if not route.methods <= {"GET", "HEAD"}:
            assert ask(patient, route) == 403, route.name


def test_a_route_without_access_entry_stops_the_start() -> None:
    with pytest.raises(MisconfiguredService):
        GuardedRoute("/forgotten", lambda: None, name="forgotten")


def test_other_methods_and_paths_are_refused_in_the_same_shape(patient: Browser) -> None:
    for method, path, status in [
        ("PUT", "/api/account", 405),
        ("GET", "/api/login", 405),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/account/", 404),
        ("OPTIONS", "/api/account", 405),
    ]:
        answer = patient.send(method, path)
        assert answer.status_code == status, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
