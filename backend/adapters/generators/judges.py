"""Networks that judge synthetic days, as the report asks for them."""

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval
from ml.records.cgm.days import GlucoseDays
from ml.scorers.discriminative import discriminative
from ml.scorers.predictive import errors_on

SEEDS = 1
EPOCHS = 15


def discriminative_score(
    real: GlucoseDays, synthetic: GlucoseDays, *, rng: np.random.Generator
) -> Interval:
    """How well a convolutional network tells them apart, 0 to ½."""
    return discriminative(real, synthetic, rng=rng, seeds=SEEDS, epochs=EPOCHS).score


def forecast_errors(
    training: GlucoseDays, test: GlucoseDays, *, rng: np.random.Generator
) -> npt.NDArray[np.floating]:
    """Errors of each test day, mg/dL, of a network that was trained on `training`."""
    return errors_on(training, test, rng=rng, seeds=SEEDS, epochs=EPOCHS)
