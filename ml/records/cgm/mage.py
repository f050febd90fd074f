"""Mean amplitude of glycemic excursions, by crossings of a short and a long moving average.

Definition: Service et al., Diabetes 19 (1970) 644-655 (excursions of more than one standard
deviation). Algorithm: Fernandes et al., "Open-source algorithm to calculate mean amplitude of
glycemic excursions using short and long moving averages", J Diabetes Sci Technol 16 (2022)
576-577, with the windows that paper found best, as iglu 4 computes it by default: the mean of
rises and falls, weighted by the length of the stretches between gaps of more than three hours.
Service counts only the direction of the first excursion (iglu's ``direction="service"``), and a
simple variant averages single deviations from the mean: neither is what stands here.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEP_MINUTES = 5
SHORT, LONG = 5, 32
"""Readings in the two moving averages."""
_BRIDGE_MINUTES = 45
_SPLIT_MINUTES = 180
_LEAST_READINGS = 7
_LEAST_SD = 1.0


def mage(mg_dl: npt.ArrayLike) -> float:
    """MAGE in mg/dL of readings 5 minutes apart, shape (n,), NaN where one is missing.

    Gaps of up to 45 minutes are bridged by straight lines. NaN where nothing swings by more than
    its standard deviation.
    """
    values = np.asarray(mg_dl, dtype=np.float64)
    heights, weights = [], []
    for stretch in _stretches(_bridged(values)):
        for height in _rises_and_falls(stretch):
            heights.append(height)
            weights.append(float(stretch.size - 1))
    return float(np.average(heights, weights=weights)) if heights else float("nan")


def _bridged(values: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 0:
        return values[:0]
    steps = np.arange(known[0], known[-1] + 1)
    filled = np.interp(steps, known, values[known])
    for left, right in itertools.pairwise(known):
        if (right - left) * STEP_MINUTES > _BRIDGE_MINUTES:
            filled[left - known[0] + 1 : right - known[0]] = np.nan
    return filled


def _stretches(values: Floats) -> Iterator[Floats]:
    """Parts between gaps of more than three hours; shorter gaps stay inside as NaN."""
    known = np.flatnonzero(np.isfinite(values))
    torn = np.flatnonzero(np.diff(known) * STEP_MINUTES > _SPLIT_MINUTES)
    for part in np.split(known, torn + 1):
        if part.size:
            yield values[part[0] : part[-1] + 1]


def _rises_and_falls(values: Floats) -> list[float]:
    """Mean height of the rises, and of the falls, of one stretch; those that there are."""
    spread = float(np.nanstd(values, ddof=1)) if values.size > 1 else 0.0
    if values.size < _LEAST_READINGS or spread < _LEAST_SD:
        return []
    turns = _turns(values)
    rises, falls = _rises(turns, spread), _rises(-turns, spread)
    return [float(np.mean(heights)) for heights in (rises, falls) if heights]


def _turns(values: Floats) -> Floats:
    """Peaks and nadirs: extremes of the readings between crossings of the two averages."""
    above = _average(values, SHORT) - _average(values, LONG)
    crossings, side = [0], float(above[0])
    for index in np.flatnonzero(np.isfinite(above) & (above != 0.0)):
        if index and above[index] * side < 0:
            crossings.append(int(index))
        side = float(above[index])
    crossings.append(values.size - 1)
    rising = [bool(above[index] > 0) for index in crossings]
    turns, last = [], crossings[0]
    for start, end in zip(range(len(crossings) - 1), crossings[1:], strict=True):
        part = values[last : end + 1]
        last += int(np.nanargmax(part) if rising[start] else np.nanargmin(part))
        turns.append(values[last])
    return np.array(turns)


def _average(values: Floats, length: int) -> Floats:
    """Mean of the last `length` readings; the first ones take that of the first full window."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    end = np.arange(1, values.size + 1)
    start = np.maximum(end - length, 0)
    with np.errstate(invalid="ignore"):
        means: Floats = (total[end] - total[start]) / (count[end] - count[start])
    means[: length - 1] = means[min(length, values.size) - 1]
    return means


def _rises(turns: Floats, spread: float) -> list[float]:
    """Heights of the rises of more than `spread`, each from its lowest nadir to its top."""
    heights: list[float] = []
    start = at = 0
    while at < turns.size:
        if turns[at] - turns[start : at + 1].min() <= spread:
            at += 1
            continue
        bottom, top = turns[start : at + 1].min(), at
        end = at
        while True:
            if turns[end] >= turns[top]:
                top = end
            if turns[top] - turns[end] > spread or end == turns.size - 1:
                break
            end += 1
        heights.append(float(turns[top] - bottom))
        start = at = end
    return heights
