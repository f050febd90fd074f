"""Trainings of a release's settings on halves of its cohort, kept while they are few bytes.

They are most of a run's work; an interrupted one goes on after the last that was finished.
"""

import io
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ml.evaluation.release.evidence import Tell
from ml.training.progress import Progress, ProgressSink
from ml.training.stages import Stages

Data = TypeVar("Data")
Array = npt.NDArray[Any]

REFITS = "refits"
"""The checkpoint's stage."""
MOST_KEPT = 32 * 1024 * 1024
REFITTING = "membership by refitting"
"""What evaluation calls the stage."""


class Refits(Generic[Data]):
    """Every training once, in their order.

    Args:
        total: how many there will be.
        as_array, of_array: what is kept of drawn data, and back.
    """

    def __init__(
        self,
        stages: Stages,
        tell: Tell,
        *,
        total: int,
        as_array: Callable[[Data], Array],
        of_array: Callable[[Array], Data],
    ) -> None:
        self._stages, self._tell, self._total = stages, tell, total
        self._as_array, self._of_array = as_array, of_array
        self._kept = _unpacked(stages.load(REFITS))
        self._done = 0

    def next(
        self, train: Callable[[np.random.Generator, ProgressSink], Data], rng: np.random.Generator
    ) -> Data:
        """What the next training drew; one draw of `rng`, whether it is trained or remembered."""
        own = np.random.default_rng(int(rng.integers(2**63 - 1)))
        if self._done < len(self._kept):
            drawn = self._of_array(self._kept[self._done])
        else:
            drawn = train(own, self._step)
            self._keep(self._as_array(drawn))
        self._done += 1
        return drawn

    def _step(self, _: Progress) -> None:
        self._tell(REFITTING, self._done, self._total)

    def _keep(self, drawn: Array) -> None:
        """Only while none before it was too large: they are counted by their place."""
        if len(self._kept) < self._done or drawn.nbytes * self._total > MOST_KEPT:
            return
        self._kept.append(drawn)
        out = io.BytesIO()
        np.savez(out, *self._kept)
        self._stages.save(REFITS, out.getvalue())


def _unpacked(kept: bytes | None) -> list[Array]:
    if kept is None:
        return []
    with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
        return [arrays[f"arr_{number}"] for number in range(len(arrays.files))]
