"""Fingerprints by which the same glucose readings are known again, whatever file they come in.

A fingerprint is a set of *shingles*, each the hash of 12 hourly means, in steps of 4.5 mg/dL
(0.25 mmol/L), over readings that follow each other: 12 hours. Hours are counted in readings, so
shingles know no clock, no zone, no vendor and no unit; a mean of an hour hardly feels the rounding
of either unit. It also outlives noise, which matters: the two real exports of one person that
overlap in January 2020 differ by a mg/dL or more (SD 1.6) in 58 % of their common readings. Only
readings that the sensor keeps by itself are looked at; LibreView's scans come and go.

Two things keep the set small and telling:

* **Only windows that say something**: their means move by 12 steps or more in sum. Flat nights,
  stretches at the floor and the straight lines of interpolation look alike in everybody.
* **A sample of windows**, chosen by the hash itself, so that two files choose alike: one window
  per 40 minutes on average.

Two traces overlap if they share 3 shingles (`overlaps`). Measured on 105 real traces (Hall 57,
HUPA 25, iglu 5, BIG IDEAs 7, Clarity 7, LibreView 4), the figures that the tests hold in part:

* 14 days have about 440 shingles at 5 min (at most 540) and 480 at 15 min (at most 650).
* Of 5,459 pairs of different people's traces none shares any. Unsampled, windows of two people
  are equal with probability 7e-10 at 8 means and 8e-11 at 10; at 12 none of 4e10 pairs is.
* The two exports of January 2020 share 207 of some 420.
* Found again, in per cent of 1,520 (5 min) and 600 (15 min) random pieces of those traces, by
  length of the piece; "mmol/L" is the worse of converting with 18.018 and with 18.0:

  ========================  =====  =====  =====  ======
  piece                     18 h   1 day  36 h   2 days
  ========================  =====  =====  =====  ======
  5 min, as it is            94.1   98.7   99.7   100.0
  5 min, in mmol/L           86.2   97.7   99.6    99.9
  5 min, noise of SD 1.6     57.8   87.0   98.5    99.7
  15 min, as it is           89.0   95.8   99.0    99.8
  15 min, in mmol/L          78.8   93.2   98.3    99.3
  15 min, noise of SD 1.6    31.8   50.0   74.8    87.7
  ========================  =====  =====  =====  ======

What this does not see: less than some 15 hours in common, which is why less than a day earns
nothing (`ml.records.quality`); and a trace altered by more than a few mg/dL. A trace that says
too little, or is shorter than a window, is known again only as a whole, by one digest of all its
values in tenths of mmol/L.

The bytes returned carry information about glucose: the service keys them (HMAC) before keeping.
"""

import hashlib
import math

import numpy as np
import numpy.typing as npt

from ml.records.cgm.rhythm import measure
from ml.records.cgm.trace import CgmTrace
from ml.records.units import MG_DL_PER_MMOL_L

MIN_SHARED = 3

_HOUR = 3600.0
_MEANS = 12
_STEP_TENTHS = 45  # tenths of mg/dL
_TELLING_STEPS = 12
_SECONDS_PER_SAMPLE = 2400.0
_DIGEST_BYTES = 16
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in SplitMix64


def shingles(trace: CgmTrace) -> frozenset[bytes]:
    """The shingles of `trace`, 16 bytes each, and one digest of the whole; never empty."""
    kept = ~trace.scanned if (~trace.scanned).any() else np.ones(len(trace), dtype=bool)
    tenths = trace.tenths[kept]
    cadence = measure(trace).cadence
    found = {_whole(trace, tenths)}
    windows = _windows(tenths, max(1, round(_HOUR / cadence)))
    chosen = _telling(windows) & (_mix(windows) % _one_in(cadence) == 0)
    found.update(_digest(b"window", window) for window in windows[chosen])
    return frozenset(found)


def overlaps(shared: int, total: int) -> bool:
    """Whether a trace with `total` shingles, `shared` of them seen before, repeats readings."""
    return total > 0 and shared >= min(MIN_SHARED, total)


def _windows(tenths: npt.NDArray[np.int64], hour: int) -> npt.NDArray[np.int64]:
    """Steps of 12 hourly means from every reading on, shape (windows, 12).

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


def _one_in(cadence: float) -> np.uint64:
    """One window in how many is kept; powers of two, so that a rarer sample is part of a denser."""
    return np.uint64(2 ** max(0, round(math.log2(_SECONDS_PER_SAMPLE / cadence))))


def _mix(windows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash per window, good enough to sample by; not a secret."""
    mixed = np.zeros(len(windows), dtype=np.uint64)
    for column in windows.T.astype(np.uint64):
        mixed = (mixed ^ column) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return mixed


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
