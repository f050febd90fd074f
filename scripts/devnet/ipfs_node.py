"""The local IPFS node: Kubo if it is installed, else jsipfs; neither ever speaks to others."""

import json
import os
import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import packages
from .errors import NetworkConflict, RpcFailed, ToolMissing
from .ipfs_address import IpfsAddress, parse_ipfs_address
from .ports import HOST
from .rpc import ipfs_rpc
from .server import Server


class IpfsServer(Server):
    """An IPFS node with its repository in the data folder, cut off from every network."""

    ready_mark = "Daemon is ready"
    patience_seconds = 90.0

    @property
    def repo(self) -> Path:
        """The repository: blocks, pins and configuration; copy it only while the node is down."""
        return self.folder / "repo"

    @property
    def address(self) -> IpfsAddress:
        """Where the node answers the Kubo RPC."""
        if self.port is None:
            raise NetworkConflict(f"the node in {self.folder} has never been started: start it")
        return IpfsAddress(HOST, self.port)

    @abstractmethod
    def tool(self) -> Sequence[str | Path]:
        """The command line tool of this kind of node."""

    @abstractmethod
    def isolate(self, config: dict[str, Any]) -> None:
        """Change a fresh configuration so that the node contacts nobody."""

    def prepare(self, port: int) -> None:
        """Make the repository at the first start, and have the API listen on the port."""
        if not self.repo.exists():
            self._create_repo()
        config_file = self.repo / "config"
        config = json.loads(config_file.read_text())
        config["Addresses"]["API"] = f"/ip4/{HOST}/tcp/{port}"
        draft = config_file.with_suffix(".draft")
        draft.write_text(json.dumps(config, indent=2) + "\n")
        draft.chmod(0o600)
        draft.replace(config_file)

    def environment(self) -> dict[str, str]:
        """The repository's place; no update check and no telemetry."""
        return self._environment_for(self.repo)

    def probe(self) -> Mapping[str, object]:
        """Peer id and version, from the running node."""
        identity = ipfs_rpc(self.address.url, "id")
        return {"peer_id": identity["ID"], "version": identity["AgentVersion"]}

    def _create_repo(self) -> None:
        """Initialise beside the final place and move there whole."""
        draft = self.folder / "repo.draft"
        if draft.exists():
            shutil.rmtree(draft)
        packages.run_tool([*self.tool(), "init", "--empty-repo"], self._environment_for(draft))
        config_file = draft / "config"
        config = json.loads(config_file.read_text())
        self.isolate(config)
        config_file.write_text(json.dumps(config, indent=2) + "\n")
        draft.rename(self.repo)

    def _environment_for(self, repo: Path) -> dict[str, str]:
        quiet = {"NO_UPDATE_NOTIFIER": "1", "IPFS_TELEMETRY": "off"}
        return {**os.environ, **quiet, "IPFS_PATH": str(repo)}


class JsIpfs(IpfsServer):
    """jsipfs from the installed npm packages."""

    name = "jsipfs"

    def tool(self) -> Sequence[str | Path]:
        """jsipfs from the installed packages."""
        return packages.script("ipfs/src/cli.js")

    def isolate(self, config: dict[str, Any]) -> None:
        """No listening for peers, no delegates, no bootstrap, no discovery, no gateway."""
        addresses = {"Swarm": [], "Delegates": [], "Gateway": [], "RPC": ""}
        config["Addresses"].update(addresses)
        config["Bootstrap"] = []
        config["Discovery"] = {"MDNS": {"Enabled": False}, "webRTCStar": {"Enabled": False}}
        config["Pubsub"] = {"Enabled": False}
        config["Routing"] = {"Type": "none"}
        config["Swarm"]["DisableNatPortMap"] = True

    def prepare(self, port: int) -> None:
        """Also free the repository of the lock that a killed jsipfs leaves for 20 seconds."""
        super().prepare(port)
        self._refuse_while_used()
        lock = self.repo / "repo.lock"
        if lock.exists():
            lock.rmdir()

    def command(self, port: int) -> Sequence[str | Path]:
        """Preloading is off: it would tell public servers every CID that is stored."""
        return [*self.tool(), "daemon", "--offline", "--enable-preload=false"]

    def _refuse_while_used(self) -> None:
        """Raise NetworkConflict if a jsipfs that this network did not start has the repository."""
        api_file = self.repo / "api"
        if not api_file.exists():
            return
        address = parse_ipfs_address(api_file.read_text().strip())
        own = json.loads((self.repo / "config").read_text())["Identity"]["PeerID"]
        try:
            peer = ipfs_rpc(address.url, "id", timeout=3.0)["ID"]
        except RpcFailed:
            return
        if peer == own:
            raise NetworkConflict(
                f"another process serves {self.repo} at {address.url}: stop that one first"
            )


class Kubo(IpfsServer):
    """Kubo, by the `ipfs` command on the PATH."""

    name = "kubo"

    def tool(self) -> Sequence[str | Path]:
        """`ipfs` from the PATH."""
        found = shutil.which("ipfs")
        if found is None:
            raise ToolMissing(
                f"the content in {self.folder} was stored by Kubo, and `ipfs` is not on the PATH "
                "any more: install Kubo again, or give up the content with reset"
            )
        return [found]

    def isolate(self, config: dict[str, Any]) -> None:
        """No listening for peers, no bootstrap, no discovery, no gateway, nothing automatic."""
        config["Addresses"].update({"Swarm": [], "Gateway": []})
        config["AutoConf"] = {"Enabled": False}
        config["AutoTLS"] = {"Enabled": False}
        config["Bootstrap"] = []
        config["DNS"] = {"Resolvers": {}}
        config["Discovery"] = {"MDNS": {"Enabled": False}}
        config["Ipns"] = {**config.get("Ipns", {}), "DelegatedPublishers": []}
        config["Routing"] = {"Type": "none", "DelegatedRouters": []}
        config["Swarm"]["DisableNatPortMap"] = True

    def command(self, port: int) -> Sequence[str | Path]:
        """A repository of an older Kubo is brought forward at start."""
        return [*self.tool(), "daemon", "--offline", "--migrate=true"]


def choose_server_kind(search_path: str | None = None) -> type[IpfsServer]:
    """Kubo if `ipfs` can be found on the PATH, else jsipfs."""
    return Kubo if shutil.which("ipfs", path=search_path) else JsIpfs
