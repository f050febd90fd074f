"""Guidance from real sensors: meals and walks that never were, dealt out by coin."""

import os
from pathlib import Path

import numpy as np
import pytest

from ml.experiments.cohorts import Person, people
from ml.guidance.glucose import Guidance, glucose_guidance
from ml.guidance.journal import Exercise, Journal, Meal
from ml.guidance.validator import forbidden_in
from ml.guidance.words import LANGUAGES

_REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", _REPOSITORY.parent / "shared" / "data"))
DAYS = 28
needs_data = pytest.mark.skipif(
    not (DATA / "cgm-hall2018").is_dir(), reason="shared data is missing: cgm-hall2018 and others"
)


@pytest.fixture(scope="module")
def everybody() -> list[Person]:
    return people(DATA)


def invented(person: Person, rng: np.random.Generator) -> Journal:
    """Three meals a day at usual hours, a walk after each second of them."""
    grid = person.grid
    seconds = grid.moments.astype("datetime64[s]").astype(np.int64)
    meals, walks = [], []
    for day in range(min(DAYS, len(grid) // 288)):
        evening = len(grid) - 1 - day * 288
        for slot, hour in (("morning", 7.5), ("midday", 12.75), ("evening", 19.0)):
            wanted = int(hour * 60 + rng.normal(0, 20))
            step = evening - (int(grid.minute_of_day[evening]) - wanted) % 1440 // 5
            if step < 0 or rng.random() < 0.15:
                continue
            name = f"{slot}-{day}"
            at, minute = int(seconds[step]), int(grid.minute_of_day[step])
            meals.append(Meal(f"meal-{name}", at, minute, 50.0, "Soup"))
            if rng.random() < 0.5:
                walks.append(Exercise(f"walk-{name}", at + 1200, 25, "light"))
    return Journal(tuple(meals), tuple(walks))


def told(person: Person, seed: int) -> Guidance:
    last = int(person.grid.moments[-1].astype("datetime64[s]").astype(np.int64))
    return glucose_guidance(
        person.grid,
        invented(person, np.random.default_rng(seed)),
        days=DAYS,
        now=last + 600,
        language=LANGUAGES[seed % 2],
    )


@needs_data
def test_walks_that_never_were_are_seldom_told_to_matter(everybody: list[Person]) -> None:
    looked_at, told_of = 0, 0
    for seed, person in enumerate([*everybody, *everybody]):
        guidance = told(person, seed)
        codes = {advice.code for advice in guidance.advice}
        if "too_few_days" in codes:
            assert guidance.period.days < 7
            continue
        looked_at += 1
        told_of += bool(codes & {"walk_smaller_rise", "walk_larger_rise"})
        assert all(forbidden_in(advice.text) is None for advice in guidance.advice)
    assert looked_at >= 80
    assert told_of / looked_at <= 0.05
