"""A stored forecast as guidance reads it, while it still speaks of the future."""

from datetime import datetime, timedelta

import numpy as np

from backend.domain.glucose import LEVELS, GlucoseForecast
from ml.guidance.outlook import MonthBand, ShortForecast
from ml.records.cgm.grid import GlucoseGrid

_MONTH = timedelta(days=31)


def short_of(
    forecast: GlucoseForecast | None, grid: GlucoseGrid, now: datetime
) -> ShortForecast | None:
    """Its steps that are still to come; None when all of them have passed.

    The wall clock is that of the last reading.
    """
    if forecast is None:
        return None
    short = forecast.short_term
    steps = [step for step in short.steps if step.at > now]
    if not steps or short.origin > now:
        return None
    last = int(grid.moments[-1].astype("datetime64[s]").astype(np.int64))
    minutes = round((short.origin.timestamp() - last) / 60)
    return ShortForecast(
        minute_of_day=(int(grid.minute_of_day[-1]) + minutes) % 1440,
        minutes=np.array([step.minutes_ahead for step in steps], dtype=np.int64),
        levels=np.array(LEVELS),
        mg_dl=np.array([step.quantiles_mg_dl for step in steps]),
    )


def month_of(forecast: GlucoseForecast | None, now: datetime) -> MonthBand | None:
    """The profile of the first month, until that month is over."""
    if forecast is None or forecast.quarter is None:
        return None
    quarter = forecast.quarter
    if now.date() - quarter.first_day > _MONTH or not quarter.months:
        return None
    percentiles = np.array(quarter.months[0].percentiles_mg_dl)
    return MonthBand(percentiles, "model" if quarter.served == "model" else "carry_forward")
