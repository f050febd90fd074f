"""People whose glucose is known to the test: what meals and walks do to it was put there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from ml.guidance.advice import Language
from ml.guidance.glucose import Guidance, glucose_guidance
from ml.guidance.journal import Exercise, Insulin, Journal, Meal
from ml.records.cgm.grid import GlucoseGrid, even_grid

START = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
DAY = 86_400
OFFSET = 9 * 3600
"""Ahead of UTC, as in Seoul; days begin at midnight on that clock."""
MEALS = {"morning": 7.5, "midday": 12.75, "evening": 19.0}


@dataclass(frozen=True)
class Plan:
    """`rise` in mg/dL at the peak by time of day; `walk` is what a walk leaves of it."""

    days: int = 14
    rise: tuple[tuple[str, float], ...] = ()
    walk: float = 1.0
    walked: str = "morning"
    skip: float = 0.15
    noise: float = 12.0
    memory: float = 30.0
    """Steps of 5 minutes over which the noise forgets."""
    base: float = 115.0
    name: str = "Porridge"
    start: int = START
    """A midnight, seconds on the wall clock."""


@dataclass(frozen=True)
class Planted:
    grid: GlucoseGrid
    journal: Journal

    @property
    def now(self) -> int:
        return int(self.grid.moments[-1].astype("datetime64[s]").astype(int)) + 600


def plant(seed: int, plan: Plan) -> Planted:
    """A person of this plan; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    seconds = plan.start - OFFSET + np.arange(plan.days * 288, dtype=np.int64) * 300
    glucose = plan.base + _noise(rng, seconds.size, plan)
    meals, exercise = [], []
    rises = dict(plan.rise)
    for day in range(plan.days):
        for slot, hour in MEALS.items():
            if rng.random() < plan.skip:
                continue
            wall = plan.start + day * DAY + int((hour + rng.normal(0, 0.3)) * 3600)
            at = wall - OFFSET
            number = f"{day:02d}{slot}"
            meals.append(Meal(f"meal-{number}", at, wall // 60 % 1440, 50.0, plan.name))
            height = rises.get(slot, 0.0) * rng.lognormal(0, 0.15)
            if slot == plan.walked and rng.random() < 0.5:
                exercise.append(Exercise(f"walk-{number}", at + 1200, 25, "light"))
                height *= plan.walk
            minutes = (seconds - at) / 60 / 60
            glucose += np.where(minutes > 0, height * minutes * np.exp(1 - minutes), 0.0)
    grid = even_grid(
        seconds,
        glucose.astype(np.float32),
        wall_offset=np.full(seconds.size, OFFSET),
        person="planted",
    )
    return Planted(grid, Journal(tuple(meals), tuple(exercise)))


def dipped(planted: Planted, *, hour: float, days: range, depth: float, minutes: int) -> Planted:
    """The same person with glucose falling straight to `depth` and back at that hour."""
    values = planted.grid.mg_dl.copy()
    for day in days:
        start = int((day * 24 + hour) * 12)
        values[start : start + minutes // 5] = depth
    return replace(planted, grid=replace(planted.grid, mg_dl=values))


def told(planted: Planted, language: Language = "en", **given: object) -> Guidance:
    """Guidance from everything that is there."""
    usual = {"days": 14, "now": planted.now, "language": language}
    return glucose_guidance(planted.grid, planted.journal, **(usual | given))  # type: ignore[arg-type]


def codes(guidance: Guidance) -> list[str]:
    return [advice.code for advice in guidance.advice]


def with_insulin(planted: Planted, units: float) -> Planted:
    """Fast insulin with every meal that a walk followed, none with the others."""
    walked = {e.id.removeprefix("walk-") for e in planted.journal.exercise}
    noted = tuple(
        Insulin(f"insulin-{m.id}", m.at, units, fast=True)
        for m in planted.journal.meals
        if m.id.removeprefix("meal-") in walked
    )
    return replace(planted, journal=replace(planted.journal, insulin=noted))


def _noise(rng: np.random.Generator, size: int, plan: Plan) -> np.ndarray:
    keep = np.exp(-1 / plan.memory)
    shocks = rng.normal(0, plan.noise * np.sqrt(1 - keep**2), size)
    state, path = rng.normal(0, plan.noise), np.empty(size)
    for i, shock in enumerate(shocks):
        state = keep * state + shock
        path[i] = state
    return path
