"""`service`: the ports over a chain, once on the fake and once on Ganache; `fake_service` on the
fake alone, for what a test has to try many times."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.networks import FakeNetwork, Network
from tests.relaying import Service, service_on


@pytest.fixture
def service(network: Network, sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with service_on(network, sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def fake_service(fake_network: FakeNetwork, sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with service_on(fake_network, sqlite_url, tmp_path) as made:
        yield made
