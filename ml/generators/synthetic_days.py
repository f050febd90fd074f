"""Readings that a generator made, as days of nobody."""

import numpy as np
import numpy.typing as npt

from ml.records.cgm.days import GlucoseDays

_FIRST = np.datetime64("2000-01-01")


def synthetic_days(mg_dl: npt.NDArray[np.float32], maker: str) -> GlucoseDays:
    """`mg_dl`, shape (days, steps), each day of a nobody of its own, so that none are joined."""
    names = np.array([f"{maker}-{number}" for number in range(len(mg_dl))], dtype=np.str_)
    return GlucoseDays(
        step_minutes=1440 // mg_dl.shape[1],
        mg_dl=mg_dl.astype(np.float32),
        person=names,
        day=_FIRST + np.arange(len(mg_dl)),
    )
