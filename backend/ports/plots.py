"""Pictures of what is told about glucose."""

from enum import StrEnum
from typing import Protocol

from backend.domain.glucose import GlucoseForecast, GlucoseProfile


class Unit(StrEnum):
    """In which glucose is written."""

    MG_DL = "mg/dL"
    MMOL_L = "mmol/L"


class PictureFormat(StrEnum):
    PNG = "png"
    SVG = "svg"


class Plots(Protocol):
    """The same values give the same bytes."""

    def forecast(self, forecast: GlucoseForecast, *, unit: Unit, form: PictureFormat) -> bytes:
        """The recent hours, the two hours ahead with their 90 % interval, and a baseline."""
        ...

    def profile(self, profile: GlucoseProfile, *, unit: Unit, form: PictureFormat) -> bytes:
        """The ambulatory glucose profile over the hours of the day."""
        ...
