"""Our least squares beside scikit-learn's, and what it does where outcomes are missing."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from ml.models.linear import Linear, least_squares
from ml.records.cgm.windows import HISTORY, HORIZON, ForecastWindows
from ml.training.progress import silent
from tests.ml.models.forecast_people import rmse, windows_of_people

_REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", _REPOSITORY.parent / "shared" / "data"))
STEPS = [5, 11, 23]


def _independent(train: ForecastWindows, test: ForecastWindows) -> np.ndarray:
    """The same protocol by scikit-learn: one unpenalised regression a step, where known."""
    columns = []
    for step in range(HORIZON):
        known = np.isfinite(train.target[:, step])
        model = LinearRegression().fit(train.history[known], train.target[known, step])
        columns.append(model.predict(test.history))
    predicted = np.stack(columns, axis=1)
    return np.sqrt(np.nanmean((predicted - test.target) ** 2, axis=0))[STEPS]


def _ours(train: ForecastWindows, test: ForecastWindows) -> np.ndarray:
    model = Linear()
    model.fit(train, test, rng=np.random.default_rng(0), progress=silent)
    return rmse(model.predict(test), test.target)[STEPS]


def test_linear_is_within_two_percent_of_scikit_learn_on_simulated_people() -> None:
    train, test = windows_of_people(0, 4), windows_of_people(4, 7)
    assert _ours(train, test) == pytest.approx(_independent(train, test), rel=0.02)


def test_linear_is_within_two_percent_of_scikit_learn_on_real_people() -> None:
    if not (DATA / "cgm-hupa-ucm-t1d").exists():
        pytest.skip("cgm-hupa-ucm-t1d is not in the shared data")
    from ml.experiments.cohorts import people
    from ml.experiments.forecast_windows import windows_of

    grids = [person.grid for person in people(DATA, cohorts=["hupa"])]
    train, test = (windows_of(part, stride=6, most=300) for part in (grids[:15], grids[15:]))
    assert _ours(train, test) == pytest.approx(_independent(train, test), rel=0.02)


def test_a_history_that_decides_the_outcome_is_learnt_exactly() -> None:
    history = np.random.default_rng(0).normal(120, 30, (900, HISTORY)).astype(np.float32)
    target = (2 * history[:, -1:] - history[:, -2:-1]).repeat(HORIZON, axis=1)
    found = least_squares(history, target)
    assert found[-2] == pytest.approx(np.full(HORIZON, 2.0), abs=1e-3)
    assert found[-3] == pytest.approx(np.full(HORIZON, -1.0), abs=1e-3)


def test_steps_that_a_15_minute_sensor_never_shows_lie_between_those_it_does() -> None:
    windows = windows_of_people(0, 3)
    target = windows.target.copy()
    target[:, [step for step in range(HORIZON) if step % 3 != 2]] = np.nan
    found = least_squares(windows.history, target)
    assert np.isfinite(found).all()
    assert found[:, 3] == pytest.approx(found[:, 2] * 2 / 3 + found[:, 5] / 3)
    flat = np.append(np.full(HISTORY, 100.0), 1.0)
    assert flat @ found[:, 0] == pytest.approx(100.0, abs=flat @ found[:, 2] - 100 + 5)


def test_an_unknown_outcome_teaches_nothing() -> None:
    windows = windows_of_people(0, 2)
    poisoned = replace(windows, target=windows.target.copy())
    poisoned.target[::2] = np.nan
    half = windows.take(np.arange(1, len(windows), 2))
    one, other = (least_squares(w.history, w.target, ridge=1.0) for w in (poisoned, half))
    assert one == pytest.approx(other)
