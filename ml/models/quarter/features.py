"""A day as the GRU reads it, and how what it says becomes weeks."""

import numpy as np
import numpy.typing as npt

from ml.models.quarter.days import WEEKS, DayTable
from ml.models.quarter.scale import onto

FEATURES = 6
WIDTH = 24
"""Of the GRU's state."""
PARTS = 3
"""Said per figure: the weeks' change, its slope over the weeks, and the quarter's change."""


def spread_over_rows() -> npt.NDArray[np.float64]:
    """Weights of the `PARTS` in each week and, last, the quarter: (WEEKS + 1, PARTS)."""
    weeks = np.linspace(-1.0, 1.0, WEEKS)
    rows = np.column_stack([np.ones(WEEKS), weeks, np.zeros(WEEKS)])
    return np.concatenate([rows, [[0.0, 0.0, 1.0]]])


def day_features(days: DayTable) -> npt.NDArray[np.float64]:
    """Wear, log mean, log SD, logits of below and above, and whether the day counts.

    Shape (people, days, FEATURES); a day that was not worn has the person's mean day.
    """
    spread = np.sqrt(np.maximum(days.square - days.mean**2, 1.0))
    columns = np.stack(
        [
            np.log(np.maximum(days.mean, 20.0)),
            np.log(spread),
            onto("tbr", days.below),
            onto("tar", days.above),
        ],
        axis=2,
    )
    worn = (days.wear > 0)[..., None]
    total = np.maximum(worn.sum(axis=1, keepdims=True), 1)
    usual = np.where(worn, columns, 0.0).sum(axis=1, keepdims=True) / total
    filled = np.where(worn, columns, usual)
    return np.concatenate([days.wear[..., None], filled, worn.astype(np.float64)], axis=2)
