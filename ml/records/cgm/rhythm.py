"""The rhythm of a trace: cadence, gaps, span, coverage, and readings that no body makes."""

from dataclasses import dataclass

import numpy as np

from ml.records.cgm.plausibility import runs
from ml.records.cgm.trace import CgmTrace

GAP_IN_CADENCES = 2.5
MAX_MG_DL_PER_MINUTE = 10.0  # 57 healthy and diabetic people of Hall 2018: 1 step in 10,000 above
STUCK_HOURS = 3.0


@dataclass(frozen=True)
class Rhythm:
    """Measures of one trace.

    Attributes:
        cadence: median step in seconds between the readings that the sensor keeps by itself.
        gaps: number of steps between any two readings longer than 2.5 cadences.
        span: seconds from first to last reading.
        coverage: readings / (span / cadence + 1), at most 1.
        implausible_share: share of readings that end a jump of more than 10 mg/dL a minute
            without a gap, or stand in a run of one uncensored value of over three hours.
    """

    cadence: float
    gaps: int
    span: float
    coverage: float
    implausible_share: float


def measure(trace: CgmTrace) -> Rhythm:
    """The rhythm of `trace`."""
    seconds = trace.moments.astype(np.int64)
    kept = np.unique(seconds[~trace.scanned])
    distinct = np.unique(seconds)
    cadence = float(np.median(np.diff(kept if kept.size > 1 else distinct)))
    steps = np.diff(distinct)
    span = float(distinct[-1] - distinct[0])
    return Rhythm(
        cadence=cadence,
        gaps=int((steps > GAP_IN_CADENCES * cadence).sum()),
        span=span,
        coverage=min(1.0, len(trace) / (span / cadence + 1)),
        implausible_share=_implausible_share(trace, cadence),
    )


def _implausible_share(trace: CgmTrace, cadence: float) -> float:
    kept = np.flatnonzero(~trace.scanned) if (~trace.scanned).sum() > 1 else np.arange(len(trace))
    minutes = np.diff(trace.moments[kept].astype(np.float64)) / 60
    jumps = np.abs(np.diff(trace.mg_dl[kept].astype(np.float64)))
    near = (minutes > 0) & (minutes <= GAP_IN_CADENCES * cadence / 60)
    known = (trace.censored[kept[1:]] == 0) & (trace.censored[kept[:-1]] == 0)
    bad = np.zeros(len(trace), dtype=bool)
    bad[kept[1:][near & known & (jumps > MAX_MG_DL_PER_MINUTE * minutes)]] = True
    starts, ends = runs(trace)
    seconds = trace.moments.astype(np.int64)
    stuck = (seconds[ends] - seconds[starts] > STUCK_HOURS * 3600) & (trace.censored[starts] == 0)
    for start, end in zip(starts[stuck], ends[stuck], strict=True):
        bad[start : end + 1] = True
    return float(bad.mean())
