"""Fingerprints by which the same measurements are known again, whatever file they come in.

A fingerprint is a set of *shingles* over rows that follow each other, in steps that every unit of
the variable keeps (0.1 mmol/L, 0.1 °C, 1 mmHg):

* **two rows**: the minutes between them and every number sign that both have, at least 3;
* **eight values of one sign** and the minutes between them, where they move by 24 steps or more
  in sum: columns may be dropped or added and the series is still known.

Minutes are counted from row to row, so shingles know no clock, no zone, no format and no unit. A
row alone is never a shingle: healthy people share rows (72/min, 120/80 mmHg, 98 %). Of rows that
follow each other closely a sample is kept, the smallest hash of any six hours.

A trace of 7 rows or less says too little to be told from a stranger's. It earns nothing
(`ml.records.vitals.quality`), and is refused only to the account that gave it before.

What this does not see: a series of which every second row was removed, and values altered by more
than their rounding. The bytes returned carry information about health: the service keys them
(HMAC) before keeping.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ml.records.vitals.quality import UNPAID_ROWS, sign_values
from ml.records.vitals.trace import VitalsTrace

MIN_SHARED = 2
SHARED_PART = 16
"""Of so many shingles one has to be shared: about what 8 rows of 28 in common leave."""

_MIN_SIGNS = 3
_WINDOW = 8
_TELLING_STEPS = 24
_SAMPLE_SECONDS = 6 * 3600.0
_DIGEST_BYTES = 16
_MINUTE = 60_000_000

Steps = npt.NDArray[np.float64]


@dataclass(frozen=True)
class VitalsFingerprints:
    """What identifies a trace.

    Attributes:
        everywhere: whether the exact bytes identify it among all accounts, or within one only.
        shingles: 16 bytes each; empty where the trace says too little.
        duplicate_at: how many of them, known already, make a duplicate; at least 1.
    """

    everywhere: bool
    shingles: frozenset[bytes]
    duplicate_at: int


def fingerprints(trace: VitalsTrace) -> VitalsFingerprints:
    """The fingerprints of `trace`, the same for the same series in any format, unit and zone."""
    rows = np.flatnonzero(~np.isnan(sign_values(trace)).all(axis=1))
    if rows.size <= UNPAID_ROWS or trace.moments is None:
        return VitalsFingerprints(False, frozenset(), 1)
    minutes = trace.moments[rows].astype(np.int64) // _MINUTE
    names, steps = _stepped(trace, rows)
    every = _every(minutes)
    found = _sampled(_pairs(names, steps, minutes), every)
    for place, name in enumerate(names):
        found |= _sampled(_windows(name, steps[:, place], minutes), every)
    needed = max(MIN_SHARED, math.ceil(len(found) / SHARED_PART))
    return VitalsFingerprints(True, found, max(1, min(needed, len(found))))


def _stepped(trace: VitalsTrace, rows: npt.NDArray[np.intp]) -> tuple[list[str], Steps]:
    """Names of the number signs, and their values in whole steps, (rows, signs)."""
    known = [
        (place, one.name, one.step)
        for place, one in enumerate(trace.vocabulary)
        if one.group == "sign" and one.numeric
    ]
    values = trace.values[rows][:, [place for place, _, _ in known]]
    steps = np.array([step for _, _, step in known])
    return [name for _, name, _ in known], np.rint(values / steps)


def _every(minutes: npt.NDArray[np.int64]) -> int:
    """Of how many windows one is kept: six hours of them, to the power of two below."""
    cadence = 60.0 * float(np.median(np.diff(minutes)))
    most = int(np.log2(_SAMPLE_SECONDS / max(cadence, 60.0)))
    return 1 << max(0, most)


def _pairs(names: list[str], steps: Steps, minutes: npt.NDArray[np.int64]) -> list[bytes]:
    """A digest for every two rows that follow each other and have enough signs in common."""
    found = []
    for row in range(len(steps) - 1):
        both = np.flatnonzero(~np.isnan(steps[row : row + 2]).any(axis=0))
        if both.size < _MIN_SIGNS:
            continue
        what = ",".join(names[place] for place in both)
        gap = minutes[row + 1] - minutes[row]
        found.append(_digest(what, np.append(gap, steps[row : row + 2, both]).astype(np.int64)))
    return found


def _windows(name: str, column: Steps, minutes: npt.NDArray[np.int64]) -> list[bytes]:
    """A digest for every eight values of one sign that move enough."""
    held = np.flatnonzero(~np.isnan(column))
    if held.size < _WINDOW:
        return []
    windows = sliding_window_view(column[held].astype(np.int64), _WINDOW)
    gaps = sliding_window_view(np.diff(minutes[held]), _WINDOW - 1)
    telling = np.abs(np.diff(windows, axis=1)).sum(axis=1) >= _TELLING_STEPS
    return [_digest(name, row) for row in np.hstack([gaps[telling], windows[telling]])]


def _digest(what: str, numbers: npt.NDArray[np.int64]) -> bytes:
    packed = what.encode() + b":" + numbers.astype("<i8").tobytes()
    return hashlib.sha256(packed).digest()[:_DIGEST_BYTES]


def _sampled(digests: list[bytes], every: int) -> frozenset[bytes]:
    """The smallest of every so many in a row (winnowing, Schleimer et al. 2003), or all."""
    if every == 1 or len(digests) <= every:
        return frozenset(digests if every == 1 else digests and [min(digests)])
    return frozenset(
        min(digests[start : start + every]) for start in range(len(digests) - every + 1)
    )
