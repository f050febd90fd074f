"""What is ready to answer leaves the memory by itself, whether anybody asks or not."""

import threading
from collections.abc import Callable

from backend.adapters.models.warm import Warm


class Hours:
    """A clock that is set by hand, and what was put off until later."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def later(self, wait_s: float, call: Callable[[], None]) -> None:
        self._due.append((self.now + wait_s, call))

    def advance(self, seconds: float) -> None:
        self.now += seconds
        while due := [one for one in self._due if one[0] <= self.now]:
            for one in due:
                self._due.remove(one)
                one[1]()

    @property
    def looks(self) -> int:
        return len(self._due)


def test_an_idle_process_holds_no_value_longer_than_its_time() -> None:
    hours = Hours()
    warm: Warm[str] = Warm(8, 600.0, lambda: hours.now, hours.later)
    warm.put("one", "readings")
    hours.advance(400)
    warm.put("two", "readings")
    assert hours.looks == 1
    hours.advance(199)
    assert len(warm) == 2
    hours.advance(1)
    assert (warm.get("one"), warm.get("two")) == (None, "readings")
    hours.advance(400)
    assert len(warm) == 0 and hours.looks == 0
    warm.put("three", "readings")
    hours.advance(600)
    assert len(warm) == 0


def test_asking_for_a_value_does_not_make_it_younger() -> None:
    hours = Hours()
    warm: Warm[str] = Warm(8, 600.0, lambda: hours.now, hours.later)
    warm.put("one", "readings")
    for _ in range(3):
        hours.advance(200)
        warm.get("one")
    assert len(warm) == 0


def test_the_longest_unused_makes_room_and_a_dropped_one_is_gone() -> None:
    hours = Hours()
    warm: Warm[str] = Warm(2, 600.0, lambda: hours.now, hours.later)
    for name in ("one", "two"):
        warm.put(name, name)
    warm.get("one")
    warm.put("three", "three")
    assert warm.get("two") is None and warm.get("one") == "one"
    warm.drop("one")
    assert warm.get("one") is None and len(warm) == 1


def test_time_itself_takes_a_value_away() -> None:
    warm: Warm[str] = Warm(2, 0.01)
    warm.put("one", "one")
    left = threading.Event()
    while len(warm):
        left.wait(0.01)
    assert warm.get("one") is None
