"""What the journeys share: the service in this process, and servers that may be treated badly."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import (
    GanacheUnderTest,
    IpfsNodeUnderTest,
    _make_ganache,
    _make_ipfs_node,
)
from tests.journeys.served import Served, served
from tests.world import World


@pytest.fixture
def service(world: World) -> Iterator[Served]:
    """The service on the session's chain and node."""
    with served(world) as running:
        yield running


@pytest.fixture(scope="session")
def frail_chain(
    tmp_path_factory: pytest.TempPathFactory,
    deploy: Callable[[GanacheUnderTest], DeployedChain],
) -> Iterator[DeployedChain]:
    """A second chain, for journeys that kill or freeze it and leave it running afterwards."""
    with ExitStack() as stack:
        yield deploy(_make_ganache(tmp_path_factory, stack, block_time=0))


@pytest.fixture(scope="session")
def frail_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNodeUnderTest]:
    """A second IPFS node, for journeys that kill, freeze or restore it and leave it running."""
    with ExitStack() as stack:
        yield _make_ipfs_node(tmp_path_factory, stack)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder
