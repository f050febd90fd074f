"""Runs Slither over the contracts; fails on any finding that no ADR answers.

    python -m scripts.slither

Slither gets an environment of its own (.venv-slither, dependency group `slither`), made on first
use: its requirements do not fit Brownie's.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.solidity import COMPILER, ROOT, standard_json

ENVIRONMENT = ROOT / ".venv-slither"
SLITHER = ENVIRONMENT / "bin" / "slither"
ANSWERS = "docs/decisions/0106-slither-findings.md"
ANSWERED = {
    ("incorrect-equality", "ContributionRegistry._withinDailyCap"),
    ("incorrect-equality", "ContributionRegistry._withinEpochCap"),
    ("missing-zero-check", "ContributionRegistry.proposeRecorder"),
    ("timestamp", "ConsentRegistry._requireBefore"),
    ("timestamp", "ConsentRegistry._requireSigned"),
    ("timestamp", "ConsentRegistry.grant"),
    ("timestamp", "ConsentRegistry.purposesInForce"),
    ("timestamp", "ContributionRegistry._withinDailyCap"),
    ("timestamp", "ContributionRegistry._withinEpochCap"),
    ("timestamp", "ContributionRegistry.markErased"),
    ("unindexed-event-address", "IContributionRegistry.Paused"),
    ("unindexed-event-address", "IContributionRegistry.Unpaused"),
    ("unused-return", "ConsentRegistry._requireSigned"),
}


def main() -> int:
    """0 when the findings are exactly those answered; 1 otherwise, with what differs."""
    _install()
    findings = {_identity(finding): finding["description"] for finding in _findings()}
    unanswered = sorted(findings.keys() - ANSWERED)
    vanished = sorted(ANSWERED - findings.keys())
    for identity in unanswered:
        print(f"not answered: {' '.join(identity)}\n{findings[identity]}", file=sys.stderr)
    for identity in vanished:
        print(f"answered but gone: {' '.join(identity)}; update {ANSWERS}", file=sys.stderr)
    if unanswered or vanished:
        return 1
    print(f"Slither: {len(findings)} findings, each answered in {ANSWERS}")
    return 0


def _install() -> None:
    if SLITHER.exists():
        return
    print(f"Installing Slither into {ENVIRONMENT.name} …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "pip"], cwd=ROOT, check=True)
    subprocess.run([*pip, "--group", "slither"], cwd=ROOT, check=True)


def _findings() -> list[dict[str, Any]]:
    """What Slither finds in our own contracts, from standard JSON and the npm compiler."""
    wanted = standard_json(["abi", "evm.bytecode", "evm.deployedBytecode"])
    wanted["settings"]["outputSelection"]["*"][""] = ["ast"]
    with tempfile.TemporaryDirectory() as folder:
        sources, report = Path(folder) / "input.json", Path(folder) / "report.json"
        sources.write_text(json.dumps(wanted), encoding="utf-8")
        done = subprocess.run(
            [
                *(str(SLITHER), str(sources), "--json", str(report)),
                *("--compile-force-framework", "solc-json", "--solc-standard-json"),
                *("--solc", COMPILER.relative_to(ROOT).as_posix()),
                *("--filter-paths", "node_modules"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise SystemExit(f"Slither did not finish:\n{done.stderr}")
        outcome = json.loads(report.read_text(encoding="utf-8"))
    if not outcome["success"]:
        raise SystemExit(f"Slither did not finish:\n{outcome['error']}")
    return list(outcome["results"].get("detectors", []))


def _identity(finding: dict[str, Any]) -> tuple[str, str]:
    """The detector, and the function or event that it points at."""
    element = finding["elements"][0]
    if element["type"] == "variable":
        element = element["type_specific_fields"]["parent"]
    contract = element["type_specific_fields"]["parent"]["name"]
    return finding["check"], f"{contract}.{element['name']}"


if __name__ == "__main__":
    sys.exit(main())
