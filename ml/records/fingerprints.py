"""Fingerprints by which the same glucose readings are known again, whatever file they come in.

A fingerprint is a set of *shingles*, each the hash of 13 hourly means, in steps of 6.6 mg/dL
(0.37 mmol/L), over readings that follow each other: 13 hours. Hours are counted in readings, so
shingles know no clock, no zone, no vendor and no unit; a mean of an hour hardly feels the rounding
of either unit. It also outlives noise, which matters: the two real exports of one person that
overlap in January 2020 differ by a mg/dL or more (SD 1.6) in 58 % of their common readings. Only
readings that the sensor keeps by itself are looked at; LibreView's scans come and go.

Three things keep the set small and telling, because every shingle is stored for ever and looked
up in every upload:

* **Only windows that say something**: their means move by 9 steps or more in sum. Flat nights,
  stretches at the floor and the straight lines of interpolation look alike in everybody.
* **The smallest hash of any five hours** of windows (winnowing, Schleimer et al. 2003): two files
  choose alike, and no day of a trace is without.
* **A sample of windows** beside it, chosen by the hash itself, one per two hours on average:
  under noise a window is still its own sample when it is no longer its neighbours' smallest.

Two traces overlap if they share 2 shingles (`overlaps`). Measured on 105 real traces (Hall 57,
HUPA 25, iglu 5, BIG IDEAs 7, Clarity 7, LibreView 4), the figures that the tests hold in part:

* 14 days have about 170 shingles at 5 min (at most 216) and 160 at 15 min (at most 190).
* Of 5,459 pairs of different people's traces none shares any; unsampled, none of 9e10 pairs of
  windows of two people is equal.
* The two exports of January 2020 share 99 of some 185.
* Found again, in per cent of 1,515 (5 min) and 600 (15 min) random pieces of those traces, by
  length of the piece; "mmol/L" is the worse of converting with 18.018 and with 18.0:

  ========================  =====  =====  =====  ======
  piece                     18 h   1 day  36 h   2 days
  ========================  =====  =====  =====  ======
  5 min, as it is            65.1   99.6   99.8    99.8
  5 min, in mmol/L           47.5   91.6   99.5   100.0
  5 min, noise of SD 1.6     29.7   68.4   95.0    99.3
  15 min, as it is           59.3   95.5   99.8   100.0
  15 min, in mmol/L          50.2   87.7   97.7    99.5
  15 min, noise of SD 1.6    12.7   31.3   59.5    79.0
  ========================  =====  =====  =====  ======

  The three of 2 days that were missed lie in one person's weeks of straight interpolation.

What this does not see: less than some 20 hours in common, which is why less than a day earns
nothing (`ml.records.quality`); and a trace altered by more than a few mg/dL. A trace that says
too little, or is shorter than a window, is known again only as a whole, by one digest of all its
values in tenths of mmol/L.

The bytes returned carry information about glucose: the service keys them (HMAC) before keeping.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from ml.records.cgm.rhythm import measure
from ml.records.cgm.trace import CgmTrace
from ml.records.units import MG_DL_PER_MMOL_L

MIN_SHARED = 2

_HOUR = 3600.0
_MEANS = 13
_STEP_TENTHS = 66  # tenths of mg/dL
_TELLING_STEPS = 9
_SECONDS_PER_SAMPLE = 7200.0
_SECONDS_PER_SMALLEST = 18_000.0
_NONE = np.uint64(2**64 - 1)
_DIGEST_BYTES = 16
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in SplitMix64


def shingles(trace: CgmTrace) -> frozenset[bytes]:
    """The shingles of `trace`, 16 bytes each, and one digest of the whole; never empty."""
    kept = ~trace.scanned if (~trace.scanned).any() else np.ones(len(trace), dtype=bool)
    tenths = trace.tenths[kept]
    cadence = measure(trace).cadence
    found = {_whole(trace, tenths)}
    windows = _windows(tenths, max(1, round(_HOUR / cadence)))
    chosen = _chosen(np.where(_telling(windows), _mix(windows), _NONE), cadence)
    found.update(_digest(b"window", window) for window in windows[chosen])
    return frozenset(found)


def overlaps(shared: int, total: int) -> bool:
    """Whether a trace with `total` shingles, `shared` of them seen before, repeats readings."""
    return total > 0 and shared >= min(MIN_SHARED, total)


def _windows(tenths: npt.NDArray[np.int64], hour: int) -> npt.NDArray[np.int64]:
    """Steps of 13 hourly means from every reading on, shape (windows, 13).

    Args:
        tenths: glucose in tenths of mg/dL.
        hour: readings in an hour.
    """
    sums = np.cumsum(np.append(0, tenths))
    means = (sums[hour:] - sums[:-hour]) // (_STEP_TENTHS * hour)
    count = max(0, means.size - (_MEANS - 1) * hour)
    return np.stack([means[i * hour : i * hour + count] for i in range(_MEANS)], axis=1)


def _telling(windows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    moved: npt.NDArray[np.int64] = np.abs(np.diff(windows, axis=1)).sum(axis=1)
    return moved >= _TELLING_STEPS


def _chosen(hashes: npt.NDArray[np.uint64], cadence: float) -> npt.NDArray[np.bool_]:
    """Which windows are kept: a sample by hash, and the smallest of any five hours.

    Args:
        hashes: one per window, `_NONE` for a window that is never kept.
        cadence: seconds between two windows.
    """
    sampled = hashes < np.uint64(2.0**64 * min(0.5, cadence / _SECONDS_PER_SAMPLE))
    smallest = _smallest_of(hashes, max(1, round(_SECONDS_PER_SMALLEST / cadence)))
    return sampled | np.isin(hashes, smallest[smallest != _NONE])


def _smallest_of(hashes: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint64]:
    """The smallest of every `count` in a row, in log2(count) passes; empty if there are fewer."""
    if hashes.size < count:
        return hashes[:0]
    width = 1
    while 2 * width <= count:
        hashes = np.minimum(hashes[:-width], hashes[width:])
        width *= 2
    rest = count - width
    return np.minimum(hashes[: hashes.size - rest], hashes[rest:])


def _mix(windows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash per window, good enough to sample by; not a secret."""
    mixed = np.zeros(len(windows), dtype=np.uint64)
    for column in windows.T.astype(np.uint64):
        mixed = (mixed ^ column) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return mixed * _MULTIPLIER


def _whole(trace: CgmTrace, tenths: npt.NDArray[np.int64]) -> bytes:
    """One digest of all values; a handful of values is anybody's, so those get their minute."""
    short = tenths.size < 2 * _MEANS
    minute = str(trace.local[0].astype("M8[m]")).encode() if short else b""
    return _digest(b"whole", np.rint(tenths / MG_DL_PER_MMOL_L).astype(np.int64), minute)


def _digest(kind: bytes, values: npt.NDArray[np.int64], extra: bytes = b"") -> bytes:
    content = values.astype("<i2").tobytes() + extra
    return hashlib.blake2b(
        content, digest_size=_DIGEST_BYTES, person=b"vitalmint-cgm-1", salt=kind
    ).digest()
