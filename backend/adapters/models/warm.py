"""Models that were opened lately, ready to answer; few of them, and not for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
Later = Callable[[float, Callable[[], None]], None]
"""Calls once, after so many seconds."""


def _in_a_thread(wait_s: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(wait_s, call)
    timer.daemon = True
    timer.start()


class Warm(Generic[Value]):
    """At most `most` values, the longest unused goes first, and none older than `for_s`.

    What is erased meanwhile is never asked for again; that it also leaves the memory of every
    process soon is what the age is for: old values go by themselves, asked for or not.
    """

    def __init__(
        self,
        most: int,
        for_s: float,
        now_s: Callable[[], float] = time.monotonic,
        later: Later = _in_a_thread,
    ) -> None:
        self._most = most
        self._for_s = for_s
        self._now_s = now_s
        self._later = later
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Value]] = OrderedDict()
        self._watched = False

    def get(self, key: str) -> Value | None:
        """The value, unless it is too old or never was."""
        with self._guard:
            self._drop_old()
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, key: str, value: Value) -> None:
        """Keep it; the longest unused makes room."""
        with self._guard:
            self._drop_old()
            self._kept[key] = (self._now_s(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            self._watch()

    def drop(self, key: str) -> None:
        """Forget it; not being there is fine."""
        with self._guard:
            self._kept.pop(key, None)

    def __len__(self) -> int:
        return len(self._kept)

    def _expire(self) -> None:
        with self._guard:
            self._watched = False
            self._drop_old()
            self._watch()

    def _watch(self) -> None:
        """One look is under way while anything is kept: when the oldest has had its time."""
        if self._watched or not self._kept:
            return
        self._watched = True
        oldest = min(since for since, _ in self._kept.values())
        self._later(max(0.0, oldest + self._for_s - self._now_s()), self._expire)

    def _drop_old(self) -> None:
        now = self._now_s()
        for key in [key for key, (since, _) in self._kept.items() if now >= since + self._for_s]:
            del self._kept[key]
