"""The npm packages behind the local network: installed once from the lock file."""

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .errors import PackagesMissing, ServerFailed, ToolMissing

FOLDER = Path(__file__).resolve().parent
SOLC_FOLDER = FOLDER / "solc"

_LOCK_FILE = FOLDER / "package-lock.json"
_MODULES = FOLDER / "node_modules"
# `npm ci` empties node_modules first, so the mark vanishes with an interrupted installation.
_MARK = _MODULES / ".installed-from-lock"
_OLDEST_NODE = 20
_TOOL_SECONDS = 120
_STEPS = 10


def install(report: Callable[[str], None]) -> bool:
    """Install exactly what the lock file says, with progress; False when it was there already."""
    node()
    npm = _program("npm")
    with _LOCK_FILE.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed():
            report("npm packages are installed already")
            return False
        total = _package_count()
        report(f"installing {total:,} npm packages (about 470 MB on disk) from the lock file")
        _npm_ci(npm, total, report)
        _MARK.write_text(_lock_digest() + "\n")
    report("npm packages are installed")
    return True


def is_installed() -> bool:
    """Whether node_modules holds what today's lock file asks for."""
    return _MARK.is_file() and _MARK.read_text().strip() == _lock_digest()


def installed() -> Path:
    """The folder of the installed packages, or PackagesMissing."""
    if not is_installed():
        raise PackagesMissing(
            f"the npm packages in {_MODULES} are missing or not those of package-lock.json: "
            "run `python -m scripts.devnet install`"
        )
    return _MODULES


def script(relative: str) -> list[str | Path]:
    """The command that runs a script of an installed package, as `ganache/dist/node/cli.js`."""
    return [node(), installed() / relative]


def run_tool(command: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    """What a short-lived tool prints, or ServerFailed with what it said instead."""
    try:
        answer = subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=dict(environment),
            timeout=_TOOL_SECONDS,
        )
    except subprocess.TimeoutExpired as fault:
        raise ServerFailed(f"{command[-1]} did not end within {_TOOL_SECONDS} s") from fault
    except subprocess.CalledProcessError as fault:
        said = (fault.stdout + fault.stderr).strip()
        line = " ".join(str(part) for part in command)
        raise ServerFailed(f"`{line}` ended with code {fault.returncode}: {said}") from fault
    return answer.stdout


def node() -> Path:
    """Node.js from the PATH, at least the oldest release that Ganache and jsipfs run on."""
    program = _program("node")
    answer = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    found = re.match(r"v(\d+)\.", answer.stdout)
    if found is None or int(found[1]) < _OLDEST_NODE:
        raise ToolMissing(
            f"{program} is version {answer.stdout.strip()}: "
            f"install Node.js {_OLDEST_NODE} or newer and put it first on the PATH"
        )
    return program


def _program(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        raise ToolMissing(
            f"`{name}` is not on the PATH: install Node.js {_OLDEST_NODE} or newer with npm"
        )
    return Path(path)


def _lock_digest() -> str:
    return hashlib.sha256(_LOCK_FILE.read_bytes()).hexdigest()


def _package_count() -> int:
    packages = json.loads(_LOCK_FILE.read_text())["packages"]
    return sum(1 for path in packages if path)


def _npm_ci(npm: Path, total: int, report: Callable[[str], None]) -> None:
    """Run `npm ci`, telling each tenth of the packages as it arrives."""
    started = time.monotonic()
    arrived = 0
    complaints: deque[str] = deque(maxlen=30)
    command: list[str | Path] = [npm, "ci", "--loglevel=http", "--no-audit", "--no-fund"]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            if ".tgz " in line:
                arrived += 1
                if arrived * _STEPS // total > (arrived - 1) * _STEPS // total:
                    seconds = time.monotonic() - started
                    report(f"  {arrived:,} of {total:,} packages after {seconds:.0f} s")
            elif not line.startswith("npm http"):
                complaints.append(line)
    if process.returncode != 0:
        raise PackagesMissing(
            f"npm could not install the packages of {_LOCK_FILE}:\n{''.join(complaints)}"
            "put the cause right (is the package registry reachable?) and run it again"
        )
