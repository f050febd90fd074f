"""Simulated people as forecast windows, small enough for seconds."""

from functools import cache

import numpy as np

from ml.records.cgm.windows import ForecastWindows, forecast_windows, joined
from ml.simulation.grids import simulated_grids


@cache
def windows_of_people(
    first: int, last: int, *, days: int = 3, stride: int = 4, seed: int = 5
) -> ForecastWindows:
    """Windows of the simulated people numbered `first` to `last`, the last left out."""
    grids = simulated_grids(np.random.default_rng(seed), last, days=days)[first:]
    return joined([forecast_windows(grid, stride=stride) for grid in grids])


def rmse(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Root mean squared error of the middle by step, over known targets."""
    return np.sqrt(np.nanmean((predicted[:, :, predicted.shape[2] // 2] - target) ** 2, axis=0))
