"""Days with planted properties, for the tests of what is measured of synthetic days."""

import numpy as np

from ml.records.cgm.days import GlucoseDays


def wandering_days(
    rng: np.random.Generator, *, people: int, days: int = 8, steps: int = 96, spread: float = 1.0
) -> GlucoseDays:
    """Random walks about a level of each day's own, all people alike.

    Args:
        spread: factor on every deviation from 140 mg/dL.
    """
    count = people * days
    walk = np.cumsum(rng.normal(0, 8, (count, steps)), axis=1)
    walk = walk - walk.mean(axis=1, keepdims=True) + rng.normal(0, 15, (count, 1))
    names = np.repeat([f"person-{rng.integers(10**9)}-{i}" for i in range(people)], days)
    dates = np.datetime64("2026-01-01") + np.tile(np.arange(days), people)
    mg_dl = np.clip(140 + spread * walk, 40, 400).astype(np.float32)
    return GlucoseDays(1440 // steps, mg_dl, names, dates)


def of_nobody(days: GlucoseDays, mg_dl: np.ndarray) -> GlucoseDays:
    """`mg_dl` as synthetic days beside `days`."""
    names = np.array([f"synthetic-{i}" for i in range(len(mg_dl))])
    dates = np.datetime64("2000-01-01") + np.arange(len(mg_dl))
    return GlucoseDays(days.step_minutes, mg_dl.astype(np.float32), names, dates)
