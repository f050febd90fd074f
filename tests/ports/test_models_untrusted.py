"""Readings that say nothing of the person start no forecast and count in no figure."""

import tracemalloc
from datetime import timedelta

import numpy as np
import pytest

from backend.adapters.models.glucose import MlGlucoseModels
from backend.adapters.models.personal_model import from_bytes
from backend.adapters.models.traces import CONTEXT_DAYS
from backend.domain.errors import NotEnoughData
from backend.domain.glucose import Finding, TrainedModel
from backend.domain.identifiers import ContributionId, GlucoseModelId
from tests.glucose_records import (
    FIRST,
    canonical,
    readings,
    with_a_clock_set_back,
    with_compression_lows,
)
from tests.ports.test_models import Kept, silent

MODEL = GlucoseModelId("ab" * 16)
NEWER = ContributionId("ef" * 16)
DAY = 288


@pytest.fixture
def models() -> MlGlucoseModels:
    return MlGlucoseModels("quick")


@pytest.fixture(scope="module")
def paused() -> np.ndarray:
    """Two weeks worn, sixteen days without a sensor, five hours of the next one."""
    gap = np.full(16 * DAY, np.nan)
    return np.concatenate([readings(14), gap, readings(14, seed=2)[:60]])


@pytest.fixture(scope="module")
def trained(paused: np.ndarray) -> TrainedModel:
    models = MlGlucoseModels("quick")
    return models.train([canonical(paused)], seed=1, progress=silent, checkpoints=Kept())


def codes(findings: tuple[Finding, ...]) -> set[str]:
    return {one.code for one in findings}


def test_a_model_that_was_trained_answers_also_after_a_long_pause(
    models: MlGlucoseModels, trained: TrainedModel
) -> None:
    told = models.forecast(MODEL, lambda: trained.content, newer={})
    assert told.short_term.origin == FIRST + timedelta(days=13, hours=22, minutes=55)
    context = from_bytes(trained.content).context
    assert len(context) == 14 * DAY <= CONTEXT_DAYS * DAY


def test_a_sensor_that_is_stuck_starts_no_forecast_and_is_told(
    models: MlGlucoseModels, trained: TrainedModel
) -> None:
    values = readings(2, seed=4)
    values[-144:] = 140.0
    newer = canonical(values, start=FIRST + timedelta(days=14))
    told = models.forecast(MODEL, lambda: trained.content, newer={NEWER: lambda: newer})
    assert told.short_term.origin <= FIRST + timedelta(days=15, hours=12)
    assert told.short_term.origin > FIRST + timedelta(days=15, hours=10)
    assert "stuck" in codes(told.assessment.notes)
    before = models.forecast(MODEL, lambda: trained.content, newer={})
    assert "stuck" not in codes(before.assessment.notes)


def test_a_year_of_newer_readings_is_answered_in_little_memory(
    models: MlGlucoseModels, trained: TrainedModel
) -> None:
    newer = canonical(readings(365, seed=4), start=FIRST - timedelta(days=340))
    tracemalloc.start()
    told = models.forecast(MODEL, lambda: trained.content, newer={NEWER: lambda: newer})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told.short_term.origin == FIRST + timedelta(days=25) - timedelta(minutes=5)
    assert peak < 64 * 2**20


def test_what_is_older_than_half_a_year_is_not_learnt_from(models: MlGlucoseModels) -> None:
    old = canonical(readings(14), start=FIRST - timedelta(days=200))
    recent = canonical(readings(3), start=FIRST)
    assert models.assess([old]).enough
    found = models.assess([old, recent])
    assert not found.enough and found.days_worn == 3
    with pytest.raises(NotEnoughData):
        models.train([old, recent], seed=1, progress=silent, checkpoints=Kept())


def test_compression_lows_are_in_no_figure_and_no_profile(models: MlGlucoseModels) -> None:
    plain, low = readings(14), with_compression_lows(readings(14))
    told = models.summarise([canonical(low)], days=None)
    assert "compression_low" in codes(told.notes)
    without = models.summarise([canonical(plain)], days=None)
    assert told.tbr_very_low <= without.tbr_very_low
    assert told.tbr == pytest.approx(without.tbr, abs=0.01)
    assert told.wear == without.wear == 1.0 and told.readings == without.readings
    night = 150 // 15
    profile = models.profile([canonical(low)], days=None)
    assert profile.percentiles_mg_dl[night] is None and profile.counts[night] == 0


def test_figures_of_nothing_but_a_stuck_sensor_are_refused(models: MlGlucoseModels) -> None:
    values = readings(6)
    values[-DAY:] = 140.0
    values[-DAY : 12 - DAY] = np.nan
    for ask in (models.summarise, models.profile):
        with pytest.raises(NotEnoughData, match="hardly vary"):
            ask([canonical(values)], days=1)


def test_a_clock_that_was_set_back_in_one_file_is_told_and_its_hours_are_left_out(
    models: MlGlucoseModels,
) -> None:
    one, other = with_a_clock_set_back(readings(14)), canonical(readings(1), zone="Asia/Seoul")
    assert "doubled_time" in codes(models.assess([one]).notes)
    assert "doubled_time" in codes(models.assess([one, other]).notes)
    assert "doubled_time" not in codes(models.assess([other]).notes)
    assert "doubled_time" in codes(models.summarise([one], days=14).notes)
    assert "doubled_time" not in codes(models.summarise([one], days=2).notes)
