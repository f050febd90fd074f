"""Glucose days as a table in long form: one row per reading, of series of nobody."""

import numpy as np

from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

SERIES, MINUTE, GLUCOSE = "series", "minute", "glucose_mg_dl"
WORDS = {
    SERIES: ("Number of the synthetic series; a series is of nobody and of no calendar day", ""),
    MINUTE: ("Minutes since the first midnight of the series", "min"),
    GLUCOSE: ("Glucose as a continuous sensor would read it", "mg/dL"),
}
_DECIMALS = 1


def as_table(days: GlucoseDays) -> Table:
    """One row per reading, series after series, with neither names nor calendar days.

    Days of one nobody are one series, in order of time; series are numbered from 1 as they first
    appear. Readings have one decimal.
    """
    _, first, found = np.unique(days.person, return_index=True, return_inverse=True)
    series = np.argsort(np.argsort(first))[found] + 1
    order = np.lexsort((days.day, series))
    series, day = series[order], days.day[order].astype("datetime64[D]").astype(np.int64)
    begin = np.concatenate([[True], series[1:] != series[:-1]])
    since = day - np.repeat(day[begin], np.diff(np.append(np.flatnonzero(begin), len(day))))
    steps = days.mg_dl.shape[1]
    minute = since[:, None] * 1440 + np.arange(steps)[None, :] * days.step_minutes
    readings = np.round(days.mg_dl[order].astype(np.float64), _DECIMALS)
    values = np.column_stack([np.repeat(series, steps), minute.ravel(), readings.ravel()])
    lowest = min(LOWEST, float(readings.min()))
    highest = max(HIGHEST, float(readings.max()))
    columns = (
        Column(SERIES, "integer", minimum=1, maximum=float(series.max())),
        Column(MINUTE, "integer", minimum=0, maximum=float(minute.max()), step=days.step_minutes),
        Column(GLUCOSE, "continuous", minimum=lowest, maximum=highest, decimals=_DECIMALS),
    )
    return Table(Schema(columns), values.astype(np.float64))
