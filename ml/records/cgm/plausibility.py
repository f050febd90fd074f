"""Traces that no sensor on a person makes are refused."""

import numpy as np

from ml.records.cgm.trace import CgmTrace
from ml.records.errors import UnreadableRecord

# The longest run of one uncensored value in 100 real traces lasts 2.3 h, of the floor 23.3 h;
# the commonest value of a trace takes at most a tenth of it.
MAX_FLAT_HOURS = 24.0
MAX_FLOOR_HOURS = 72.0
MAX_SHARE = 0.5
_SHARE_COUNTS_FROM_HOURS = 6.0


def refuse_impossible(trace: CgmTrace) -> None:
    """Nothing, unless the trace is too short or too flat to be one.

    Raises:
        UnreadableRecord: fewer than two moments; one value for 24 h without a break (72 h at the
            floor or ceiling); one value for more than half of a trace of 6 h or more.
    """
    seconds = trace.moments.astype(np.int64)
    if seconds[0] == seconds[-1]:
        raise UnreadableRecord("fewer than two readings: nothing to make a trace of")
    hours = (seconds[-1] - seconds[0]) / 3600
    _, counts = np.unique(trace.tenths, return_counts=True)
    if hours >= _SHARE_COUNTS_FROM_HOURS and counts.max() > MAX_SHARE * len(trace):
        raise UnreadableRecord(
            f"one value makes up {counts.max() / len(trace):.0%} of the {hours / 24:.1f} days: "
            "no sensor on a person reads that"
        )
    for censored, limit in ((False, MAX_FLAT_HOURS), (True, MAX_FLOOR_HOURS)):
        if longest_run_hours(trace, censored=censored) >= limit:
            raise UnreadableRecord(
                f"one value for {limit:g} hours or more: no sensor on a person reads that"
            )


def longest_run_hours(trace: CgmTrace, *, censored: bool) -> float:
    """Hours of the longest run of one value, among censored readings or among the others."""
    starts, ends = runs(trace)
    chosen = (trace.censored[starts] != 0) == censored
    seconds = trace.moments.astype(np.int64)
    return float((seconds[ends] - seconds[starts])[chosen].max(initial=0)) / 3600


def runs(trace: CgmTrace) -> tuple[np.ndarray, np.ndarray]:
    """First and last index of each run of one value; a gap of over an hour ends a run."""
    seconds = trace.moments.astype(np.int64)
    broken = (np.diff(trace.tenths) != 0) | (np.diff(seconds) > 3600)
    changes = np.flatnonzero(broken)
    return np.append(0, changes + 1), np.append(changes, len(trace) - 1)
