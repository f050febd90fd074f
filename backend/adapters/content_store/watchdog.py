"""One thread that ends every call whose time is over."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Watches any number of calls; its thread lives only while there are some."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes = 0.0
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, seconds: float, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut` from the other thread if the block is still running after `seconds`."""
        token = object()
        at = time.monotonic() + seconds
        with self._changed:
            self._due[token] = (at, cut)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif at < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(token, None)

    def _run(self) -> None:
        with self._changed:
            while self._due:
                now = time.monotonic()
                for token, (at, cut) in list(self._due.items()):
                    if at <= now:
                        del self._due[token]
                        cut()
                if self._due:
                    self._wakes = min(at for at, _ in self._due.values())
                    self._changed.wait(self._wakes - now)
            self._thread = None
