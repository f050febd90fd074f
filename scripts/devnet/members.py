"""The servers of a network, made from its state and turned back into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import NetworkConflict
from .ganache import CHAIN_ID, Ganache
from .ipfs_address import IpfsAddress, parse_ipfs_address
from .ipfs_node import IpfsServer, JsIpfs, Kubo, choose_server_kind
from .server import Server
from .state import NetworkState, ServerRecord

EXTERNAL = "external"

_LOCAL_KINDS: dict[str, type[IpfsServer]] = {kind.name: kind for kind in (JsIpfs, Kubo)}


@dataclass
class Members:
    """The chain, the project's own IPFS node, and the outside one that is used in its stead."""

    ganache: Ganache
    ipfs: IpfsServer
    external: IpfsAddress | None

    def local(self) -> list[Server]:
        """The servers that this network starts."""
        return [self.ganache] if self.external else [self.ganache, self.ipfs]

    def all(self) -> list[Server]:
        """The servers that this network may have running."""
        return [self.ganache, self.ipfs]

    def taken_ports(self) -> set[int]:
        """The ports already given to a server."""
        return {server.port for server in self.all() if server.port is not None}

    def to_state(self) -> NetworkState:
        """The state from which the same members can be made again."""
        address = self.external
        if address is None and self.ipfs.port is not None:
            address = self.ipfs.address
        return NetworkState(
            rpc_url=self.ganache.rpc_url if self.ganache.port is not None else "",
            chain_id=CHAIN_ID,
            block_time=self.ganache.block_time,
            ipfs_api_url=address.url if address else "",
            ipfs_api_multiaddr=address.multiaddr if address else "",
            ipfs_kind=EXTERNAL if self.external else self.ipfs.name,
            local_ipfs_kind=self.ipfs.name if self.ipfs.repo.exists() else "",
            ganache=ServerRecord(self.ganache.port, self.ganache.process),
            ipfs=ServerRecord(self.ipfs.port, self.ipfs.process),
        )


def members_from(
    state: NetworkState, data: Path, *, default_block_time: int, tied_to_parent: bool
) -> Members:
    """The members as they were when the state was saved."""
    block_time = default_block_time if state.block_time is None else state.block_time
    external = parse_ipfs_address(state.ipfs_api_url) if state.ipfs_kind == EXTERNAL else None
    return Members(
        ganache=Ganache(
            data / "ganache",
            port=state.ganache.port,
            process=state.ganache.process,
            block_time=block_time,
            tied_to_parent=tied_to_parent,
        ),
        ipfs=_local_kind(state)(
            data / "ipfs",
            port=state.ipfs.port,
            process=state.ipfs.process,
            tied_to_parent=tied_to_parent,
        ),
        external=external,
    )


def external_address(environment: Mapping[str, str]) -> IpfsAddress | None:
    """The node that IPFS_API_URL names, None if it names none."""
    text = environment.get("IPFS_API_URL", "").strip()
    return parse_ipfs_address(text) if text else None


def _local_kind(state: NetworkState) -> type[IpfsServer]:
    """The kind that already holds content here, else the better one of those installed."""
    if not state.local_ipfs_kind:
        return choose_server_kind()
    if state.local_ipfs_kind not in _LOCAL_KINDS:
        raise NetworkConflict(f"unknown kind of IPFS node in the state: {state.local_ipfs_kind}")
    return _LOCAL_KINDS[state.local_ipfs_kind]
