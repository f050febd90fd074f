"""The consensus figures of continuous glucose: how high, how variable, how long in range.

Sources: Battelino et al., "Clinical targets for continuous glucose monitoring data
interpretation", Diabetes Care 42 (2019) 1593-1603, tables 1 and 2 (bounds, CV, GMI, wear);
Bergenstal et al., "Glucose management indicator", Diabetes Care 41 (2018) 2275-2280 (the line).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.wear import wear

VERY_LOW = 54.0
LOW = 70.0
HIGH = 180.0
VERY_HIGH = 250.0
"""mg/dL; 70 and 180 belong to the range, 54 to the low and 250 to the high readings."""

_GMI_INTERCEPT = 3.31
_GMI_PER_MG_DL = 0.02392


@dataclass(frozen=True)
class GlucoseMetrics:
    """Figures of one stretch of readings. Shares run from 0 to 1 and are of the readings there.

    Attributes:
        mean: mg/dL.
        sd: mg/dL, with n - 1 beneath; 0 for a single reading.
        cv: sd / mean, a share (the consensus' 36 % is 0.36).
        gmi: glucose management indicator, in per cent of HbA1c as laboratories write it.
        tir: share from 70 to 180 mg/dL, both included.
        tbr: share below 70, very low ones included.
        tbr_very_low: share below 54.
        tar: share above 180, very high ones included.
        tar_very_high: share above 250.
        readings: how many there are.
        wear: share of the span's readings that are there.
    """

    mean: float
    sd: float
    cv: float
    gmi: float
    tir: float
    tbr: float
    tbr_very_low: float
    tar: float
    tar_very_high: float
    readings: int
    wear: float


def glucose_metrics(
    mg_dl: npt.ArrayLike, *, step_minutes: float, span_minutes: float | None = None
) -> GlucoseMetrics:
    """The figures of these readings.

    Args:
        mg_dl: readings, any shape; NaN marks one that is missing.
        step_minutes: between two readings of the sensor.
        span_minutes: time that the readings should fill; by default one step per entry of
            `mg_dl`, the missing ones included.

    Raises:
        ValueError: there is no reading, or a step or span is not positive.
    """
    values = np.asarray(mg_dl, dtype=np.float64).ravel()
    span = values.size * step_minutes if span_minutes is None else span_minutes
    known = values[np.isfinite(values)]
    if known.size == 0:
        raise ValueError("there is no reading to take figures of")
    if step_minutes <= 0 or span <= 0:
        raise ValueError("step and span are minutes above 0")
    mean = float(known.mean())
    sd = float(known.std(ddof=1)) if known.size > 1 else 0.0
    below, above = float((known < LOW).mean()), float((known > HIGH).mean())
    return GlucoseMetrics(
        mean=mean,
        sd=sd,
        cv=sd / mean,
        gmi=glucose_management_indicator(mean),
        tir=float(((known >= LOW) & (known <= HIGH)).mean()),
        tbr=below,
        tbr_very_low=float((known < VERY_LOW).mean()),
        tar=above,
        tar_very_high=float((known > VERY_HIGH).mean()),
        readings=int(known.size),
        wear=min(1.0, known.size * step_minutes / span),
    )


def grid_metrics(grid: GlucoseGrid) -> GlucoseMetrics:
    """The figures of a grid's real readings; wear by the sensor's cadence, see `wear`.

    Raises:
        ValueError: the grid holds no reading.
    """
    figures = glucose_metrics(grid.mg_dl[grid.observed], step_minutes=grid.step_minutes)
    return replace(figures, wear=wear(grid).share)


def glucose_management_indicator(mean_mg_dl: float) -> float:
    """HbA1c in per cent that goes with this mean of CGM readings, 3.31 + 0.02392 mean."""
    return _GMI_INTERCEPT + _GMI_PER_MG_DL * mean_mg_dl
