"""Hours of the day at which glucose was often low or high."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.guidance.advice import CONSENSUS, Evidence, Finding, Number, Period
from ml.guidance.clock import LEAST_KNOWN, calendar_day, events, hour_text
from ml.guidance.intervals import wilson
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.metrics import HIGH, LOW

LEAST_DAYS = 7
"""Days on which an hour has to be known before anything is said of it."""
_MOST = 3


@dataclass(frozen=True)
class HourRisk:
    """One hour of the day: on how many of the `days` it is known glucose was low, was high."""

    hour: int
    days: int
    low_days: int
    low_interval: tuple[float, float]
    high_days: int
    high_interval: tuple[float, float]


@dataclass(frozen=True)
class _Side:
    code: str
    bound: float
    least_events: int
    least_share: float
    least_lower: float


_LOW = _Side("low_hours", LOW, 2, 0.0, 0.05)
_HIGH = _Side("high_hours", HIGH, 3, 1 / 3, 0.15)


@dataclass(frozen=True, eq=False)
class _Table:
    """Days by hours: whether the hour is known, was low, was high; bool, shape (days, 24)."""

    known: npt.NDArray[np.bool_]
    low: npt.NDArray[np.bool_]
    high: npt.NDArray[np.bool_]


def hours_at_risk(grid: GlucoseGrid, period: Period) -> tuple[list[HourRisk], list[Finding]]:
    """All 24 hours in numbers, and the stretches of hours that stand out, the most frequent first.

    A low stretch has hours that were low on at least two days and whose interval lies above 5 %;
    a high one hours that were high on every third day and whose interval lies above 15 %.
    """
    table = _table(grid)
    rows = [_row(table, hour) for hour in range(24)]
    found = [
        *_stretches(table.low, table.known, _LOW, period),
        *_stretches(table.high, table.known, _HIGH, period),
    ]
    return rows, found


def _table(grid: GlucoseGrid) -> _Table:
    day = calendar_day(grid)
    cell = (day - day[0]) * 24 + grid.minute_of_day // 60
    cells = (int(day[-1] - day[0]) + 1) * 24
    in_an_hour = 60 / grid.step_minutes
    with np.errstate(invalid="ignore"):
        low = events(grid.mg_dl < LOW, grid.step_minutes)
        high = events(grid.mg_dl > HIGH, grid.step_minutes)
    there = np.bincount(cell, weights=np.isfinite(grid.mg_dl), minlength=cells)
    known = (there >= LEAST_KNOWN * in_an_hour).reshape(-1, 24)
    return _Table(
        known=known,
        low=(np.bincount(cell, weights=low, minlength=cells) > 0).reshape(-1, 24) & known,
        high=(np.bincount(cell, weights=high, minlength=cells) > 0).reshape(-1, 24) & known,
    )


def _row(table: _Table, hour: int) -> HourRisk:
    days = int(table.known[:, hour].sum())
    low, high = int(table.low[:, hour].sum()), int(table.high[:, hour].sum())
    return HourRisk(hour, days, low, wilson(low, days), high, wilson(high, days))


def _stretches(
    beyond: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], side: _Side, period: Period
) -> list[Finding]:
    stands_out = [_stands_out(beyond[:, hour], known[:, hour], side) for hour in range(24)]
    found = [_finding(beyond, known, side, run, period) for run in runs_of_hours(stands_out)]
    found.sort(key=lambda f: float(f.evidence.numbers["percent"] or 0), reverse=True)
    return found[:_MOST]


def _stands_out(beyond: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], side: _Side) -> bool:
    count, days = int(beyond.sum()), int(known.sum())
    return (
        days >= LEAST_DAYS
        and count >= side.least_events
        and count / days >= side.least_share
        and wilson(count, days)[0] >= side.least_lower
    )


def runs_of_hours(chosen: list[bool]) -> list[list[int]]:
    """Neighbouring hours together, also across midnight."""
    if all(chosen):
        return [list(range(24))]
    first = chosen.index(False)
    runs: list[list[int]] = []
    for hour in [(first + step) % 24 for step in range(24)]:
        if not chosen[hour]:
            continue
        if runs and (runs[-1][-1] + 1) % 24 == hour:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return runs


def _finding(
    beyond: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    side: _Side,
    hours: list[int],
    period: Period,
) -> Finding:
    there = known[:, hours].mean(axis=1) >= LEAST_KNOWN
    count = int((beyond[:, hours].any(axis=1) & there).sum())
    days = int(there.sum())
    low, high = wilson(count, days)
    numbers: dict[str, Number] = {
        "from": hour_text(hours[0]),
        "to": hour_text(hours[-1] + 1),
        "bound": int(side.bound),
        "count": count,
        "days": days,
        "percent": round(100 * count / days) if days else 0,
        "percent_low": round(100 * low),
        "percent_high": round(100 * high),
        "level": 95,
    }
    return Finding(side.code, Evidence(period, numbers, "share_of_days", sources=(CONSENSUS,)))
