"""Windows of a grid: what a short-term forecast sees, and what came after."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid

STEP_MINUTES = 5
HISTORY = 144
"""Steps that a forecast sees: 12 hours."""
HORIZON = 24
"""Steps that it tells: 2 hours."""
HORIZON_MINUTES = tuple(STEP_MINUTES * (step + 1) for step in range(HORIZON))
LEAST_KNOWN = 0.75
"""Share of a history that has to be known; the rest is filled by straight lines."""
_LATELY = 6
_USUAL_DAYS = 14
_DAY = 1440 // STEP_MINUTES
_AT_ONCE = 4096
"""Origins whose past days are held in memory together: 5 MiB of them."""


@dataclass(frozen=True, eq=False)
class ForecastWindows:
    """Forecast origins of one or more people; the first axis of every array is the origin.

    Nothing but `target` looks past the origin, which is always a step with a reading. That holds
    for readings of a sensor: where somebody interpolated them before they came here, the values
    between two true readings know the later one.

    Attributes:
        person: whose window it is, str, shape (n,).
        moment: of the origin, datetime64[s], shape (n,).
        minute_of_day: of the origin on the wall clock, int16, shape (n,).
        history: mg/dL, oldest first, the last entry is the origin, float32, (n, HISTORY), no NaN.
        yesterday: mg/dL one day before each target step, float32, (n, HORIZON), NaN if unknown.
        typical: the person's median at the time of day of each target step over the days before
            the origin (14 at most), float32, (n, HORIZON), NaN where there is none.
        day_spread: SD of what is known of the 24 hours up to the origin, mg/dL, float32, (n,).
        usual_spread: the same of the 14 days up to the origin.
        target: mg/dL after the origin, float32, (n, HORIZON), NaN where there is no reading.
    """

    person: npt.NDArray[np.str_]
    moment: npt.NDArray[np.datetime64]
    minute_of_day: npt.NDArray[np.int16]
    history: npt.NDArray[np.float32]
    yesterday: npt.NDArray[np.float32]
    typical: npt.NDArray[np.float32]
    day_spread: npt.NDArray[np.float32]
    usual_spread: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.history)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "ForecastWindows":
        """The windows that `which` (a mask or indices) selects."""
        return ForecastWindows(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def forecast_windows(grid: GlucoseGrid, *, stride: int = 1) -> ForecastWindows:
    """Windows of a 5-minute grid, every `stride`-th origin that has enough history.

    Enough is `LEAST_KNOWN` of the 12 hours and all of the last half hour.

    Raises:
        ValueError: the grid has another step.
    """
    if grid.step_minutes != STEP_MINUTES:
        raise ValueError(f"forecasts need a grid of {STEP_MINUTES} min, not {grid.step_minutes}")
    origins = _origins(grid)[::stride]
    padded = np.concatenate([grid.mg_dl, np.full(HORIZON, np.nan, dtype=np.float32)])
    real = np.concatenate([grid.observed, np.zeros(HORIZON, dtype=bool)])
    ahead = origins[:, None] + np.arange(1, HORIZON + 1)
    return ForecastWindows(
        person=np.full(origins.size, grid.person, dtype=f"<U{max(1, len(grid.person))}"),
        moment=grid.moments[origins],
        minute_of_day=grid.minute_of_day[origins],
        history=_filled(grid.mg_dl)[origins[:, None] + np.arange(1 - HISTORY, 1)],
        yesterday=_at(padded, ahead - _DAY),
        typical=_typical(padded, origins),
        day_spread=_spread(grid.mg_dl, origins, days=1),
        usual_spread=_spread(grid.mg_dl, origins, days=_USUAL_DAYS),
        target=np.where(real[ahead], padded[ahead], np.float32(np.nan)).astype(np.float32),
    )


def last_origin(grid: GlucoseGrid) -> int | None:
    """The last step of a 5-minute grid that a forecast can start from; None where none can."""
    origins = _origins(grid)
    return int(origins[-1]) if origins.size else None


def joined(parts: Sequence[ForecastWindows]) -> ForecastWindows:
    """All windows of all parts, in order."""
    return ForecastWindows(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])}
    )


def _origins(grid: GlucoseGrid) -> npt.NDArray[np.intp]:
    known = np.concatenate([[0], np.cumsum(np.isfinite(grid.mg_dl))])
    last = np.arange(HISTORY - 1, len(grid))
    enough = known[last + 1] - known[last + 1 - HISTORY] >= LEAST_KNOWN * HISTORY
    lately = known[last + 1] - known[last + 1 - _LATELY] == _LATELY
    return last[enough & lately & grid.observed[last]]


def _filled(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Straight lines over every gap; at an observed origin both ends lie in the past."""
    steps = np.arange(values.size)
    known = np.isfinite(values)
    if not known.any():  # then there is no origin either
        return values
    return np.interp(steps, steps[known], values[known]).astype(np.float32)


def _at(values: npt.NDArray[np.float32], index: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    return np.where(index >= 0, values[np.maximum(index, 0)], np.float32(np.nan)).astype(np.float32)


def _typical(
    values: npt.NDArray[np.float32], origins: npt.NDArray[np.intp], days: int = _USUAL_DAYS
) -> npt.NDArray[np.float32]:
    """Median over the last `days` days at the time of day of each target step."""
    found = np.empty((origins.size, HORIZON), dtype=np.float32)
    for first in range(0, origins.size, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        found[some] = _medians(values, origins[some], days)
    return found


def _medians(
    values: npt.NDArray[np.float32], origins: npt.NDArray[np.intp], days: int
) -> npt.NDArray[np.float32]:
    ahead = origins[:, None] + np.arange(1, HORIZON + 1)
    past = np.stack([_at(values, ahead - _DAY * day) for day in range(1, days + 1)])
    with np.errstate(all="ignore"):
        known = np.isfinite(past).any(axis=0)
        filled = np.where(known, past, np.float32(0.0))
        return np.where(known, np.nanmedian(filled, axis=0), np.nan).astype(np.float32)


def _spread(
    values: npt.NDArray[np.float32], origins: npt.NDArray[np.intp], *, days: int
) -> npt.NDArray[np.float32]:
    """SD of the known values of the last `days` days up to each origin; an origin is known."""
    known = np.isfinite(values)
    level = float(values[known].mean(dtype=np.float64)) if known.any() else 0.0
    away = np.where(known, values.astype(np.float64) - level, 0.0)  # small sums round little
    sums = np.stack([np.cumsum(np.append(0.0, of)) for of in (known, away, away**2)])
    end = origins + 1
    count, first, second = sums[:, end] - sums[:, np.maximum(end - days * _DAY, 0)]
    variance = second / count - (first / count) ** 2
    return np.sqrt(np.maximum(variance, 0.0)).astype(np.float32)
