"""The networks that a report is handed tell flat days from wandering ones, as it calls them."""

import numpy as np
import pytest

from ml.evaluation.tables.report_days import days_report, independent_steps
from ml.records.cgm.days import GlucoseDays
from ml.scorers.day_judges import forecast_errors, tell_days_apart
from tests.ml.evaluation.planted_days import of_nobody, wandering_days


@pytest.fixture(scope="module")
def sides() -> tuple[GlucoseDays, GlucoseDays, GlucoseDays]:
    rng = np.random.default_rng(0)
    training, holdout = (wandering_days(rng, people=n, days=2, steps=48) for n in (22, 20))
    made = of_nobody(training, wandering_days(rng, people=20, days=2, steps=48).mg_dl)
    return made, training, holdout


def test_a_report_takes_them(sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays]) -> None:
    found = days_report(
        *sides,
        rng=np.random.default_rng(1),
        progress=lambda stage, done, total: None,
        discriminator=tell_days_apart,
        forecaster=forecast_errors,
        draws=10,
    )
    told = found["fidelity"]["discriminative"]
    assert told["value"] < 0.3 < told["baseline"]
    assert found["utility"]["hour_mae_ratio"]["baseline"] > 1.1


def test_errors_are_of_each_test_day(sides: tuple[GlucoseDays, GlucoseDays, GlucoseDays]) -> None:
    _, training, holdout = sides
    rng = np.random.default_rng(2)
    found = forecast_errors(independent_steps(training, rng=rng), holdout, rng=rng)
    assert found.shape == (len(holdout), 2) and (found > 0).all()
