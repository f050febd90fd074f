"""A grid on which nothing is known gives no window and no day, and no other fault."""

import numpy as np
import pytest

from ml.records.cgm.days import whole_days
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.windows import forecast_windows


@pytest.mark.parametrize("steps", [0, 600])
def test_nothing_known_gives_nothing(steps: int) -> None:
    minutes = 5 * np.arange(steps)
    grid = GlucoseGrid(
        person="somebody",
        step_minutes=5,
        moments=(minutes * 60).astype("datetime64[s]"),
        minute_of_day=(minutes % 1440).astype(np.int16),
        mg_dl=np.full(steps, np.nan, np.float32),
        observed=np.zeros(steps, bool),
    )
    assert len(forecast_windows(grid)) == 0
    assert whole_days([grid], step_minutes=15).mg_dl.shape == (0, 96)
