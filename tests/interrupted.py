"""Ports that end the run at their n-th outside moment, and everything built on what they left.

Unlike a SIGKILL this happens inside the test process, so the chain in memory survives it; nothing
in the product catches it, because it is no `Exception`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork


class Interrupted(BaseException):
    """The run ends here."""


class Moments:
    """Counts outside moments and ends the run at number `fatal`."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def pass_by(self) -> None:
        if self._left == 0:
            raise Interrupted
        self._left -= 1


class _Port:
    """Any port, with a moment before and after each of its calls."""

    def __init__(self, port: Any, moments: Moments) -> None:
        self._port = port
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._moments.pass_by()
            answer = found(*arguments, **named)
            self._moments.pass_by()
            return answer

        return call


class _Database:
    """The database, with a moment before and after each commit."""

    def __init__(self, database: Any, moments: Moments) -> None:
        self._database = database
        self._moments = moments

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        with self._database.write() as unit:
            yield unit
            self._moments.pass_by()
        self._moments.pass_by()

    def read(self) -> AbstractContextManager[UnitOfWork]:
        found: AbstractContextManager[UnitOfWork] = self._database.read()
        return found


def interrupted(ports: Ports, fatal: int) -> Ports:
    """The same ports, until moment number `fatal`."""
    moments = Moments(fatal)
    return replace(
        ports,
        database=_Database(ports.database, moments),
        keys=_Port(ports.keys, moments),
        content=_Port(ports.content, moments),
        chain=_Port(ports.chain, moments),
        history=_Port(ports.history, moments),
    )


def survives(run: Callable[[Ports], None], ports: Ports, fatal: int) -> bool:
    """Whether the run came to its end before moment number `fatal`."""
    try:
        run(interrupted(ports, fatal))
    except Interrupted:
        return False
    return True
