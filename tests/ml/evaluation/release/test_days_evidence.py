"""Synthetic days are judged by the measures of any release."""

import numpy as np
import pytest

from ml.evaluation.release import MEASURES
from ml.evaluation.release.days import DaysRefit, days_evidence
from ml.records.cgm.days import GlucoseDays


def days_of(rng: np.random.Generator, people: int, days: int = 6) -> GlucoseDays:
    """Random walks, 30 minutes apart."""
    n = people * days
    walk = np.cumsum(rng.normal(0, 12, (n, 48)), axis=1)
    mg_dl = np.clip(140 + walk - walk.mean(axis=1, keepdims=True), 40, 400).astype(np.float32)
    names = np.repeat([f"{rng.integers(10**9)}-{i}" for i in range(people)], days)
    dates = np.datetime64("2026-01-01") + np.tile(np.arange(days), people)
    return GlucoseDays(30, mg_dl, names, dates)


def with_readings(days: GlucoseDays, mg_dl: np.ndarray) -> GlucoseDays:
    return GlucoseDays(30, mg_dl.astype(np.float32), days.person, days.day)


@pytest.fixture(scope="module")
def sides() -> tuple[GlucoseDays, GlucoseDays]:
    rng = np.random.default_rng(1)
    return days_of(rng, 40), days_of(rng, 20)


@pytest.fixture(scope="module")
def strangers() -> GlucoseDays:
    return days_of(np.random.default_rng(2), 30)


def test_days_of_strangers_show_nothing(
    sides: tuple[GlucoseDays, GlucoseDays], strangers: GlucoseDays
) -> None:
    def anew(days: GlucoseDays, n: int, rng: np.random.Generator) -> GlucoseDays:
        assert np.unique(days.person).size == 30
        return days_of(rng, n // 6)

    found = days_evidence(strangers, *sides, refit=DaysRefit(anew, 8), rng=np.random.default_rng(3))
    assert set(MEASURES) <= set(found.measures)
    measures = found.measures
    counts = ("exact_matches", "too_near", "partial_copies", "outlier_exposure")
    for name in (*counts, "people_across_split"):
        assert measures[name].value == 0, name
    assert measures["shared_cells"].low <= 0
    assert measures["dcr_share"].low < 0.5
    assert measures["near_copies"].low <= 0.01
    assert measures["attribute_advantage"].low <= 0
    assert measures["membership_auc"].high < measures["membership_auc_of_one_split"].high
    assert (found.people, found.synthetic_rows) == (60, 180)


def test_copied_moved_and_blurred_days_are_each_found(
    sides: tuple[GlucoseDays, GlucoseDays], strangers: GlucoseDays
) -> None:
    training = sides[0].mg_dl
    rng = np.random.default_rng(4)

    def found(mg_dl: np.ndarray) -> dict[str, float]:
        made = with_readings(strangers, np.concatenate([mg_dl, strangers.mg_dl[len(mg_dl) :]]))
        measures = days_evidence(made, *sides, rng=np.random.default_rng(5)).measures
        return {name: each.low for name, each in measures.items()}

    assert found(training[:1])["exact_matches"] == 1
    assert found(training[:1] + rng.normal(0, 1, (1, 48)))["too_near"] == 1
    assert found(np.roll(training[:90], 2, axis=1) + 20)["near_copies"] > 0.01
    blurred = found(training[:180] + rng.normal(0, 10, (180, 48)))
    assert blurred["dcr_share"] > 0.5
    assert blurred["attribute_advantage"] > 0


def test_a_night_of_one_real_day_in_a_day_made_anew_is_found(
    sides: tuple[GlucoseDays, GlucoseDays], strangers: GlucoseDays
) -> None:
    mg_dl = strangers.mg_dl.copy()
    mg_dl[0, :16] = sides[0].mg_dl[5, :16]  # eight hours
    made = with_readings(strangers, mg_dl)
    measures = days_evidence(made, *sides, rng=np.random.default_rng(7)).measures
    assert measures["partial_copies"].value == 1
    assert measures["exact_matches"].value == measures["too_near"].value == 0


def test_days_of_other_steps_are_refused(
    sides: tuple[GlucoseDays, GlucoseDays], strangers: GlucoseDays
) -> None:
    coarse = GlucoseDays(60, strangers.mg_dl[:, ::2], strangers.person, strangers.day)
    with pytest.raises(ValueError, match=r"\[30, 60\] min"):
        days_evidence(coarse, *sides, rng=np.random.default_rng(6))
