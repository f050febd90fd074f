"""The app over the stand-in ports, as the tests of the web layer use it."""

import io
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.http.config import HttpConfig
from backend.ports import Ports
from tests.http.browser import PUBLIC_URL, Browser, enrol


@pytest.fixture
def log() -> io.StringIO:
    """What the app has logged."""
    return io.StringIO()


@pytest.fixture
def config() -> HttpConfig:
    return HttpConfig(public_url=PUBLIC_URL, login_rate="1000/minute", client_rate="10000/minute")


@pytest.fixture
def app(config: HttpConfig, ports: Ports, log: io.StringIO) -> FastAPI:
    return create_app(config, ports, log_to=log)


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    """A browser that is not logged in."""
    return Browser(app)


@pytest.fixture
def patient(app: FastAPI, ports: Ports) -> Iterator[Browser]:
    """A patient's browser, logged in."""
    enrol(ports, "haneul")
    logged_in = Browser(app)
    assert logged_in.log_in("haneul").status_code == 200
    yield logged_in
