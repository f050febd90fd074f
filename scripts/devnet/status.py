"""How a server of the local network is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import processes
from .errors import RpcFailed
from .ipfs_address import IpfsAddress
from .rpc import ipfs_rpc
from .server import Server

RUNNING = "running"
SILENT = "silent"
STOPPED = "stopped"


@dataclass(frozen=True)
class ServerStatus:
    """One server now: running, silent (alive but not answering) or stopped."""

    name: str
    condition: str
    url: str
    pid: int | None = None
    memory_bytes: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)


def status_of(server: Server, url: str) -> ServerStatus:
    """The status of a server of our own."""
    if server.process is None or not server.is_running():
        return ServerStatus(server.name, STOPPED, url)
    memory = processes.memory_of(server.process)
    try:
        facts = server.probe()
    except RpcFailed:
        return ServerStatus(server.name, SILENT, url, server.process.pid, memory)
    return ServerStatus(server.name, RUNNING, url, server.process.pid, memory, facts)


def status_of_external(address: IpfsAddress) -> ServerStatus:
    """The status of the node that IPFS_API_URL named when the network was started."""
    try:
        facts = ipfs_rpc(address.url, "version")
    except RpcFailed:
        return ServerStatus("ipfs", SILENT, address.url)
    return ServerStatus("ipfs", RUNNING, address.url, facts={"version": facts.get("Version")})
