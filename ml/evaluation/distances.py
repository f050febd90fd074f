"""Distances between rows and between days, block by block, for the privacy measures.

A distance takes rows (b, features) and others (n, features) and gives (b, n); callers bound b.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Distance = Callable[[Floats, Floats], Floats]

ENTRIES = 4_000_000
"""Distances held at a time: some 100 MB with what it takes to make them, however many rows."""
LEAST_SPREAD = 10.0
"""mg/dL. A stretch with a smaller SD tells nobody apart, and any flat one is near any other."""
_NO_SHAPE = 10.0  # a distance that no comparable pair reaches, where a stretch has no shape


def rms(rows: Floats, others: Floats) -> Floats:
    """Root of the mean squared difference, in the unit of the features."""
    return _rms(np.asarray(rows, np.float64), np.asarray(others, np.float64))


def day_distance(*, step_minutes: int, shift_minutes: int = 0, level: bool = True) -> Distance:
    """RMS difference of two days in units of the first day's SD (at least `LEAST_SPREAD`).

    Args:
        step_minutes: of the days.
        shift_minutes: the second day may lie up to this much earlier or later.
        level: whether a difference in mean counts; if not, a raised or lowered copy is a copy.
    """
    shifts = _shifts(shift_minutes, step_minutes)

    def distance(rows: Floats, others: Floats) -> Floats:
        scale = np.maximum(rows.std(axis=1), LEAST_SPREAD)[:, None]
        best = np.full((len(rows), len(others)), np.inf, dtype=np.float32)
        for shift in shifts:
            first, second = _overlap(rows, others, shift)
            np.minimum(best, _compared(first, second, level), out=best)
        return best / scale

    return distance


def window_distance(
    *, step_minutes: int, window_minutes: int = 360, shift_minutes: int = 60
) -> Distance:
    """The most alike window of two days: residual SD over the SD of the first day's window.

    Windows start every half window; the second day's may lie `shift_minutes` off. The level is
    taken out, and windows flatter than `LEAST_SPREAD` are not compared.
    """
    width = window_minutes // step_minutes
    shifts = _shifts(shift_minutes, step_minutes)

    def distance(rows: Floats, others: Floats) -> Floats:
        best = np.full((len(rows), len(others)), _NO_SHAPE, dtype=np.float32)
        length = rows.shape[1]
        for start in range(0, length - width + 1, width // 2):
            window = rows[:, start : start + width]
            spread = window.std(axis=1)
            told = np.flatnonzero(spread >= LEAST_SPREAD)
            for shift in shifts:
                at = start + shift
                if told.size and 0 <= at <= length - width:
                    off = _compared(window[told], others[:, at : at + width], False)
                    best[told] = np.minimum(best[told], off / spread[told][:, None])
        return best

    return distance


def nearest(
    rows: Floats,
    others: Floats,
    distance: Distance,
    *,
    k: int = 1,
    owner: npt.NDArray[np.str_] | None = None,
    other_owner: npt.NDArray[np.str_] | None = None,
) -> Floats:
    """Distances to the `k` nearest others, ascending, shape (n, k).

    With `owner` and `other_owner` given, others of the same owner are passed over.
    """
    found = np.empty((len(rows), k))
    for part in _blocks(len(rows), len(others)):
        block = distance(rows[part], others)
        if owner is not None and other_owner is not None:
            block = np.where(owner[part][:, None] == other_owner[None, :], np.inf, block)
        found[part] = np.sort(np.partition(block, k - 1, axis=1)[:, :k], axis=1)
    return found


def closest(
    rows: Floats, others: Floats, distance: Distance
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Distance to the nearest of `others` and which it is, both of shape (n,)."""
    far = np.empty(len(rows))
    which = np.empty(len(rows), dtype=np.intp)
    for part in _blocks(len(rows), len(others)):
        block = distance(rows[part], others)
        which[part] = block.argmin(axis=1)
        far[part] = np.take_along_axis(block, which[part][:, None], axis=1)[:, 0]
    return far, which


def copied_rows(rows: Floats, others: Floats, *, decimals: int = 0) -> int:
    """How many of `rows` equal one of `others` when both are rounded."""
    known = {row.tobytes() for row in np.round(others, decimals) + 0.0}
    return sum(row.tobytes() in known for row in np.round(rows, decimals) + 0.0)


def _blocks(size: int, others: int) -> Iterator[slice]:
    step = max(1, ENTRIES // max(others, 1))
    for start in range(0, size, step):
        yield slice(start, min(start + step, size))


def _shifts(shift_minutes: int, step_minutes: int) -> range:
    reach = shift_minutes // step_minutes
    return range(-reach, reach + 1)


def _overlap(rows: Floats, others: Floats, shift: int) -> tuple[Floats, Floats]:
    length = rows.shape[1]
    if shift >= 0:
        return rows[:, shift:], others[:, : length - shift]
    return rows[:, :shift], others[:, -shift:]


def _compared(rows: Floats, others: Floats, level: bool) -> Floats:
    rows, others = np.asarray(rows, np.float32), np.asarray(others, np.float32)
    if not level:
        rows = rows - rows.mean(axis=1, keepdims=True)
        others = others - others.mean(axis=1, keepdims=True)
    return _rms(rows, others)


def _rms(rows: Floats, others: Floats) -> Floats:
    middle = others.mean(axis=0)  # keeps the squares small, so that their difference is exact
    rows, others = rows - middle, others - middle
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * rows @ others.T
    return np.sqrt(np.maximum(squares, 0) / rows.shape[1])
