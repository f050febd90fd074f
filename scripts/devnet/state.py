"""What the local network remembers between commands: one file, written whole."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import NetworkConflict
from .ganache import CHAIN_ID
from .processes import ProcessId

SCHEMA = 1


@dataclass(frozen=True)
class ServerRecord:
    """The port of a server, kept for its next start, and its process while it is up."""

    port: int | None = None
    process: ProcessId | None = None


@dataclass(frozen=True)
class NetworkState:
    """Addresses for those who use the network, records for those who start and stop it.

    `rpc_url` and the two forms of the IPFS address are empty before the first start.
    """

    rpc_url: str = ""
    chain_id: int = CHAIN_ID
    block_time: int | None = None
    ipfs_api_url: str = ""
    ipfs_api_multiaddr: str = ""
    ipfs_kind: str = ""
    local_ipfs_kind: str = ""
    ganache: ServerRecord = ServerRecord()
    ipfs: ServerRecord = ServerRecord()


def load_state(path: Path) -> NetworkState:
    """The state last saved, an empty one if there is none."""
    if not path.exists():
        return NetworkState()
    try:
        fields = json.loads(path.read_text())
        if fields.pop("schema") != SCHEMA:
            raise ValueError("unknown schema")
        ganache, ipfs = _record(fields.pop("ganache")), _record(fields.pop("ipfs"))
        return NetworkState(**fields, ganache=ganache, ipfs=ipfs)
    except (ValueError, KeyError, TypeError) as fault:
        raise NetworkConflict(
            f"{path} is not a state file of this version ({fault}): move it away; "
            "chain and content stay, only the ports are chosen anew"
        ) from fault


def save_state(path: Path, state: NetworkState) -> None:
    """Replace the state file whole, so that a kill leaves the old one or the new one."""
    draft = path.with_suffix(".draft")
    with draft.open("w") as output:
        json.dump({"schema": SCHEMA, **asdict(state)}, output, indent=2)
        output.write("\n")
        output.flush()
        os.fsync(output.fileno())
    draft.replace(path)


def _record(fields: dict[str, Any]) -> ServerRecord:
    process = fields["process"]
    return ServerRecord(fields["port"], ProcessId(**process) if process else None)
