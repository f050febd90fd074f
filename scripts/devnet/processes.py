"""Processes that outlive the command that started them, and are still stopped whole."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ServerStuck

_PROC = Path("/proc")
_STEP_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessId:
    """A process as it can be found again: a pid alone may by now be somebody else's."""

    pid: int
    birth: str


@dataclass(frozen=True)
class _Row:
    pid: int
    group: int
    birth: str


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    tied_to_parent: bool = False,
) -> ProcessId:
    """Start a command as leader of its own session, output to `log`; it survives its parent.

    `tied_to_parent` has the kernel kill it with the starting thread, where that can be had.
    """
    setpriv = shutil.which("setpriv") if tied_to_parent else None
    prefix = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    with log.open("wb") as output:
        log.chmod(0o600)
        process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    # The child is found again by pid and birth; without this Popen complains when collected.
    process.returncode = 0
    return ProcessId(process.pid, _birth_of(process.pid))


def is_alive(process: ProcessId) -> bool:
    """Whether that very process still runs; one that ended and was not collected does not."""
    _collect(process.pid)
    return _birth_of(process.pid) == process.birth != ""


def end(process: ProcessId, *, grace_seconds: float = 10.0) -> None:
    """Ask the whole process group to end, then kill what is left; return when it is gone."""
    _signal_group(process, signal.SIGTERM)
    resume(process)
    if not _gone_within(process, grace_seconds):
        kill(process)


def kill(process: ProcessId) -> None:
    """Kill the whole process group at once and return when it is gone."""
    _signal_group(process, signal.SIGKILL)
    if not _gone_within(process, 10.0):
        raise ServerStuck(
            f"process {process.pid} is still there 10 s after SIGKILL: "
            "it hangs in the kernel (a dead disk or network mount?); free that and try again"
        )


def suspend(process: ProcessId) -> None:
    """Stop the group in its tracks: it keeps its ports and answers nothing."""
    _signal_group(process, signal.SIGSTOP)


def resume(process: ProcessId) -> None:
    """Let a suspended group go on."""
    _signal_group(process, signal.SIGCONT)


def memory_of(process: ProcessId) -> int:
    """Resident bytes of the process, 0 where the system does not tell."""
    try:
        pages = int((_PROC / str(process.pid) / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _signal_group(process: ProcessId, number: signal.Signals) -> None:
    if not _members(process):
        return
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _gone_within(process: ProcessId, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _members(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_SECONDS)
    return True


def _members(process: ProcessId) -> list[_Row]:
    """Living processes of the group, none if its number has passed on to somebody else."""
    _collect(process.pid)
    rows = [row for row in _running() if row.group == process.pid]
    leader = [row for row in rows if row.pid == process.pid]
    if leader and leader[0].birth != process.birth:
        return []
    if not leader and _boot_of(process.birth) != _boot_of(_birth_of(os.getpid())):
        return []
    return rows


def _collect(pid: int) -> None:
    """Reap the process if it is an ended child of this one."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _birth_of(pid: int) -> str:
    if (_PROC / "self/stat").exists():
        row = _row_from_proc(_PROC / str(pid))
        return row.birth if row else ""
    return next((row.birth for row in _running_by_ps() if row.pid == pid), "")


def _boot_of(birth: str) -> str:
    return birth.partition(":")[0]


def _running() -> Iterator[_Row]:
    if (_PROC / "self/stat").exists():
        folders = (folder for folder in _PROC.iterdir() if folder.name.isdigit())
        return (row for row in map(_row_from_proc, folders) if row)
    return _running_by_ps()


def _row_from_proc(folder: Path) -> _Row | None:
    """The process of a folder of /proc, None when it has ended."""
    try:
        text = (folder / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name stands in brackets and may itself hold brackets and spaces.
    fields = text.rpartition(")")[2].split()
    state, group, start = fields[0], fields[2], fields[19]
    if state in "ZXx" and not _has_other_threads(folder):
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return _Row(int(folder.name), int(group), f"{boot}:{start}")


def _has_other_threads(folder: Path) -> bool:
    """Whether threads outlive a killed first thread: until they end, its ports stay taken."""
    try:
        return len(list((folder / "task").iterdir())) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def _running_by_ps() -> Iterator[_Row]:
    """The same where there is no /proc."""
    columns = "pid=,pgid=,stat=,lstart="
    listing = subprocess.run(
        ["ps", "-A", "-o", columns], check=True, capture_output=True, text=True
    )
    for line in listing.stdout.splitlines():
        pid, group, state, *start = line.split()
        if not state.startswith("Z"):
            yield _Row(int(pid), int(group), f"ps:{'-'.join(start)}")
