"""The command line of the local network."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from . import packages
from .errors import DevnetError
from .network import DEFAULT_DATA, LocalNetwork
from .status import RUNNING, ServerStatus

_MEBIBYTE = 2**20


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it did what was asked."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except DevnetError as fault:
        print(f"devnet: {fault}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.devnet",
        description="A chain and an IPFS node for one project folder. IPFS_API_URL names a node "
        "of your own; without it `ipfs` (Kubo) from the PATH is used, else jsipfs.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    install = commands.add_parser("install", help="install the npm packages of the lock file")
    install.set_defaults(run=_install)
    start = commands.add_parser("start", help="start chain and IPFS node, keeping their state")
    start.add_argument(
        "--block-time",
        type=int,
        metavar="SECONDS",
        help="0 mines each transaction at once (default: as before, 1 at first)",
    )
    start.set_defaults(run=_start)
    stop = commands.add_parser("stop", help="stop both; chain and content stay")
    stop.set_defaults(run=_stop)
    status = commands.add_parser("status", help="show both; exit code 0 only if both answer")
    status.add_argument("--json", action="store_true", help="for machines")
    status.set_defaults(run=_status)
    reset = commands.add_parser("reset", help="stop both and delete chain and content")
    reset.set_defaults(run=_reset)
    for command in (start, stop, status, reset):
        command.add_argument(
            "--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="default: .devnet"
        )
    return parser


def _install(options: argparse.Namespace) -> int:
    packages.install(_say)
    return 0


def _start(options: argparse.Namespace) -> int:
    network = LocalNetwork(options.data, report=_say)
    state = network.start(block_time=options.block_time)
    mining = f"a block every {state.block_time} s" if state.block_time else "a block at once"
    _say(f"chain  {state.rpc_url}  (id {state.chain_id}, {mining})")
    _say(f"ipfs   {state.ipfs_api_url}  ({state.ipfs_kind})")
    _say(f"written to {network.state_file}")
    return 0


def _stop(options: argparse.Namespace) -> int:
    if not LocalNetwork(options.data, report=_say).stop():
        _say("nothing was running")
    return 0


def _status(options: argparse.Namespace) -> int:
    statuses = LocalNetwork(options.data).status()
    if options.json:
        print(json.dumps([asdict(status) for status in statuses], indent=2))
    else:
        for status in statuses:
            print(_line(status))
    return 0 if all(status.condition == RUNNING for status in statuses) else 1


def _reset(options: argparse.Namespace) -> int:
    if not LocalNetwork(options.data, report=_say).reset():
        _say(f"there is no network in {options.data}")
    return 0


def _line(status: ServerStatus) -> str:
    facts = " ".join(f"{name}={value}" for name, value in status.facts.items())
    memory = f"{status.memory_bytes / _MEBIBYTE:.0f} MiB" if status.memory_bytes else ""
    pid = f"pid {status.pid}" if status.pid else ""
    parts = (f"{status.name:8}", f"{status.condition:8}", status.url, pid, memory, facts)
    return "  ".join(part for part in parts if part)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
