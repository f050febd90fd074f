"""Writes the ABIs that the service reads, or with --check says whether they have drifted.

python -m scripts.export_abi [--check]
"""

import argparse
import json
import sys
from typing import Any

from scripts.solidity import ROOT, CompilationFailed, compile_contracts

EXPORTED = ("ConsentRegistry", "ContributionRegistry", "RewardToken")
TARGET = ROOT / "backend" / "adapters" / "chain" / "abi"


def main(arguments: list[str]) -> int:
    """0 when the files are what the contracts say; 1 when they have drifted or cannot be made."""
    parser = argparse.ArgumentParser(description="Export the contracts' ABIs for the service.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")
    check = parser.parse_args(arguments).check
    try:
        contracts = compile_contracts(["abi"])
    except CompilationFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    drifted = [name for name in EXPORTED if not _keep(name, contracts[name]["abi"], check)]
    if drifted:
        print(
            f"ABI drifted from the contracts: {', '.join(drifted)}. "
            "Run `python -m scripts.export_abi` and commit the result.",
            file=sys.stderr,
        )
    return 1 if drifted else 0


def _keep(name: str, abi: list[dict[str, Any]], check: bool) -> bool:
    """Whether the file says `abi` in the end; writes it unless only checking."""
    path = TARGET / f"{name}.json"
    wanted = json.dumps(sorted(abi, key=_order), indent=2, sort_keys=True) + "\n"
    if check:
        return path.exists() and path.read_text(encoding="utf-8") == wanted
    TARGET.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")
    return True


def _order(entry: dict[str, Any]) -> tuple[str, str, list[str]]:
    """By type, name and argument types, whatever order the compiler chose."""
    return entry["type"], entry.get("name", ""), [i["type"] for i in entry.get("inputs", [])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
