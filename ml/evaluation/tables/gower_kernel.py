"""The inner loops of the nearest rows, compiled when they are first needed and never on import."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np


@cache
def compiled_nearest() -> Callable[..., None]:
    """The search of `_search`, compiled for this machine; some two seconds the first time.

    Nothing is kept on disk: a cache beside the source would have to be writable and trusted.
    It holds no lock of the interpreter and no state, so that any number of threads may call it.
    """
    import numba

    kept = numba.njit(nogil=True, fastmath={"nnan", "nsz"}, cache=False, boundscheck=False)
    differences, insert = kept(_differences), kept(_insert)

    def search(
        query: Any, blocks: Any, count: Any, mine: Any, theirs: Any, one_each: Any,
        distance: Any, index: Any,
    ) -> None:  # fmt: skip
        size = blocks.shape[2]
        columns = blocks.shape[1]
        half = (columns + 1) // 2
        apart = np.empty(size, dtype=np.float32)
        for block in range(blocks.shape[0]):
            first = block * size
            within = min(size, count - first)
            for row in range(query.shape[0]):
                worst = distance[row, -1]
                apart[:] = 0
                if differences(query[row], blocks[block], 0, half, apart) >= worst:
                    continue
                if differences(query[row], blocks[block], half, columns, apart) >= worst:
                    continue
                for at in range(within):
                    if apart[at] < distance[row, -1] and theirs[first + at] != mine[row]:
                        insert(distance[row], index[row], apart[at], first + at, theirs, one_each)

    compiled: Callable[..., None] = kept(search)
    return compiled


def _differences(row: Any, block: Any, first: int, last: int, apart: Any) -> Any:
    """Adds the columns `first` to `last` to `apart`; the least of it, which bounds the rest."""
    one = np.float32(1)
    for column in range(first, last):
        cell = row[column]
        for at in range(apart.size):
            apart[at] += min(abs(cell - block[column, at]), one)
    least = apart[0]
    for at in range(apart.size):
        least = min(least, apart[at])
    return least


def _insert(distance: Any, index: Any, far: Any, found: int, theirs: Any, one_each: bool) -> None:
    """Puts a neighbour in its place; with `one_each` it replaces a further one of its owner."""
    last = distance.size - 1
    if one_each:
        for place in range(distance.size):
            if index[place] >= 0 and theirs[index[place]] == theirs[found]:
                if far >= distance[place]:
                    return
                last = place
                break
    place = last
    while place > 0 and distance[place - 1] > far:
        distance[place] = distance[place - 1]
        index[place] = index[place - 1]
        place -= 1
    distance[place] = far
    index[place] = found
