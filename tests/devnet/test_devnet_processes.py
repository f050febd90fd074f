"""Processes of the local network are found again and stopped whole."""

import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.devnet import processes
from scripts.devnet.network import PROJECT
from scripts.devnet.processes import ProcessId

_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
_TYING = """
import os, time
from pathlib import Path
from scripts.devnet import processes
child = processes.spawn(
    {sleep}, log=Path({log!r}), environment=dict(os.environ), tied_to_parent=True
)
print(child.pid, flush=True)
time.sleep(600)
"""


def _spawn(tmp_path: Path, command: list[str]) -> ProcessId:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return processes.spawn(
        command, log=tmp_path / "log", environment=environment, tied_to_parent=True
    )


def _child_of(log: Path) -> int:
    while not log.read_text().strip():
        time.sleep(0.02)
    return int(log.read_text())


def _exists(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_process_runs_in_a_session_of_its_own(tmp_path: Path) -> None:
    process = _spawn(tmp_path, _SLEEP)
    try:
        assert processes.is_alive(process)
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
    finally:
        processes.kill(process)


def test_ending_a_process_ends_its_children_even_if_it_ignores_the_signal(tmp_path: Path) -> None:
    process = _spawn(tmp_path, [sys.executable, "-c", _STUBBORN])
    child = _child_of(tmp_path / "log")

    processes.end(process, grace_seconds=0.3)

    assert not processes.is_alive(process)
    assert not _exists(child)


def test_children_are_ended_after_their_leader_was_killed(tmp_path: Path) -> None:
    process = _spawn(tmp_path, [sys.executable, "-c", _STUBBORN])
    child = _child_of(tmp_path / "log")
    os.kill(process.pid, signal.SIGKILL)

    processes.end(process, grace_seconds=0.3)

    assert not _exists(child)


def test_a_process_that_ended_is_not_alive(tmp_path: Path) -> None:
    process = _spawn(tmp_path, _SLEEP)
    os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.2)

    assert not processes.is_alive(process)


def test_a_pid_that_now_belongs_to_another_process_is_left_alone(tmp_path: Path) -> None:
    process = _spawn(tmp_path, _SLEEP)
    boot = process.birth.partition(":")[0]
    predecessor = replace(process, birth=f"{boot}:1")
    try:
        assert not processes.is_alive(predecessor)
        processes.end(predecessor)
        processes.kill(predecessor)
        assert processes.is_alive(process)
    finally:
        processes.kill(process)


def test_a_group_remembered_from_before_a_reboot_is_left_alone(tmp_path: Path) -> None:
    process = _spawn(tmp_path, [sys.executable, "-c", _STUBBORN])
    child = _child_of(tmp_path / "log")
    os.kill(process.pid, signal.SIGKILL)
    try:
        processes.kill(replace(process, birth="another-boot:1"))
        assert _exists(child)
    finally:
        processes.kill(process)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_a_process_tied_to_its_parent_dies_with_it(tmp_path: Path) -> None:
    parent = _spawn(
        tmp_path,
        [sys.executable, "-c", _TYING.format(log=str(tmp_path / "child"), sleep=_SLEEP)],
    )
    child = _child_of(tmp_path / "log")
    assert _exists(child)

    os.kill(parent.pid, signal.SIGKILL)

    deadline = time.monotonic() + 10
    while _exists(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _exists(child)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
def test_both_ways_of_listing_processes_see_the_same(tmp_path: Path) -> None:
    process = _spawn(tmp_path, _SLEEP)
    try:
        by_proc = {row.pid: row.group for row in processes._running()}
        by_ps = {row.pid: row.group for row in processes._running_by_ps()}
        assert by_proc[process.pid] == by_ps[process.pid] == process.pid
    finally:
        processes.kill(process)
