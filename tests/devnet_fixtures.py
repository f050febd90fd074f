"""Real servers for tests: a Ganache chain and an IPFS node, started when a test asks for them.

`ganache` and `ipfs_node` are shared by the whole session: leave them running and undo what other
tests could see (`with ganache.rolled_back():`). A test that stops, kills or freezes a server takes
one of its own from `ganache_factory` or `ipfs_node_factory`.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from scripts.devnet.chain_control import ChainControl
from scripts.devnet.ganache import CHAIN_ID, DevAccount, Ganache
from scripts.devnet.ipfs_node import JsIpfs
from scripts.devnet.server import Server


class _Controlled:
    """A server that a test may treat badly."""

    server: Server

    def __init__(self, server: Server) -> None:
        self.server = server
        self._source = random.Random()
        self.start()

    def start(self) -> None:
        """Start it, on the same port and with the same state as before, and wait for it."""
        self.server.start(self._source)

    def stop(self) -> None:
        """Stop it in order."""
        self.server.stop()

    def kill(self) -> None:
        """Kill it without warning."""
        self.server.kill()

    def restart(self) -> None:
        """Stop it in order and start it again."""
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Freeze it: it accepts connections and answers nothing until `resume`."""
        self.server.suspend()

    def resume(self) -> None:
        """Let it go on after `suspend`."""
        self.server.resume()


class GanacheUnderTest(_Controlled, ChainControl):
    """A chain of its own, with everything of ChainControl (mine, snapshot, set_time, …)."""

    server: Ganache
    chain_id = CHAIN_ID

    def start(self) -> None:
        """Start it with the same state; `rpc_url` stays unless another took the port."""
        super().start()
        ChainControl.__init__(self, self.server.rpc_url)

    @property
    def accounts(self) -> list[DevAccount]:
        """Ten accounts with 1,000 ether each, addresses with checksum."""
        return [
            DevAccount(to_checksum_address(account.address), account.private_key)
            for account in self.server.accounts()
        ]

    @property
    def private_keys(self) -> list[str]:
        """The keys of `accounts`, 0x-prefixed."""
        return [account.private_key for account in self.server.accounts()]


class IpfsNodeUnderTest(_Controlled):
    """An IPFS node of its own, with an empty repository at first."""

    server: JsIpfs

    @property
    def api_url(self) -> str:
        """As `http://127.0.0.1:25001`."""
        return self.server.address.url

    @property
    def multiaddr(self) -> str:
        """As `/ip4/127.0.0.1/tcp/25001/http`, the form for ipfshttpclient."""
        return self.server.address.multiaddr

    @property
    def repo(self) -> Path:
        """The repository on disk; copy or restore it only while the node is down."""
        return self.server.repo


GanacheFactory = Callable[..., GanacheUnderTest]
IpfsNodeFactory = Callable[[], IpfsNodeUnderTest]


@pytest.fixture(scope="session")
def ganache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GanacheUnderTest]:
    """A chain that mines each transaction at once, shared by the session."""
    with ExitStack() as stack:
        yield _make_ganache(tmp_path_factory, stack, block_time=0)


@pytest.fixture(scope="session")
def ipfs_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNodeUnderTest]:
    """An IPFS node shared by the session."""
    with ExitStack() as stack:
        yield _make_ipfs_node(tmp_path_factory, stack)


@pytest.fixture
def ganache_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GanacheFactory]:
    """Make chains for one test; `block_time` in seconds, 0 mining at once."""
    with ExitStack() as stack:

        def make(*, block_time: int = 0) -> GanacheUnderTest:
            return _make_ganache(tmp_path_factory, stack, block_time=block_time)

        yield make


@pytest.fixture
def ipfs_node_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNodeFactory]:
    """Make IPFS nodes for one test."""
    with ExitStack() as stack:

        def make() -> IpfsNodeUnderTest:
            return _make_ipfs_node(tmp_path_factory, stack)

        yield make


def _make_ganache(
    folders: pytest.TempPathFactory, stack: ExitStack, *, block_time: int
) -> GanacheUnderTest:
    server = Ganache(folders.mktemp("ganache"), block_time=block_time, tied_to_parent=True)
    stack.callback(server.kill)
    return GanacheUnderTest(server)


def _make_ipfs_node(folders: pytest.TempPathFactory, stack: ExitStack) -> IpfsNodeUnderTest:
    server = JsIpfs(folders.mktemp("ipfs"), tied_to_parent=True)
    stack.callback(server.kill)
    return IpfsNodeUnderTest(server)
