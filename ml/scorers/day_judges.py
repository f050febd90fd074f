"""The networks that a report of glucose days is handed, as it calls them."""

import numpy as np

from ml.evaluation.statistics import Interval
from ml.records.cgm.days import GlucoseDays
from ml.scorers.discriminative import discriminative
from ml.scorers.predictive import Floats, errors_on


def tell_days_apart(
    real: GlucoseDays, synthetic: GlucoseDays, *, rng: np.random.Generator
) -> Interval:
    """|accuracy − ½| of a convolutional network, one seed."""
    return discriminative(real, synthetic, rng=rng, seeds=1).score


def forecast_errors(
    training: GlucoseDays, test: GlucoseDays, *, rng: np.random.Generator
) -> Floats:
    """MAE of each test day at the next step and in an hour, mg/dL, (days, 2); one seed."""
    return errors_on(training, test, rng=rng, seeds=1)
