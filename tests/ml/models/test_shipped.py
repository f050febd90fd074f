"""The model that comes with the project: small, whole, honest about where it comes from."""

import numpy as np

from ml.artifacts import pack
from ml.models.forecaster import MEDIAN
from ml.models.onnx_forecaster import OnnxForecaster
from ml.models.recurrent import Gru
from ml.models.shipped import shipped
from tests.ml.models.forecast_people import windows_of_people


def test_the_shipped_model_is_whole_and_small() -> None:
    assert len(pack(shipped())) < 400_000


def test_it_learnt_from_openly_licensed_sets_and_simulated_people_alone() -> None:
    sets = shipped().card["learnt_from"]["sets"]
    assert set(sets) == {"Hall 2018", "HUPA-UCM", "BIG IDEAs"}
    assert all(licence.startswith(("CC BY 4.0", "ODC-BY")) for licence in sets.values())


def test_its_card_gives_figures_with_protocol_people_interval_and_baseline() -> None:
    figures = shipped().card["figures"]
    assert "none learnt from" in figures["protocol"]
    for group in ("t1d", "others"):
        assert figures[group]["people"] > 0
        low, high = figures[group]["60_min"]["ratio_to_linear"][1:]
        assert low < high


def test_it_answers_the_same_from_onnx_and_from_its_weights() -> None:
    windows = windows_of_people(0, 3)
    network = Gru.from_artifact(shipped()).predict(windows)
    assert np.abs(OnnxForecaster(shipped()).predict(windows) - network).max() < 0.01


def test_its_forecast_begins_near_the_last_reading() -> None:
    windows = windows_of_people(0, 3)
    first = OnnxForecaster(shipped()).predict(windows)[:, 0, MEDIAN]
    assert np.median(np.abs(first - windows.history[:, -1])) < 8.0
