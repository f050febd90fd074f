"""The forecasts that need no learning; every model is printed beside them."""

import numpy as np

from ml.models.point import Floats, PointForecaster
from ml.records.cgm.windows import HORIZON, ForecastWindows


class LastValue(PointForecaster):
    """Glucose stays where it is."""

    kind = "last_value"

    def _point(self, windows: ForecastWindows) -> Floats:
        return np.repeat(windows.history[:, -1:], HORIZON, axis=1)


class SameTimeYesterday(PointForecaster):
    """Glucose is what it was a day before; the last value where that is unknown."""

    kind = "same_time_yesterday"

    def _point(self, windows: ForecastWindows) -> Floats:
        return windows.yesterday


class TimeOfDayMedian(PointForecaster):
    """The person's own median at that time of day; the last value where there is none."""

    kind = "time_of_day_median"

    def _point(self, windows: ForecastWindows) -> Floats:
        return windows.typical
