"""A GRU over fourteen daily summaries, told in numpy; only its training needs torch."""

import numpy as np
import numpy.typing as npt

from ml.models.quarter.candidates import Arrays
from ml.models.quarter.cohort import QuarterCohort
from ml.models.quarter.days import DayTable, figures
from ml.models.quarter.features import PARTS, WIDTH, day_features, spread_over_rows
from ml.models.quarter.scale import base_back, base_onto
from ml.training.progress import ProgressSink

Floats = npt.NDArray[np.float32]


class Recurrent:
    """What the weeks do after days like these, as a change of the fourteen days' own figures."""

    kind = "recurrent"

    def __init__(self) -> None:
        self._weights: dict[str, Floats] = {}

    def fit(
        self, cohort: QuarterCohort, *, rng: np.random.Generator, progress: ProgressSink
    ) -> None:
        from ml.models.quarter.recurrent_training import trained  # torch: on use

        self._weights = trained(cohort, rng=rng, progress=progress)

    def predict(self, first: DayTable) -> npt.NDArray[np.float64]:
        weights = self._weights
        inputs = (day_features(first) - weights["day_mean"]) / weights["day_scale"]
        seen = base_onto(figures(first))
        own = (seen - weights["seen_mean"]) / weights["seen_scale"]
        state = _last_state(inputs.astype(np.float32), weights)
        joined = np.concatenate([state, own.astype(np.float32)], axis=1)
        hidden = np.maximum(joined @ weights["mix_weight"].T + weights["mix_bias"], 0.0)
        change = hidden @ weights["out_weight"].T + weights["out_bias"]
        parts = change.reshape(-1, PARTS, 4).astype(np.float64)
        return base_back(seen[:, None] + spread_over_rows() @ parts)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return dict(self._weights)

    def restore(self, arrays: Arrays) -> None:
        self._weights = {name: np.asarray(value, np.float32) for name, value in arrays.items()}


def _last_state(inputs: Floats, weights: dict[str, Floats]) -> Floats:
    """The GRU's state after the last day, torch's order of gates (reset, update, new)."""
    state = np.zeros((len(inputs), WIDTH), dtype=np.float32)
    for day in range(inputs.shape[1]):
        given = inputs[:, day] @ weights["input_weight"].T + weights["input_bias"]
        kept = state @ weights["state_weight"].T + weights["state_bias"]
        reset, update = (
            1 / (1 + np.exp(-(given[:, part] + kept[:, part])))
            for part in (slice(0, WIDTH), slice(WIDTH, 2 * WIDTH))
        )
        new = np.tanh(given[:, 2 * WIDTH :] + reset * kept[:, 2 * WIDTH :])
        state = (1 - update) * new + update * state
    return state
