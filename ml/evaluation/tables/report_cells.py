"""Counts of real people that can be shown: no cell under twenty can be computed from the rest.

A cell with fewer people is hidden, zero included. At least one more is hidden with it, so that
the hidden ones are two or more and hold at least twice as many people together. Which one is
chosen by a public order alone: were it the smallest, its own size could be inferred from those
that are shown, and the cell it protects with it (docs/decisions/0454). What is shown is rounded
to `GRAIN` rows.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FEWEST = 20
GRAIN = 5
"""Rows to whose multiples shown counts are rounded."""


def hidden_cells(
    people: Sequence[int], *, order: Sequence[int], fewest: int = FEWEST
) -> npt.NDArray[np.bool_]:
    """Which cells of a column must not be shown, (cells,); all of them where some is not enough.

    Args:
        people: with a row in each cell, (cells,); every row is in one cell.
        order: the cells, in the order in which they are hidden to protect others; it must not
            depend on `people`.
    """
    counts = np.asarray(people)
    hidden = counts < fewest
    if not hidden.any():
        return hidden
    for at in (at for at in order if not counts[at] < fewest):
        hidden[at] = True
        if counts[hidden].sum() >= 2 * fewest:
            return hidden
    return np.ones_like(hidden)


def shown_shares(
    people: Sequence[int],
    rows: Sequence[int],
    *,
    order: Sequence[int],
    fewest: int = FEWEST,
    grain: int = GRAIN,
) -> list[float | None]:
    """The share of rows in each cell, None where it must not be shown."""
    hidden = hidden_cells(people, order=order, fewest=fewest)
    total = max(int(np.sum(rows)), 1)
    return [
        None if gone else round(min(grain * round(count / grain) / total, 1.0), 6)
        for gone, count in zip(hidden, rows, strict=True)
    ]


def coarse(score: float, people: int, *, fewest: int = FEWEST) -> float | None:
    """A similarity of one column, rounded so that it tells no count to within `fewest` people.

    None where it is not known, or where so few people leave nothing to tell.
    """
    if not np.isfinite(score) or people < 2 * fewest:
        return None
    grain = fewest / people
    return round(float(np.clip(1 - grain * round((1 - score) / grain), 0, 1)), 4)
