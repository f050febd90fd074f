"""A run that was interrupted under an earlier release ends under this one."""

import json
from typing import Any

import numpy as np
import pytest

from backend.adapters.generators.making import _evidence
from backend.adapters.generators.recipe import Drawn
from ml.evaluation.release.evidence import MEASURES, ReleaseEvidence, count
from ml.training.checkpoints import NoCheckpoints
from ml.training.stages import Stages


class Judging:
    """A recipe of which evidence alone is asked; counts how often."""

    def __init__(self) -> None:
        self.asked = 0

    def evidence(self, synthetic: Any, **_told: Any) -> ReleaseEvidence:
        self.asked += 1
        return measured()


def measured() -> ReleaseEvidence:
    measures = {name: count(0, 20, "test") for name in MEASURES}
    return ReleaseEvidence(60, 40, 20, 0.025, 20, measures)


@pytest.mark.parametrize(("lacking", "judged"), [(set(), 0), ({"partial_copies"}, 1)])
def test_evidence_that_was_kept_is_taken_over_unless_something_was_not_measured_then(
    lacking: set[str], judged: int
) -> None:
    kept = measured().as_json()
    kept["measures"] = {name: kept["measures"][name] for name in set(MEASURES) - lacking}
    stages, recipe = Stages(NoCheckpoints()), Judging()
    stages.save("evidence", json.dumps(kept).encode())
    drawn = Drawn(np.zeros(20), 0)
    found = _evidence(recipe, drawn, 1, lambda stage, done: None, stages)  # type: ignore[arg-type]
    assert (found, recipe.asked) == (measured(), judged)
    assert _evidence(recipe, drawn, 1, lambda stage, done: None, stages) == found  # type: ignore[arg-type]
    assert recipe.asked == judged, "what was judged is kept"
