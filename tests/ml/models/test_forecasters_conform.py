"""Every forecaster of the catalogue keeps the promises of `Forecaster`; the suite can fail."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ml.artifacts import Artifact
from ml.catalogue import FORECASTERS, find
from ml.checks.models import NotConforming, check_model
from ml.models.baselines import LastValue
from ml.models.forecaster import Forecaster
from ml.records.cgm.windows import ForecastWindows
from ml.training.quantiles import Settings
from tests.ml.models.forecast_people import windows_of_people

NETWORKS = ("rnn", "lstm", "gru")


@pytest.mark.parametrize("name", FORECASTERS)
def test_a_forecaster_of_the_catalogue_conforms(name: str) -> None:
    family: Callable[..., Forecaster] = find(name)
    make = (lambda: family(Settings(epochs=1))) if name in NETWORKS else family
    check_model(make, rng=np.random.default_rng(0))


class Clairvoyant(LastValue):
    """Looks at the outcome."""

    def point(self, windows: ForecastWindows) -> np.ndarray:
        return np.where(np.isfinite(windows.target), windows.target, super().point(windows))


class Forgetful(LastValue):
    """Comes back from its artifact another."""

    def to_artifact(self) -> Artifact:
        other = LastValue()
        windows = windows_of_people(0, 2)
        other.fit(windows, windows, rng=np.random.default_rng(0), progress=lambda _: None)
        return other.to_artifact()


class Crossing(LastValue):
    """Its quantiles cross."""

    def predict(self, windows: ForecastWindows) -> np.ndarray:
        return super().predict(windows)[:, :, ::-1]


class Sociable(LastValue):
    """Its forecasts depend on who else is in the batch."""

    def point(self, windows: ForecastWindows) -> np.ndarray:
        shared = np.float32(1e-4) * windows.history.sum()
        return super().point(replace(windows, history=windows.history + shared))


class Uninterruptible(LastValue):
    """Never asks whether it should stop."""

    def fit(self, train, validation, *, rng, progress) -> None:  # type: ignore[no-untyped-def]
        super().fit(train, validation, rng=rng, progress=lambda _: None)


@pytest.mark.parametrize(
    ("liar", "broken"),
    [
        (Clairvoyant, "the target is looked at"),
        (Forgetful, "comes back another"),
        (Crossing, "cross"),
        (Sociable, "depends on"),
        (Uninterruptible, "TrainingCancelled"),
    ],
)
def test_a_forecaster_that_breaks_a_promise_is_found_out(
    liar: Callable[[], Forecaster], broken: str
) -> None:
    with pytest.raises(NotConforming, match=broken):
        check_model(liar, rng=np.random.default_rng(0))
