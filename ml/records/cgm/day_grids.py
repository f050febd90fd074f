"""Days back onto the grid of time: what a generator made becomes forecast windows."""

import numpy as np

from ml.records.cgm.days import GlucoseDays
from ml.records.cgm.grid import GlucoseGrid, even_grid

_FINE = 5


def grids_of_days(days: GlucoseDays, *, step_minutes: int = _FINE) -> list[GlucoseGrid]:
    """One grid per run of days of a person that follow each other; coarser days are bridged.

    A run is named by its person, so that splits by person keep runs together.
    """
    order = np.lexsort((days.day.astype(np.int64), days.person))
    person, day = days.person[order], days.day[order].astype(np.int64)
    breaks = np.flatnonzero((person[1:] != person[:-1]) | (np.diff(day) != 1)) + 1
    runs = np.split(order, breaks) if len(days) else []
    return [_grid(days, run, step_minutes) for run in runs]


def _grid(days: GlucoseDays, run: np.ndarray, step_minutes: int) -> GlucoseGrid:
    step = days.step_minutes * 60
    start = int(days.day[run[0]].astype("datetime64[s]").astype(np.int64))
    values = days.mg_dl[run].reshape(-1)
    # A coarse value is the mean of its interval, so it stands in the middle of it.
    middle = (days.step_minutes - step_minutes) // (2 * step_minutes) * step_minutes * 60
    seconds = start + middle + np.arange(values.size, dtype=np.int64) * step
    return even_grid(
        seconds,
        values,
        wall_offset=np.zeros(values.size, dtype=np.int64),
        person=str(days.person[run[0]]),
        step_minutes=step_minutes,
    )
