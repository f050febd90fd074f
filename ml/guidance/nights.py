"""Nights with low glucose, and apart from them those on which somebody lay on the sensor."""

import numpy as np

from ml.guidance.advice import CONSENSUS, STANDARDS, Evidence, Finding, Number, Period
from ml.guidance.clock import calendar_day, events
from ml.guidance.intervals import wilson
from ml.records.cgm.artefacts import compression_lows
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.metrics import LOW

NIGHT_HOURS = 6
"""From midnight; Battelino et al. 2019."""
LEAST_NIGHTS = 7
_LEAST_KNOWN = 0.7


def nights(grid: GlucoseGrid, trusted: GlucoseGrid, period: Period) -> list[Finding]:
    """Low nights by `trusted`, without the dips of a pressed sensor; those are counted by
    themselves, from `grid`."""
    day = calendar_day(grid)
    night = grid.minute_of_day < NIGHT_HOURS * 60
    there = np.bincount((day - day[0])[night], weights=np.isfinite(grid.mg_dl[night]))
    known = there >= _LEAST_KNOWN * NIGHT_HOURS * 60 / grid.step_minutes
    if known.sum() < LEAST_NIGHTS:
        return []
    with np.errstate(invalid="ignore"):
        low = events(trusted.mg_dl < LOW, grid.step_minutes)
    count = int(known[np.unique((day - day[0])[low & night])].sum())
    found = [_finding("night_lows", count, int(known.sum()), period)] if count else []
    pressed = {int(day[dip.start]) for dip in compression_lows(grid)}
    if pressed:
        found.append(_finding("night_pressure", len(pressed), int(known.sum()), period))
    return found


def _finding(code: str, count: int, total: int, period: Period) -> Finding:
    low, high = wilson(min(count, total), total)
    numbers: dict[str, Number] = {
        "count": count,
        "nights": total,
        "from": "00:00",
        "to": f"{NIGHT_HOURS:02d}:00",
        "bound": int(LOW),
        "percent_low": round(100 * low),
        "percent_high": round(100 * high),
        "level": 95,
    }
    return Finding(code, Evidence(period, numbers, "share_of_days", sources=(CONSENSUS, STANDARDS)))
