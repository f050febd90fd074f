"""Models that were opened lately, ready to answer; few of them, and not for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Warm(Generic[Value]):
    """At most `most` values, the longest unused goes first, and none older than `for_s`.

    What is erased meanwhile is never asked for again; that it also leaves the memory of every
    process soon is what the age is for.
    """

    def __init__(
        self, most: int, for_s: float, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._for_s = for_s
        self._now_s = now_s
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Value]] = OrderedDict()

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

    def drop(self, key: str) -> None:
        """Forget it; not being there is fine."""
        with self._guard:
            self._kept.pop(key, None)

    def __len__(self) -> int:
        return len(self._kept)

    def _drop_old(self) -> None:
        oldest = self._now_s() - self._for_s
        for key in [key for key, (since, _) in self._kept.items() if since < oldest]:
            del self._kept[key]
