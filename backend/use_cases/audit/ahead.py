"""Asks for the next portion while the last one is being judged."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Answer = TypeVar("Answer")


def fetched_ahead(
    items: Iterable[T], size: int, fetch: Callable[[Sequence[T]], Answer]
) -> Iterator[tuple[Sequence[T], Answer]]:
    """(portion, its answer) for portions of at most `size` items, fetched one portion ahead."""
    with ThreadPoolExecutor(1) as asking:
        waiting: tuple[Sequence[T], Future[Answer]] | None = None
        for portion in portions(items, size):
            asked = asking.submit(fetch, portion)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = portion, asked
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion
