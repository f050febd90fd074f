"""Least squares from the twelve hours seen to each step ahead, with a whisper of ridge."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ml.models.point import Floats, PointForecaster
from ml.records.cgm.windows import HISTORY, HORIZON, ForecastWindows

RIDGE = 1.0
"""Added to the diagonal for each thousand windows, on histories in mg/dL: keeps flat or
interpolated histories solvable and moves no forecast by more than a rounding."""
_ENOUGH = 0.1
"""Share of the best known step's outcomes that a step needs to be learnt by itself."""


class Linear(PointForecaster):
    """One linear map of the history per step ahead, all learnt on the same windows."""

    kind = "linear"

    def __init__(self) -> None:
        super().__init__()
        self.coefficients: npt.NDArray[np.float64] | None = None

    def _learn(self, train: ForecastWindows) -> None:
        self.coefficients = least_squares(train.history, train.target)

    def _point(self, windows: ForecastWindows) -> Floats:
        if self.coefficients is None:
            raise ValueError("the linear forecaster was not fitted")
        return linear_point(self.coefficients, windows.history)

    def _tensors(self) -> dict[str, npt.NDArray[np.floating]]:
        return {} if self.coefficients is None else {"coefficients": self.coefficients}

    def _restore(self, tensors: Mapping[str, npt.NDArray[np.floating]]) -> None:
        self.coefficients = np.asarray(tensors["coefficients"], dtype=np.float64)
        if self.coefficients.shape != (HISTORY + 1, HORIZON):
            raise ValueError(f"coefficients of shape {self.coefficients.shape}")


def linear_point(coefficients: npt.NDArray[np.float64], history: Floats) -> Floats:
    """The map applied, mg/dL, shape (n, HORIZON)."""
    return (history @ coefficients[:-1] + coefficients[-1]).astype(np.float32)


def least_squares(
    history: Floats, target: Floats, *, ridge: float = RIDGE
) -> npt.NDArray[np.float64]:
    """Coefficients (inputs + 1, steps), the intercept last; a step learns where it is known.

    Args:
        history: mg/dL, shape (n, inputs), no NaN.
        target: mg/dL, shape (n, steps), NaN where unknown.
        ridge: as `RIDGE`; without any, the solution of least norm is taken.
    """
    inputs = history.astype(np.float64)
    known = np.isfinite(target)
    enough = known.sum(axis=0) >= _ENOUGH * known.sum(axis=0).max()
    columns = [_now(inputs.shape[1])]
    for step in np.flatnonzero(enough):
        rows = known[:, step]
        outcome = target[rows, step].astype(np.float64)
        columns.append(_one_step(inputs[rows], outcome, ridge))
    return _over_steps(np.stack(columns), np.flatnonzero(enough), target.shape[1])


def _now(inputs: int) -> npt.NDArray[np.float64]:
    """The map of the moment itself: the last value."""
    now = np.zeros(inputs + 1)
    now[-2] = 1.0
    return now


def _over_steps(
    columns: npt.NDArray[np.float64], known: npt.NDArray[np.intp], steps: int
) -> npt.NDArray[np.float64]:
    """Columns of all steps; one between known steps (a 15-minute sensor's) lies between them."""
    at = np.concatenate([[-1], known])
    every = np.arange(steps)
    return np.stack([np.interp(every, at, values) for values in columns.T])


def _one_step(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], ridge: float
) -> npt.NDArray[np.float64]:
    centre, level = x.mean(axis=0), y.mean()
    x = x - centre
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += ridge * len(x) / 1000
    moments = x.T @ (y - level)
    slope = np.linalg.solve(gram, moments) if ridge else np.linalg.lstsq(gram, moments)[0]
    return np.append(slope, level - centre @ slope)
