"""A process that kills itself at its n-th outside moment, built around unchanged ports.

A moment lies before and after every call of a port, and before and after every commit. The
product has no switch for this: the test process wraps the adapters it was given.
"""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork

FAILED = 70


class Moments:
    """Counts moments into a file; at number `fatal` the process is gone."""

    def __init__(self, log: Path, fatal: int | None) -> None:
        self._log = log.open("a", buffering=1)
        self._fatal = fatal
        self._count = 0

    def pass_by(self, name: str) -> None:
        self._log.write(f"{name}\n")
        if self._count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1


class WatchedPort:
    """Any port, with a moment before and after each of its calls."""

    def __init__(self, port: Any, name: str, moments: Moments) -> None:
        self._port = port
        self._name = name
        self._moments = moments

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._moments.pass_by(f"before {self._name}.{attribute}")
            answer = found(*arguments, **named)
            self._moments.pass_by(f"after {self._name}.{attribute}")
            return answer

        return call


class WatchedDatabase:
    """The database, with a moment before and after each commit."""

    def __init__(self, database: Any, moments: Moments) -> None:
        self._database = database
        self._moments = moments

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        with self._database.write() as unit:
            yield unit
            self._moments.pass_by("before commit")
        self._moments.pass_by("after commit")

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self._database.read()

    def ping(self) -> None:
        self._database.ping()


def watched(ports: Ports, moments: Moments) -> Ports:
    """The same ports, every one of them watched."""
    return replace(
        ports,
        database=WatchedDatabase(ports.database, moments),
        keys=WatchedPort(ports.keys, "keys", moments),
        content=WatchedPort(ports.content, "content", moments),
        chain=WatchedPort(ports.chain, "chain", moments),
        history=WatchedPort(ports.history, "history", moments),
    )


def in_a_process(work: Callable[[], None], log: Path) -> int:
    """Run `work` in a forked process; returns how it ended: 0, 70 with a trace, or -SIGKILL."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a forked child must never return into pytest
            with log.open("a") as output:
                traceback.print_exc(file=output)
            os._exit(FAILED)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
