"""How a training says how far it is, and is told to stop."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """A step of a training; carries no reading.

    Attributes:
        stage: what is being done, a few words for a person.
        done: steps finished, of `total`.
        total: steps of the whole training, so that done / total never falls.
        figures: losses and the like, by name.
    """

    stage: str
    done: int
    total: int
    figures: tuple[tuple[str, float], ...] = ()


ProgressSink = Callable[[Progress], None]
"""Called often; raises `TrainingCancelled` to end the training there."""


class TrainingCancelled(Exception):
    """Whoever asked for the training no longer wants it; its last checkpoint stands."""


def silent(_: Progress) -> None:
    """Tells nobody."""


class Part:
    """A sink for one part of a longer training: steps of the part become steps of the whole.

    Args:
        sink: told in thousandths of the whole.
        start, end: where in the whole the part lies, 0 to 1.
    """

    def __init__(self, sink: ProgressSink, start: float, end: float) -> None:
        self._sink = sink
        self._start = start
        self._end = end

    def __call__(self, progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 1.0
        done = round(1000 * (self._start + (self._end - self._start) * share))
        self._sink(Progress(progress.stage, done, 1000, progress.figures))
