"""Hours at risk in a forecast, with the fixed sentence for a low."""

import numpy as np
import pytest

from ml.guidance.advice import Period
from ml.guidance.outlook import MonthBand, ShortForecast, coming_month, soon
from ml.guidance.words import said
from ml.models.forecaster import QUANTILES
from tests.ml.guidance.planted import Plan, codes, plant, told

PERIOD = Period("2026-11-02", "2026-11-15", 14)
LEVELS = np.array(QUANTILES)


def forecast(last_median: float, spread: float = 25.0) -> ShortForecast:
    """From 120 in a straight line to `last_median` in two hours, `spread` on either side."""
    median = np.linspace(120, last_median, 24)[:, None]
    return ShortForecast(870, np.arange(1, 25) * 5, LEVELS, median + spread * (LEVELS - 0.5) * 2)


def test_a_low_that_is_likely_enough_is_told_with_its_chance_and_its_time() -> None:
    (finding,) = soon(forecast(65.0), PERIOD)
    assert finding.code == "forecast_low_soon"
    numbers = finding.evidence.numbers
    assert (numbers["percent"], numbers["made_at"], numbers["at"]) == (50, "14:30", "16:20")
    assert any("Standards of Care" in source for source in finding.evidence.sources)


def test_a_low_of_little_chance_and_a_forecast_in_range_say_nothing() -> None:
    assert soon(forecast(120.0), PERIOD) == []
    assert soon(forecast(91.0, spread=23.5), PERIOD) == []  # the 5 % line alone lies below 70


def test_a_high_is_told_from_an_even_chance_on() -> None:
    (finding,) = soon(forecast(185.0), PERIOD)
    assert finding.code == "forecast_high_soon"
    assert finding.evidence.numbers["percent"] == 50


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_sentence_for_a_low_is_fixed_and_names_its_source(language: str) -> None:
    (finding,) = soon(forecast(65.0), PERIOD)
    text = said(finding, language).text  # type: ignore[arg-type]
    assert "ADA Standards of Care" in text
    assert {"en": "care team", "ko": "의료진"}[language] in text


def test_hours_of_the_coming_month_are_joined_across_midnight() -> None:
    percentiles = np.tile([85.0, 100.0, 120.0, 140.0, 170.0], (96, 1))
    percentiles[[*range(92, 96), *range(8)], 0] = 66.0
    percentiles[52:60, 3] = 190.0
    low, high = coming_month(MonthBand(percentiles, "carry_forward"), PERIOD)
    assert (low.evidence.numbers["from"], low.evidence.numbers["to"]) == ("23:00", "02:00")
    assert (high.evidence.numbers["from"], high.evidence.numbers["to"]) == ("13:00", "15:00")
    assert "carried forward" in said(low, "en").text
    assert (
        "carried" not in said(coming_month(MonthBand(percentiles, "model"), PERIOD)[0], "en").text
    )


def test_the_forecast_is_told_also_where_the_days_are_too_few() -> None:
    guidance = told(plant(1, Plan(days=4)), short=forecast(65.0))
    assert codes(guidance) == ["forecast_low_soon", "too_few_days"]
