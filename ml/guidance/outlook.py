"""Hours at risk in a forecast: the next two hours, and the profile of the coming month."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.guidance.advice import CONSENSUS, STANDARDS, Evidence, Finding, Number, Period
from ml.guidance.clock import hour_text, minute_text
from ml.guidance.hours import runs_of_hours
from ml.records.cgm.metrics import HIGH, LOW

LEAST_CHANCE_OF_LOW = 0.10
LEAST_CHANCE_OF_HIGH = 0.50
_MOST = 3


@dataclass(frozen=True, eq=False)
class ShortForecast:
    """Quantiles of the next hours.

    Attributes:
        minute_of_day: of the last reading, on the wall clock.
        minutes: after it, of each step, shape (steps,).
        levels: of the quantiles, ascending, shape (q,).
        mg_dl: shape (steps, q).
    """

    minute_of_day: int
    minutes: npt.NDArray[np.int64]
    levels: npt.NDArray[np.float64]
    mg_dl: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MonthBand:
    """The profile that is forecast for the coming month.

    Attributes:
        percentiles: mg/dL at 5, 25, 50, 75 and 95 %, rows from midnight on, shape (bins, 5).
        served: ``carry_forward`` where no model did better than the last days.
    """

    percentiles: npt.NDArray[np.float64]
    served: Literal["model", "carry_forward"]


def soon(forecast: ShortForecast, period: Period) -> list[Finding]:
    """The first moment at which a low, or a high, has that much of a chance."""
    found = []
    below = (forecast.mg_dl < LOW).sum(axis=1)
    chance_low = np.where(below > 0, forecast.levels[np.maximum(below - 1, 0)], 0.0)
    if chance_low.max(initial=0.0) >= LEAST_CHANCE_OF_LOW:
        found.append(_soon("forecast_low_soon", LOW, chance_low, forecast, period))
    first_above = (forecast.mg_dl <= HIGH).sum(axis=1)
    padded = np.append(forecast.levels, 1.0)
    chance_high = np.round(1.0 - padded[first_above], 6)
    if chance_high.max(initial=0.0) >= LEAST_CHANCE_OF_HIGH:
        found.append(_soon("forecast_high_soon", HIGH, chance_high, forecast, period))
    return found


def coming_month(band: MonthBand, period: Period) -> list[Finding]:
    """Hours in which one reading in twenty is expected below 70, or one in four above 180."""
    hourly = band.percentiles.reshape(24, -1, 5)
    low = [bool((bins[:, 0] < LOW).any()) for bins in hourly]
    high = [bool((bins[:, 3] > HIGH).any()) for bins in hourly]
    found = []
    for code, chosen, bound, one_in in (
        ("forecast_low_hours", low, LOW, 20),
        ("forecast_high_hours", high, HIGH, 4),
    ):
        runs = sorted(runs_of_hours(chosen), key=len, reverse=True)
        for hours in runs[:_MOST]:
            numbers: dict[str, Number] = {
                "from": hour_text(hours[0]),
                "to": hour_text(hours[-1] + 1),
                "bound": int(bound),
                "one": 1,
                "one_in": one_in,
                "served": band.served,
            }
            sources = (CONSENSUS, STANDARDS) if bound == LOW else (CONSENSUS,)
            evidence = Evidence(period, numbers, "forecast_quantiles", sources=sources)
            found.append(Finding(code, evidence))
    return found


def _soon(
    code: str,
    bound: float,
    chance: npt.NDArray[np.float64],
    forecast: ShortForecast,
    period: Period,
) -> Finding:
    worst = int(np.argmax(chance))
    minutes = int(forecast.minutes[worst])
    numbers: dict[str, Number] = {
        "bound": int(bound),
        "percent": round(100 * float(chance[worst])),
        "minutes": minutes,
        "made_at": minute_text(forecast.minute_of_day),
        "at": minute_text((forecast.minute_of_day + minutes) % 1440),
    }
    sources = (CONSENSUS, STANDARDS) if bound == LOW else (CONSENSUS,)
    return Finding(code, Evidence(period, numbers, "forecast_quantiles", sources=sources))
