"""The nearest rows of others under any distance, block by block."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ml.evaluation.distances import ENTRIES, Distance

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]
Rows = TypeVar("Rows", contravariant=True)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest rows, ascending.

    Attributes:
        distance: (rows, k); inf where there are fewer than k.
        index: position of each among the others, (rows, k); -1 where there are fewer.
    """

    distance: Floats
    index: npt.NDArray[np.int64]


class Search(Protocol[Rows]):
    """Finds the `k` nearest of `others` to each of `rows`.

    With `owner` and `other_owner` nobody's rows are neighbours of their own; with `one_each`
    of every other owner only the nearest row counts.
    """

    def __call__(
        self,
        rows: Rows,
        others: Rows,
        *,
        k: int,
        owner: Names | None = None,
        other_owner: Names | None = None,
        one_each: bool = False,
    ) -> Neighbours:
        """See the class."""
        ...


class SearchUnder:
    """A `Search` among arrays of rows that looks at every pair.

    Args:
        distance: (b, features) and (n, features) to (b, n).
    """

    def __init__(self, distance: Distance) -> None:
        self._distance = distance

    def __call__(
        self,
        rows: Floats,
        others: Floats,
        *,
        k: int,
        owner: Names | None = None,
        other_owner: Names | None = None,
        one_each: bool = False,
    ) -> Neighbours:
        """See `Search`."""
        far = np.full((len(rows), k), np.inf)
        index = np.full((len(rows), k), -1, dtype=np.int64)
        step = max(1, ENTRIES // max(len(others), 1))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            block = np.asarray(self._distance(rows[part], others), np.float64)
            if owner is not None and other_owner is not None:
                block = np.where(owner[part][:, None] == other_owner[None, :], np.inf, block)
            far[part], index[part] = _least(block, k, other_owner if one_each else None)
        return Neighbours(far, np.where(np.isfinite(far), index, -1))


def _least(block: Floats, k: int, owner: Names | None) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The `k` least of each row and where they are, of every owner one at most."""
    far = np.full((len(block), k), np.inf)
    index = np.full((len(block), k), -1, dtype=np.int64)
    block = block.copy()
    lines = np.arange(len(block))
    for place in range(min(k, block.shape[1])):
        index[:, place] = block.argmin(axis=1)
        far[:, place] = block[lines, index[:, place]]
        if owner is None:
            block[lines, index[:, place]] = np.inf
        else:
            block[owner[index[:, place]][:, None] == owner[None, :]] = np.inf
    return far, index
