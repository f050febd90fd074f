"""Forecast windows of many people, so many of each that nobody outweighs the others."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ml.experiments.cohorts import Person, TooFewPeople, split_by_person
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.windows import ForecastWindows, forecast_windows, joined


class SharedPerson(ValueError):
    """Somebody is on both sides of a split: what would be measured is memory."""


def windows_of(grids: Iterable[GlucoseGrid], *, stride: int, most: int) -> ForecastWindows:
    """Windows with at least one outcome, at most `most` of each person, evenly over the record."""
    parts = []
    for grid in grids:
        windows = forecast_windows(grid, stride=stride)
        windows = windows.take(np.isfinite(windows.target).any(axis=1))
        if len(windows) > most:
            windows = windows.take(np.linspace(0, len(windows) - 1, most).astype(np.intp))
        parts.append(windows)
    return joined(parts)


def folds_of(
    everybody: Sequence[Person], folds: int, *, rng: np.random.Generator
) -> tuple[list[Person], ...]:
    """Disjoint groups of people, each of which is tested once; people without a window too.

    Raises:
        TooFewPeople: a fold would be empty.
    """
    if len(everybody) < folds:
        raise TooFewPeople(f"{len(everybody)} people cannot be dealt into {folds} folds")
    return split_by_person(everybody, shares=[1.0 / folds] * folds, rng=rng)


def require_disjoint(*sides: ForecastWindows) -> None:
    """Raises `SharedPerson` when somebody's windows are on two sides."""
    seen: set[str] = set()
    for side in sides:
        own = set(np.unique(side.person).tolist())
        if shared := seen & own:
            raise SharedPerson(
                f"{len(shared)} people are on two sides of the split: deal people, not windows"
            )
        seen |= own


def shuffled_targets(windows: ForecastWindows, rng: np.random.Generator) -> ForecastWindows:
    """The windows with each other's outcomes: nothing can be learnt from them."""
    return replace(windows, target=windows.target[rng.permutation(len(windows))])
