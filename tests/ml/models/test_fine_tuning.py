"""A base forecaster made one person's own, and the choice of what the person is served."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ml.artifacts import pack, unpack
from ml.models.baselines import LastValue, TimeOfDayMedian
from ml.models.fine_tuning import best_of, fine_tune, split_by_time
from ml.models.forecaster import TooLittleData
from ml.models.onnx_forecaster import OnnxForecaster
from ml.models.recurrent import Gru
from ml.records.cgm.windows import HORIZON, ForecastWindows
from ml.training.progress import silent
from ml.training.quantiles import Settings
from tests.ml.models.forecast_people import windows_of_people

QUICK = Settings(epochs=2, batch=64, patience=2, rate=3e-4)


def _base() -> Gru:
    base = Gru(Settings(epochs=1, batch=128))
    base.fit(
        windows_of_people(0, 4),
        windows_of_people(4, 6),
        rng=np.random.default_rng(0),
        progress=silent,
    )
    return base


def _person() -> ForecastWindows:
    return windows_of_people(6, 7, days=6, stride=2)


def test_no_outcome_of_a_stretch_lies_in_the_next() -> None:
    parts = split_by_time(_person())
    for earlier, later in pairwise(parts):
        reach = earlier.moment.max() + np.timedelta64(5 * HORIZON, "m")
        assert reach < later.moment.min()


def test_too_few_windows_to_cut_are_refused() -> None:
    with pytest.raises(TooLittleData, match="wear the sensor longer"):
        split_by_time(_person().take(np.arange(4)))


def test_fine_tuning_leaves_the_base_as_it_was_and_says_what_it_came_from() -> None:
    base, (train, validation, _) = _base(), split_by_time(_person())
    before = pack(base.to_artifact())
    tuned = fine_tune(
        base, train, validation, settings=QUICK, rng=np.random.default_rng(1), progress=silent
    )
    assert pack(base.to_artifact()) == before
    artifact = tuned.to_artifact()
    assert artifact.card["base"] == base.card
    stored = OnnxForecaster(unpack(pack(artifact)))
    assert stored.predict(validation) == pytest.approx(tuned.predict(validation), abs=0.01)


def test_fine_tuning_learns_a_person_with_a_15_minute_sensor() -> None:
    base, (train, validation, test) = _base(), split_by_time(_person())
    coarse = [step for step in range(HORIZON) if step % 3 != 2]
    for part in (train, validation):
        part.target[:, coarse] = np.nan
    tuned = fine_tune(
        base, train, validation, settings=QUICK, rng=np.random.default_rng(1), progress=silent
    )
    quantiles = tuned.predict(test)
    assert np.isfinite(quantiles).all()
    assert tuned.to_artifact().card["training"]["validation_loss"] < np.inf
    neighbours = np.abs(quantiles[:, 3, 4] - quantiles[:, [2, 5], 4].mean(axis=1))
    assert np.median(neighbours) < 5.0


def test_synthetic_windows_are_trained_on_and_counted() -> None:
    base, (train, validation, _) = _base(), split_by_time(_person())
    tuned = fine_tune(
        base,
        train,
        validation,
        synthetic=windows_of_people(7, 8),
        settings=QUICK,
        rng=np.random.default_rng(1),
        progress=silent,
    )
    assert tuned.to_artifact().card["synthetic_windows"] == len(windows_of_people(7, 8))


def test_too_little_of_a_person_is_refused() -> None:
    base, (train, validation, _) = _base(), split_by_time(_person())
    with pytest.raises(TooLittleData, match="100 are needed"):
        fine_tune(
            base,
            train.take(np.arange(30)),
            validation,
            rng=np.random.default_rng(1),
            progress=silent,
        )


def test_the_forecaster_that_errs_least_on_held_out_days_wins() -> None:
    windows = windows_of_people(0, 6)
    steady, usual = LastValue(), TimeOfDayMedian()
    for model in (steady, usual):
        model.fit(windows, windows, rng=np.random.default_rng(0), progress=silent)
    still = replace(windows, target=np.repeat(windows.history[:, -1:], HORIZON, axis=1))
    habit = replace(windows, target=windows.typical)
    both = {"usual": usual, "steady": steady}
    assert best_of(both, still).winner == "steady"
    assert best_of(both, habit).winner == "usual"


def test_of_equals_the_first_named_wins() -> None:
    windows = windows_of_people(0, 2)
    model = LastValue()
    model.fit(windows, windows, rng=np.random.default_rng(0), progress=silent)
    assert best_of({"simple": model, "elaborate": model}, windows).winner == "simple"


def test_days_without_an_outcome_cannot_choose() -> None:
    windows = windows_of_people(0, 1)
    blind = replace(windows, target=np.full_like(windows.target, np.nan))
    with pytest.raises(TooLittleData, match="no held-out day"):
        best_of({}, blind)
