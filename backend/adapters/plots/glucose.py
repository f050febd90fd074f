"""Implements `ports.plots.Plots`. Colours are told apart without colour vision, too: by lightness,
by line style, and by words in the legend."""

from typing import TYPE_CHECKING

from backend.domain.glucose import (
    LEVELS,
    MG_DL_PER_MMOL_L,
    MIDDLE,
    PERCENTILES,
    RANGE_MG_DL,
    GlucoseForecast,
    GlucoseProfile,
)
from backend.ports.plots import PictureFormat, Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _BLUE, _PALE_BLUE, _ORANGE, _GREEN = "#1b1b1b", "#0b4f9c", "#8fb8e8", "#b35900", "#2e7d32"
_LEAST_TOP_MG_DL = 250.0
_BOTTOM_MG_DL = 40.0
_BASELINE = "linear"
_RECENT_MINUTES = 180


class MatplotlibPlots:
    """Matplotlib is loaded with the first picture."""

    def forecast(self, forecast: GlucoseForecast, *, unit: Unit, form: PictureFormat) -> bytes:
        """Recent readings, the forecast with its 50 and 90 % intervals, and least squares."""
        from backend.adapters.plots.canvas import picture

        return picture(lambda axes: _draw_forecast(axes, forecast, unit), form)

    def profile(self, profile: GlucoseProfile, *, unit: Unit, form: PictureFormat) -> bytes:
        """The five percentiles over the hours of the day."""
        from backend.adapters.plots.canvas import picture

        return picture(lambda axes: _draw_profile(axes, profile, unit), form)


def _draw_forecast(axes: "Axes", forecast: GlucoseForecast, unit: Unit) -> None:
    told, scale = forecast.short_term, _scale(unit)
    past = [((at - told.origin).total_seconds() / 60, value / scale) for at, value in told.recent]
    past = [point for point in past if point[0] >= -_RECENT_MINUTES]
    minutes = [0, *(step.minutes_ahead for step in told.steps)]
    rows = [tuple([told.last_mg_dl] * len(LEVELS)), *(s.quantiles_mg_dl for s in told.steps)]
    column = [[row[index] / scale for row in rows] for index in range(len(LEVELS))]
    _target_range(axes, unit)
    axes.fill_between(
        minutes, column[0], column[-1], color=_PALE_BLUE, alpha=0.45, label="90 % interval"
    )
    axes.fill_between(
        minutes, column[2], column[-3], color=_PALE_BLUE, alpha=0.9, label="50 % interval"
    )
    axes.plot(minutes, column[MIDDLE], color=_BLUE, linewidth=2.2, label="forecast (median)")
    for baseline in told.baselines:
        if baseline.name == _BASELINE:
            values = [told.last_mg_dl / scale, *(value / scale for value in baseline.mg_dl)]
            axes.plot(minutes, values, color=_ORANGE, linestyle="--", label="least squares, beside")
    axes.plot(*zip(*past, strict=True), color=_INK, marker=".", linewidth=1, label="readings")
    axes.axvline(0, color=_INK, linewidth=0.8, linestyle=":")
    top = max([column[-1][-1], *column[-1], *(value for _, value in past)])
    _glucose_axis(axes, unit, top)
    axes.set_xlim(-_RECENT_MINUTES, minutes[-1])
    axes.set_xticks(range(-_RECENT_MINUTES, minutes[-1] + 1, 30))
    axes.set_xlabel("minutes from the last reading")
    axes.set_title(f"Glucose two hours ahead, from the reading of {told.origin:%Y-%m-%d %H:%M} UTC")
    axes.legend(loc="upper left", fontsize=9, ncols=2)


def _draw_profile(axes: "Axes", profile: GlucoseProfile, unit: Unit) -> None:
    scale, width = _scale(unit), profile.bin_minutes
    rows = [
        tuple(value / scale for value in row) if row else (float("nan"),) * len(PERCENTILES)
        for row in profile.percentiles_mg_dl
    ]
    hours = [(index + 0.5) * width / 60 for index in range(len(rows))]
    p5, p25, p50, p75, p95 = ([row[index] for row in rows] for index in range(len(PERCENTILES)))
    _target_range(axes, unit)
    axes.fill_between(hours, p5, p95, color=_PALE_BLUE, alpha=0.45, label="5 to 95 %")
    axes.fill_between(hours, p25, p75, color=_PALE_BLUE, alpha=0.9, label="25 to 75 %")
    axes.plot(hours, p50, color=_BLUE, linewidth=2.2, label="median")
    _glucose_axis(axes, unit, max((value for value in p95 if value == value), default=0.0))
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3), [f"{hour:02}:00" for hour in range(0, 25, 3)])
    axes.set_xlabel("time of day, on the clock that you had")
    axes.set_title(
        f"Ambulatory glucose profile, {profile.days:.0f} days to {profile.last:%Y-%m-%d}"
    )
    axes.legend(loc="upper left", fontsize=9, ncols=2)


def _target_range(axes: "Axes", unit: Unit) -> None:
    low, high = (bound / _scale(unit) for bound in RANGE_MG_DL)
    digits = 0 if unit is Unit.MG_DL else 1
    label = f"range {low:.{digits}f} to {high:.{digits}f} {unit.value}"
    axes.axhspan(low, high, color=_GREEN, alpha=0.10, label=label)
    for bound in (low, high):
        axes.axhline(bound, color=_GREEN, linewidth=0.8)


def _glucose_axis(axes: "Axes", unit: Unit, top: float) -> None:
    scale = _scale(unit)
    axes.set_ylim(_BOTTOM_MG_DL / scale, max(_LEAST_TOP_MG_DL / scale, top) * 1.18)
    axes.set_ylabel(f"glucose, {unit.value}")
    axes.grid(True, axis="y", color="#cccccc", linewidth=0.6)
    axes.set_axisbelow(True)


def _scale(unit: Unit) -> float:
    return 1.0 if unit is Unit.MG_DL else MG_DL_PER_MMOL_L
