"""Days that stop, calibrate and choose a personal model teach its generator nothing."""

import numpy as np
import pytest

from backend.adapters.models.bases import Bases
from backend.adapters.models.personal_training import train_personal
from backend.adapters.models.settings import QUICK
from ml.records.cgm import from_canonical_bytes
from ml.records.cgm.grid import GlucoseGrid, grid_of
from ml.records.cgm.readiness import assess
from ml.training.checkpoints import MemoryCheckpoints
from ml.training.progress import Progress, TrainingCancelled
from ml.training.stages import Stages
from tests.glucose_records import canonical, readings

_DAYS = 14


def grid(values: np.ndarray) -> GlucoseGrid:
    return grid_of(from_canonical_bytes(canonical(values)), person="somebody")


def generator_learnt_from(values: np.ndarray) -> bytes:
    """The packed generator of a training that is cancelled as soon as there is one."""
    stages = Stages(MemoryCheckpoints())
    days = grid(values)

    def until_it_is_there(_: Progress) -> None:
        if stages.load("generator") is not None:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        train_personal(
            days,
            assess(days),
            QUICK,
            Bases(),
            seed=3,
            progress=until_it_is_there,
            stages=stages,
        )
    generator = stages.load("generator")
    assert generator is not None
    return generator


def test_what_stops_calibrates_and_chooses_is_unseen_by_the_generator() -> None:
    values = readings(_DAYS)
    later = values.copy()
    later[int(0.65 * values.size) :] += 60
    assert generator_learnt_from(later) == generator_learnt_from(values)


def test_what_is_learnt_from_is_seen_by_the_generator() -> None:
    values = readings(_DAYS)
    earlier = values.copy()
    earlier[288:576] += 60
    assert generator_learnt_from(earlier) != generator_learnt_from(values)
