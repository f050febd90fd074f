"""A part of a day that was copied is found, though the whole day is nobody's."""

import numpy as np
import pytest

from ml.evaluation.release.days import days_evidence
from ml.records.cgm.days import GlucoseDays


def days_of(rng: np.random.Generator, people: int, days: int = 6) -> GlucoseDays:
    """Random walks, 30 minutes apart."""
    n = people * days
    walk = np.cumsum(rng.normal(0, 12, (n, 48)), axis=1)
    mg_dl = np.clip(140 + walk - walk.mean(axis=1, keepdims=True), 40, 400).astype(np.float32)
    names = np.repeat([f"{rng.integers(10**9)}-{i}" for i in range(people)], days)
    return GlucoseDays(
        30, mg_dl, names, np.datetime64("2026-01-01") + np.tile(np.arange(days), people)
    )


@pytest.mark.parametrize("moved", [0, 1])
def test_six_hours_put_into_days_of_strangers_are_found(moved: int) -> None:
    """At another level, at the same hours or half an hour earlier."""
    rng = np.random.default_rng(1)
    training, holdout = days_of(rng, 40), days_of(rng, 20)
    made = days_of(rng, 30)
    mg_dl = made.mg_dl.copy()
    mg_dl[:60, 12:24] = training.mg_dl[:60, 12 + moved : 24 + moved] + 25
    planted = GlucoseDays(30, mg_dl, made.person, made.day)
    honest, found = (
        days_evidence(each, training, holdout, rng=np.random.default_rng(2)).measures["near_copies"]
        for each in (made, planted)
    )
    assert honest.low <= 0.01
    assert found.low > 0.01
    assert found.protocol.endswith("by window")
