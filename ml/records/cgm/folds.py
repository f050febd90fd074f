"""Which of two equal wall times a reading belongs to, in the hour that autumn repeats.

With a transmitter's clock it is certain: that clock knows no summer time, so its distance from
UTC is the same before, in and after the hour. Without one the order of rows decides:

1. rows in order of time that run through the hour, jump back and run again: the second run is
   the second time;
2. rows sorted by wall time, with about twice as many as the cadence allows: each continues
   whichever of the two runs it follows most nearly at the cadence; equal times go to the first
   run first, in file order;
3. anything else: the first time, as PEP 495 reads a time with nothing said.

Readings scanned by hand have no cadence; for them only rule 1 can tell.
"""

import numpy as np
import numpy.typing as npt

from ml.records.cgm.trace import RawReadings
from ml.records.cgm.zones import RepeatedHour

Seconds = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_NEAR = 86_400  # how far around the hour a transmitter's clock is compared
_CLOCK_SLACK = 900.0  # a clock that strays by more than this is no clock
_CROWDED = 1.5  # times the rows that one pass through the hour can have


def second_times(raw: RawReadings, hours: list[RepeatedHour], cadence: float) -> Flags:
    """True for each row that belongs to the second occurrence of its wall time.

    Args:
        raw: rows in file order.
        hours: the stretches that occur twice.
        cadence: seconds between the readings that the sensor keeps by itself.
    """
    second = np.zeros(len(raw), dtype=bool)
    for hour in hours:
        inside = (raw.local >= hour.start) & (raw.local < hour.end)
        if not inside.any():
            continue
        told = _by_clock(raw, hour, inside, second)
        for scanned in (False, True):
            rows = np.flatnonzero(inside & ~told & (raw.scanned == scanned))
            second[rows] = _by_order(raw.local[rows], hour, None if scanned else cadence)
    return second


def _by_clock(raw: RawReadings, hour: RepeatedHour, inside: Flags, second: Flags) -> Flags:
    """Sets `second` where a transmitter's clock tells; returns the rows for which it did."""
    told = np.zeros(len(raw), dtype=bool)
    clocked = ~np.isnan(raw.device_clock)
    near = clocked & ~inside & (np.abs(raw.local - hour.start) <= _NEAR)
    for device in np.unique(raw.device[inside & clocked]):
        known = near & (raw.device == device)
        if not known.any():
            continue
        offset = np.where(raw.local < hour.start, hour.first_offset, hour.second_offset)
        distance = np.median((raw.local - offset - raw.device_clock)[known])
        rows = np.flatnonzero(inside & clocked & (raw.device == device))
        read = raw.local[rows] - raw.device_clock[rows] - distance
        first_miss = np.abs(read - hour.first_offset)
        second_miss = np.abs(read - hour.second_offset)
        sure = np.minimum(first_miss, second_miss) <= _CLOCK_SLACK
        second[rows[sure]] = (second_miss < first_miss)[sure]
        told[rows[sure]] = True
    return told


def _by_order(local: Seconds, hour: RepeatedHour, cadence: float | None) -> Flags:
    """The same from the order of these rows of one hour alone."""
    second = np.zeros(local.size, dtype=bool)
    steps = np.diff(local)
    if local.size < 2:
        return second
    if (steps < 0).sum() > (steps > 0).sum():
        return _by_order(local[::-1], hour, cadence)[::-1]
    back = np.flatnonzero(steps < 0)
    if back.size == 1:
        second[back[0] + 1 :] = True
        return second
    if cadence is None or local.size <= _CROWDED * (hour.end - hour.start) / cadence:
        return second
    order = np.argsort(local, kind="stable")
    last_first = last_second = float(local[order[0]]) - cadence
    for row in order:
        at = float(local[row])
        if abs(at - last_second - cadence) < abs(at - last_first - cadence):
            second[row], last_second = True, at
        else:
            last_first = at
    return second
