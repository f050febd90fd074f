"""Writes the hashes of the contracts' creation code, by which the audit recognises them.

    python -m scripts.export_code [--check]

Reads what `python scripts/brownie.py compile` left under build/. The hashes of earlier releases
stay, so that the audit knows their deployments too; with --check nothing is written and a missing
or different hash of this release is a failure.
"""

import argparse
import json
import sys
import tomllib

from backend.adapters.chain.creation_code import code_hash
from backend.domain.deployment import ContractName
from scripts.solidity import ROOT

TARGET = ROOT / "backend" / "adapters" / "chain" / "creation_code.json"
BUILT = ROOT / "build" / "contracts"


def main(arguments: list[str]) -> int:
    """0 when the file says what the compiled contracts are; 1 when it does not, or cannot."""
    parser = argparse.ArgumentParser(description="Export the hashes of the contracts' code.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")
    check = parser.parse_args(arguments).check
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    known = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    try:
        wanted = {
            name.value: known.get(name.value, {}) | {release: _built(name)} for name in ContractName
        }
    except FileNotFoundError as fault:
        print(
            f"{fault.filename} is missing: run `python scripts/brownie.py compile` first.",
            file=sys.stderr,
        )
        return 1
    if check and known != wanted:
        print(
            "creation_code.json has drifted from the contracts: run "
            "`python -m scripts.export_code` and commit the result.",
            file=sys.stderr,
        )
        return 1
    if not check:
        TARGET.write_text(json.dumps(wanted, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def _built(name: ContractName) -> str:
    artefact = json.loads((BUILT / f"{name}.json").read_text(encoding="utf-8"))
    hashed = code_hash(bytes.fromhex(artefact["bytecode"]))
    if hashed is None:
        raise ValueError(f"{name} was compiled without the metadata that marks the code's end")
    return "0x" + hashed.hex()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
