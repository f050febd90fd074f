"""Seconds of what is measured, and of the ports it goes through."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes on the wall clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def verdict(figure: float, target: float) -> str:
    """The target and whether the figure keeps it, in words."""
    return f"at most {target:g}: {'reached' if figure <= target else 'missed'}"


class Spent:
    """Seconds spent under each name since the last `taken`."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Count the block's seconds under `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - started

    def taken(self) -> dict[str, float]:
        """What was counted; the count begins again."""
        taken, self._seconds = self._seconds, defaultdict(float)
        return dict(taken)


class TimedPort:
    """Any port; its calls are counted, those in `names` under the name given there."""

    def __init__(self, port: Any, spent: Spent, name: str, **names: str) -> None:
        self._port = port
        self._spent = spent
        self._name = name
        self._names = names

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)

        def call(*arguments: Any, **named: Any) -> Any:
            with self._spent.on(self._names.get(attribute, self._name)):
                return found(*arguments, **named)

        return call


class TimedDatabase:
    """A database; its units of work are counted from their beginning to their commit."""

    def __init__(self, database: Any, spent: Spent, name: str) -> None:
        self._database = database
        self._spent = spent
        self._name = name

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self._spent.on(self._name), self._database.write() as unit:
            yield unit

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._spent.on(self._name), self._database.read() as unit:
            yield unit
