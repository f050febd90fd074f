"""The npm packages and the compiler that stands in for a native one."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.devnet import packages
from scripts.devnet.errors import PackagesMissing, ToolMissing

_CONTRACT = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.24;
import {ERC20Permit, ERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
contract Token is ERC20Permit { constructor() ERC20Permit("t") ERC20("t", "T") {} }
"""
_PIPE_LIMIT = 64 * 1024


def _solc(*arguments: str, given: str = "", where: Path = packages.FOLDER) -> str:
    program = packages.SOLC_FOLDER / "solc-v0.8.24"
    command = [program, *arguments]
    answer = subprocess.run(
        command, input=given, cwd=where, check=True, capture_output=True, text=True
    )
    return answer.stdout


def test_the_compiler_gives_its_version_in_the_form_brownie_reads() -> None:
    assert re.search(r"Version: 0\.8\.24\+commit\.[0-9a-f]{8}\.Linux\.g\+\+", _solc("--version"))


def test_the_compilers_answer_is_whole_beyond_what_a_pipe_holds(tmp_path: Path) -> None:
    question = {
        "language": "Solidity",
        "sources": {"Token.sol": {"content": _CONTRACT}},
        "settings": {
            "evmVersion": "shanghai",
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode"], "": ["ast"]}},
        },
    }

    answer = _solc("--standard-json", given=json.dumps(question), where=tmp_path)

    assert len(answer) > _PIPE_LIMIT
    compiled = json.loads(answer)
    assert compiled.get("errors", []) == []
    assert compiled["contracts"]["Token.sol"]["Token"]["evm"]["bytecode"]["object"]


def test_an_import_that_is_nowhere_is_a_compiler_error(tmp_path: Path) -> None:
    source = (
        '// SPDX-License-Identifier: MIT\npragma solidity 0.8.24; import "nowhere/Missing.sol";'
    )
    question = {"language": "Solidity", "sources": {"A.sol": {"content": source}}}

    answer = _solc(given=json.dumps(question), where=tmp_path)

    assert "found neither in the project" in json.loads(answer)["errors"][-1]["message"]


def test_installing_again_does_nothing() -> None:
    lines: list[str] = []

    assert packages.install(lines.append) is False
    assert lines == ["npm packages are installed already"]


def test_packages_of_another_lock_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "package-lock.json"
    changed.write_text('{"packages": {}}')
    monkeypatch.setattr(packages, "_LOCK_FILE", changed)

    with pytest.raises(PackagesMissing, match=r"run `python -m scripts\.devnet install`"):
        packages.installed()


def test_a_missing_or_old_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="not on the PATH"):
        packages.node()

    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho v18.20.1\n")
    program.chmod(0o755)

    with pytest.raises(ToolMissing, match=r"version v18\.20\.1"):
        packages.node()


def test_the_lock_file_pins_every_package_and_names_no_download_address() -> None:
    lock = json.loads((packages.FOLDER / "package-lock.json").read_text())
    locked = {path: fields for path, fields in lock["packages"].items() if path}

    assert all("integrity" in fields for fields in locked.values())
    assert not any("resolved" in fields for fields in locked.values())
