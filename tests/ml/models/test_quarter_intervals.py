"""90 % intervals cover 90 % of people nobody learnt from or calibrated on."""

import numpy as np
import pytest

from ml.evaluation.quarter import covered, score
from ml.models.forecaster import TooLittleData
from ml.models.quarter import METRICS
from ml.models.quarter.days import weekly_figures, with_range
from ml.models.quarter.intervals import Size, calibrated
from tests.ml.models.quarter_people import forecaster, people

TEST_PEOPLE = 1500


@pytest.mark.parametrize("fewer", [0, 4])
def test_weekly_intervals_cover_88_to_92_percent_of_strangers(fewer: int) -> None:
    """Sampling tolerance 2 points: 250 calibration people (standard error 1.9 points for one
    metric and week) and 1,500 test people (0.8), together over thirteen weeks and five metrics."""
    strangers = people(TEST_PEOPLE, 92, "stranger")
    told = forecaster().predict_people(strangers.first.without_first(fewer), fewer=fewer)
    hits = covered(told, with_range(weekly_figures(strangers.after)))
    by_metric = np.nanmean(hits[:, :-1], axis=(0, 1))
    assert 0.88 <= np.nanmean(hits[:, :-1]) <= 0.92
    assert (np.abs(by_metric - 0.90) <= 0.04).all()


def test_time_below_range_and_variability_are_the_least_certain() -> None:
    strangers = people(TEST_PEOPLE, 92, "stranger")
    told = forecaster().predict_people(strangers.first)
    carried = forecaster().candidates(strangers.first)["carry_forward"]
    after = with_range(weekly_figures(strangers.after))
    scores = {
        s.metric: s.relative_width
        for s in score(METRICS, told, carried, after, rng=np.random.default_rng(0))
    }
    assert min(scores["tbr"], scores["cv"]) > max(scores["gmi"], scores["tar"])


def test_the_rank_is_that_of_split_conformal_prediction() -> None:
    rng = np.random.default_rng(0)
    after = np.full((99, 1, 5), np.nan)
    after[:, 0, 3] = np.exp(rng.permutation(np.linspace(-0.49, 0.49, 99))) * 7.0
    mids, spread = np.full((99, 1, 5), 7.0), np.zeros((99, 5))
    size = Size("gmi", np.zeros(5), np.ones(5), np.zeros(6))
    bounds = calibrated(size, [mids], [spread], after).bounds[0, 0]
    assert bounds == pytest.approx([-0.45, 0.45], abs=1e-9)  # the 95th of 99, from either end


def test_too_few_people_to_calibrate_on_are_refused() -> None:
    size = Size("gmi", np.zeros(5), np.ones(5), np.zeros(6))
    rows = np.full((20, 1, 5), 7.0)
    with pytest.raises(TooLittleData, match="20 people"):
        calibrated(size, [rows], [np.zeros((20, 5))], rows)
