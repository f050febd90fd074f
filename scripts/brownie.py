"""Runs Brownie in its own environment, with this project's compiler, chain and networks.

    python scripts/brownie.py test [PYTEST ARGUMENTS]
    python scripts/brownie.py compile
    python scripts/brownie.py run SCRIPT [--rpc URL] [ARGUMENTS]

Brownie keeps its networks in the user's home and reads them at import. Every call gets a home of
its own under .devnet, so that two calls never meet and the user's home is never touched. Without
`--rpc`, a Ganache of its own is started on a free port.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
COMPILER = ROOT / "scripts" / "devnet" / "solc"
LIBRARIES = ROOT / "scripts" / "devnet" / "node_modules"
BROWNIE = ROOT / ".venv-chain" / "bin" / "brownie"
HOMES = ROOT / ".devnet" / "brownie-home"
BUILD = ROOT / "build"
LIVE = "vitalmint-devnet"
TEST = "vitalmint-test"


def main(arguments: list[str]) -> int:
    """Brownie's own exit status, or 2 when it cannot be started as asked."""
    if not arguments or arguments[0] not in ("test", "compile", "run") or arguments == ["run"]:
        print(__doc__, file=sys.stderr)
        return 2
    if not BROWNIE.exists() or not LIBRARIES.is_dir():
        print(
            f"Brownie or its compiler is not installed ({BROWNIE.relative_to(ROOT)}, "
            f"{LIBRARIES.relative_to(ROOT)}): run `make setup`.",
            file=sys.stderr,
        )
        return 2
    try:
        arguments, rpc = _take_rpc(arguments)
        network = _live_network(rpc) if rpc else _test_network()
    except ValueError as fault:
        print(f"Brownie was not started: {fault}", file=sys.stderr)
        return 2
    with _home(network) as environment:
        return _run(arguments, LIVE if rpc else TEST, environment)


def _run(arguments: list[str], network: str, environment: dict[str, str]) -> int:
    """Compiles under a lock; scripts stay under it, since they share Brownie's artefacts."""
    command, *rest = arguments
    with _lock():
        compiled = _compile_if_changed(environment)
        if compiled != 0 or command == "compile":
            return compiled
        if command == "run":
            # Brownie files deployments by chain id, which every local network shares.
            shutil.rmtree(BUILD / "deployments", ignore_errors=True)
            script, *inputs = rest
            return _brownie(["run", script, "main", *inputs, "--network", network], environment)
    return _brownie(["test", *rest, "--network", network], environment)


def _compile_if_changed(environment: dict[str, str]) -> int:
    """Leaves build/ as the contracts say, so that no other call has to write there."""
    stamp, wanted = BUILD / "contracts.sha256", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    status = _brownie(["compile"], environment)
    if status == 0:
        stamp.write_text(wanted)
    return status


def _fingerprint() -> str:
    """Changes when a contract or the way it is compiled does."""
    digest = hashlib.sha256()
    for path in [*sorted(CONTRACTS.rglob("*.sol")), ROOT / "brownie-config.yaml"]:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _brownie(arguments: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(
        [str(BROWNIE), *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    HOMES.mkdir(parents=True, exist_ok=True)
    with (HOMES / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _home(network: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The environment of one call; its home is removed afterwards."""
    HOMES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOMES, prefix="call-") as home:
        settings = Path(home) / ".brownie"
        settings.mkdir()
        (settings / "network-config.yaml").write_text(json.dumps(network))
        yield {
            **os.environ,
            "HOME": home,
            "PATH": f"{LIBRARIES / '.bin'}{os.pathsep}{os.environ['PATH']}",
            "SOLCX_BINARY_PATH": str(COMPILER),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def _take_rpc(arguments: list[str]) -> tuple[list[str], str | None]:
    """The arguments without `--rpc URL`, and the URL."""
    if "--rpc" not in arguments:
        return arguments, None
    at = arguments.index("--rpc")
    if at + 1 == len(arguments):
        raise ValueError("--rpc needs the address of a node, such as http://127.0.0.1:8545")
    return arguments[:at] + arguments[at + 2 :], arguments[at + 1]


def _live_network(rpc: str) -> dict[str, Any]:
    """A network that exists already; asking its chain id shows that it answers."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    request = urllib.request.Request(
        rpc, json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            chain_id = int(json.load(answer)["result"], 16)
    except (OSError, ValueError, KeyError) as fault:
        raise ValueError(f"no Ethereum node answers at {rpc} ({fault})") from fault
    here = {"name": "VitalMint", "id": LIVE, "host": rpc, "chainid": chain_id}
    return {"live": [{"name": "VitalMint", "networks": [here]}], "development": []}


def _test_network() -> dict[str, Any]:
    """A Ganache that Brownie starts for one call, always with the same accounts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ganache = {
        "name": "VitalMint tests",
        "id": TEST,
        "cmd": "ganache --logging.quiet",
        "host": "http://127.0.0.1",
        "timeout": 120,
        "cmd_settings": {
            "port": port,
            "accounts": 10,
            "evm_version": "shanghai",
            "mnemonic": "brownie",
            "chain_id": 1337,
        },
    }
    return {"live": [], "development": [ganache]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
