"""Reads the project's contracts and compiles them with the compiler of the local network."""

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
DEVNET = ROOT / "scripts" / "devnet"
COMPILER = DEVNET / "solc" / "solc-v0.8.24"
LIBRARIES = DEVNET / "node_modules"


class CompilationFailed(Exception):
    """The compiler refused the contracts, or is not there."""


def standard_json(outputs: list[str]) -> dict[str, Any]:
    """Standard JSON input that asks `outputs` of every contract of the project.

    Nothing here is deployed, so the optimizer stays off; brownie-config.yaml says how the deployed
    code is made.
    """
    sources = {
        path.relative_to(ROOT).as_posix(): {"content": path.read_text(encoding="utf-8")}
        for path in sorted(CONTRACTS.rglob("*.sol"))
    }
    return {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "evmVersion": "shanghai",
            "remappings": ["@openzeppelin/=scripts/devnet/node_modules/@openzeppelin/"],
            "outputSelection": {"*": {"*": outputs}},
        },
    }


def compile_contracts(outputs: list[str]) -> dict[str, Any]:
    """Compiler output by contract name, for the contracts of the project only."""
    if not LIBRARIES.is_dir():
        raise CompilationFailed("the Solidity compiler is not installed: run `make setup`")
    answer = subprocess.run(
        [str(COMPILER)],
        input=json.dumps(standard_json(outputs)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if answer.returncode != 0:
        raise CompilationFailed(f"the Solidity compiler failed:\n{answer.stderr}")
    output = json.loads(answer.stdout)
    problems = [problem["formattedMessage"] for problem in output.get("errors", [])]
    if problems:
        raise CompilationFailed("the contracts do not compile cleanly:\n" + "\n".join(problems))
    return {
        name: contract
        for path, by_name in output["contracts"].items()
        if path.startswith("contracts/")
        for name, contract in by_name.items()
    }
