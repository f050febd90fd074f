"""A chain and an IPFS node that are started, found again and stopped together."""

import fcntl
import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .errors import NetworkConflict, RpcFailed, ServerFailed
from .ganache import DevAccount
from .ipfs_address import IpfsAddress
from .members import Members, external_address, members_from
from .rpc import ipfs_rpc
from .server import Server
from .state import NetworkState, load_state, save_state
from .status import ServerStatus, status_of, status_of_external

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_DATA = PROJECT / ".devnet"
DEFAULT_BLOCK_TIME = 1


class LocalNetwork:
    """The network whose chain, content, ports and processes are kept in one folder."""

    def __init__(
        self,
        data: Path = DEFAULT_DATA,
        *,
        environment: Mapping[str, str] = os.environ,
        report: Callable[[str], None] = print,
        source: random.Random | None = None,
        tied_to_parent: bool = False,
    ) -> None:
        """`environment` may name IPFS_API_URL; `source` draws ports; `report` tells progress."""
        self.data = data.resolve()
        self._environment = environment
        self._report = report
        self._source = source or random.Random()
        self._tied_to_parent = tied_to_parent

    @property
    def state_file(self) -> Path:
        """The JSON file that tells others where the network listens."""
        return self.data / "network.json"

    @property
    def state(self) -> NetworkState:
        """What was last saved, whether or not it runs."""
        return load_state(self.state_file)

    def start(self, *, block_time: int | None = None) -> NetworkState:
        """Start what is not running and return when both answer.

        `block_time` in seconds, 0 mining at once; left out, it is what it was before, or 1.
        """
        with self._alone():
            members = self._members()
            members.external = external_address(self._environment)
            self._set_block_time(members, block_time)
            if members.external:
                _require_answer(members.external)
                self._stop_servers([members.ipfs])
            started: list[Server] = []
            try:
                self._bring_up(members, started)
            except BaseException:
                for server in started:
                    server.kill()
                self._save(members)
                raise
            return self._save(members)

    def stop(self) -> bool:
        """Stop both, everything kept for the next start; False when nothing was running."""
        if not self.state_file.exists():
            return False
        with self._alone():
            members = self._members()
            stopped = self._stop_servers(members.all())
            self._save(members)
        return stopped

    def status(self) -> list[ServerStatus]:
        """Both servers as they are now; nothing is changed."""
        members = self._members()
        ganache = status_of(members.ganache, self.state.rpc_url)
        if members.external:
            return [ganache, status_of_external(members.external)]
        return [ganache, status_of(members.ipfs, self.state.ipfs_api_url)]

    def reset(self) -> bool:
        """Stop both and delete chain, content and ports, nothing else; False if none are here."""
        if not self.state_file.exists():
            return False
        self.stop()
        with self._alone():
            for server in self._members().all():
                if server.folder.exists():
                    shutil.rmtree(server.folder)
            self.state_file.unlink()
        self._report(f"chain and content in {self.data} are deleted")
        return True

    def accounts(self) -> list[DevAccount]:
        """The funded accounts of the chain, once it has been started."""
        return self._members().ganache.accounts()

    def _bring_up(self, members: Members, started: list[Server]) -> None:
        """Launch what is not running, then wait for all; `started` grows with each launch."""
        for server in members.local():
            if not server.is_running():
                first = "" if server.folder.exists() else ", the first time here"
                self._report(f"starting {server.name}{first}")
                others = members.taken_ports() - {server.port}
                started.append(server)
                server.launch(self._source, excluding=others)
                self._save(members)
        for server in members.local():
            server.wait_until_ready(relaunch_with=self._source)
            self._report(f"{server.name} answers on port {server.port}")

    def _stop_servers(self, servers: list[Server]) -> bool:
        running = [server for server in servers if server.is_running()]
        for server in servers:
            server.stop()
        for server in running:
            self._report(f"{server.name} stopped")
        return bool(running)

    def _set_block_time(self, members: Members, block_time: int | None) -> None:
        ganache = members.ganache
        if block_time is None or block_time == ganache.block_time:
            return
        if block_time < 0:
            raise NetworkConflict(f"a block time of {block_time} s is not possible: use 0 or more")
        if ganache.is_running():
            raise NetworkConflict(
                f"the chain runs with a block time of {ganache.block_time} s, not {block_time} s: "
                "stop the network first, then start it with the other one"
            )
        ganache.block_time = block_time

    def _members(self) -> Members:
        return members_from(
            self.state,
            self.data,
            default_block_time=DEFAULT_BLOCK_TIME,
            tied_to_parent=self._tied_to_parent,
        )

    def _save(self, members: Members) -> NetworkState:
        state = members.to_state()
        save_state(self.state_file, state)
        return state

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other commands on the same folder waiting."""
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "network.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._report(f"waiting for another command on {self.data}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _require_answer(address: IpfsAddress) -> None:
    """Raise ServerFailed unless the node that IPFS_API_URL names answers."""
    try:
        ipfs_rpc(address.url, "version")
    except RpcFailed as fault:
        raise ServerFailed(
            f"IPFS_API_URL names a node that cannot be used: {fault} "
            "(unset the variable to have a local node started)"
        ) from fault
