"""The ambulatory glucose profile: what each time of day has looked like.

Source: Bergenstal et al., "Recommendations for standardizing glucose reporting and analysis",
Diabetes Technol Ther 15 (2013) 198-211; the 5/25/50/75/95 bands of the 2019 consensus report.
The vendors smooth these curves (each in its own way); here the percentiles are as counted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid

PERCENTILES = (5, 25, 50, 75, 95)
_DAY = 1440


@dataclass(frozen=True, eq=False)
class Agp:
    """Percentiles of glucose by time of day; the first axis of every array is the bin.

    Attributes:
        minute_of_day: at which each bin begins on the wall clock, int16, shape (bins,).
        percentiles: mg/dL, columns as `PERCENTILES`, float32, shape (bins, 5); NaN in a bin
            without readings.
        counts: readings in each bin, int64, shape (bins,).
    """

    minute_of_day: npt.NDArray[np.int16]
    percentiles: npt.NDArray[np.float32]
    counts: npt.NDArray[np.int64]


def agp(grid: GlucoseGrid, *, bin_minutes: int = 15) -> Agp:
    """The profile of a grid's real readings in bins of `bin_minutes`.

    Percentiles are interpolated linearly (R's type 7).

    Raises:
        ValueError: `bin_minutes` does not divide the day.
    """
    return profile(
        grid.minute_of_day[grid.observed], grid.mg_dl[grid.observed], bin_minutes=bin_minutes
    )


def profile(minute_of_day: npt.ArrayLike, mg_dl: npt.ArrayLike, *, bin_minutes: int = 15) -> Agp:
    """The profile of readings at these minutes of the day, any equal shapes; NaN is left out.

    Raises:
        ValueError: `bin_minutes` does not divide the day, or a minute lies outside 0 to 1439.
    """
    if bin_minutes < 1 or _DAY % bin_minutes:
        raise ValueError(f"bins of {bin_minutes} min do not divide a day of {_DAY}")
    minutes, values = np.ravel(minute_of_day), np.asarray(mg_dl, dtype=np.float64).ravel()
    known = np.isfinite(values)
    minutes, values = minutes[known].astype(np.int64), values[known]
    if minutes.size and not (minutes.min() >= 0 and minutes.max() < _DAY):
        raise ValueError("minutes of the day run from 0 to 1439")
    bins = _DAY // bin_minutes
    which = minutes // bin_minutes
    counts = np.bincount(which, minlength=bins)
    bands = np.full((bins, len(PERCENTILES)), np.nan, dtype=np.float32)
    by_bin = np.split(values[np.argsort(which, kind="stable")], np.cumsum(counts)[:-1])
    for index, readings in enumerate(by_bin):
        if readings.size:
            bands[index] = np.percentile(readings, PERCENTILES)
    return Agp(
        minute_of_day=(np.arange(bins) * bin_minutes).astype(np.int16),
        percentiles=bands,
        counts=counts.astype(np.int64),
    )
