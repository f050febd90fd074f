"""The local chain: Ganache with the Shanghai rules and its state on disk."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import packages
from .errors import NetworkConflict
from .ports import HOST
from .processes import ProcessId
from .rpc import json_rpc
from .server import Server

CHAIN_ID = 1337
HARDFORK = "shanghai"

_WARNING = "Development accounts of a local chain. Never send anything of value to them."
_SEED_BYTES = 16


@dataclass(frozen=True)
class DevAccount:
    """A funded account of the local chain (1,000 ether); its key is no secret."""

    address: str
    private_key: str


class Ganache(Server):
    """A Ganache chain whose blocks and accounts survive stop, SIGKILL and restart."""

    name = "ganache"
    ready_mark = "RPC Listening on"
    patience_seconds = 60.0

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        process: ProcessId | None = None,
        block_time: int = 0,
        tied_to_parent: bool = False,
    ) -> None:
        """`block_time` in seconds; 0 mines each transaction as it arrives."""
        super().__init__(folder, port=port, process=process, tied_to_parent=tied_to_parent)
        self.block_time = block_time

    @property
    def rpc_url(self) -> str:
        """Where the chain answers JSON-RPC."""
        if self.port is None:
            raise NetworkConflict(f"the chain in {self.folder} has never been started: start it")
        return f"http://{HOST}:{self.port}"

    def prepare(self, port: int) -> None:
        """Draw the mnemonic of this chain's accounts, once."""
        if self._wallet_file.exists():
            return
        packages.installed()
        seed = secrets.token_hex(_SEED_BYTES)
        command: list[str | Path] = [packages.node(), packages.FOLDER / "mnemonic.js", seed]
        mnemonic = packages.run_tool(command, self.environment()).strip()
        wallet = {"warning": _WARNING, "mnemonic": mnemonic}
        _write_private(self._wallet_file, wallet)

    def command(self, port: int) -> Sequence[str | Path]:
        """Ganache with everything that shapes the chain said outright."""
        mnemonic = json.loads(self._wallet_file.read_text())["mnemonic"]
        options: dict[str, str | int | Path] = {
            "server.host": HOST,
            "server.port": port,
            "chain.chainId": CHAIN_ID,
            "chain.networkId": CHAIN_ID,
            "chain.hardfork": HARDFORK,
            "miner.blockTime": self.block_time,
            "database.dbPath": self.folder / "blocks",
            "wallet.mnemonic": mnemonic,
            "wallet.accountKeysPath": self._keys_file,
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [*packages.script("ganache/dist/node/cli.js"), *flags, "--logging.quiet"]

    def probe(self) -> Mapping[str, object]:
        """Chain id and height, from the running chain."""
        chain_id = int(json_rpc(self.rpc_url, "eth_chainId"), 16)
        return {"chain_id": chain_id, "block": int(json_rpc(self.rpc_url, "eth_blockNumber"), 16)}

    def accounts(self) -> list[DevAccount]:
        """The ten funded accounts, always in the same order; lower-case addresses."""
        if not self._keys_file.exists():
            raise NetworkConflict(f"the chain in {self.folder} has never been started: start it")
        keys = json.loads(self._keys_file.read_text())["private_keys"]
        return [DevAccount(address, key) for address, key in keys.items()]

    @property
    def _wallet_file(self) -> Path:
        return self.folder / "wallet.json"

    @property
    def _keys_file(self) -> Path:
        return self.folder / "accounts.json"


def _write_private(path: Path, content: Mapping[str, str]) -> None:
    """Write the whole file or nothing, readable by its owner only."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.chmod(0o600)
    draft.replace(path)
