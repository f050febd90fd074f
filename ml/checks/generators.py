"""What every generator has to stand: `check_generator` raises `AssertionError` at the first breach.

Kinds of data differ; what the suite needs to know of one is told by a `DataKind`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ml.artifacts import Artifact, BrokenArtifact, NewerArtifact, pack, unpack
from ml.catalogue import releasable
from ml.checks.days import GLUCOSE_DAYS
from ml.generators.generator import Generator, NotSavable, TooLittleData
from ml.training.checkpoints import Checkpoints, MemoryCheckpoints, NoCheckpoints
from ml.training.progress import Progress, ProgressSink, TrainingCancelled, silent

Data = TypeVar("Data")
Make = Callable[[], Generator[Any]]
_DRAWN = 40


class DataKind(Protocol[Data]):
    """What the suite has to know of a kind of data."""

    def size(self, data: Data) -> int:
        """Items: days, rows."""
        ...

    def schema(self, data: Data) -> object:
        """Columns, types and steps; equal for data of one schema."""
        ...

    def same(self, first: Data, second: Data) -> bool:
        """Whether both hold the same values in the same order."""
        ...

    def fault(self, made: Data, learnt: Data) -> str | None:
        """What in `made` lies outside the ranges of the kind or of `learnt`, or None."""
        ...

    def copies(self, made: Data, learnt: Data) -> int:
        """Items of `made` that stand in `learnt` as they are."""
        ...

    def first(self, data: Data, n: int) -> Data:
        """The first `n` items."""
        ...


@dataclass(frozen=True)
class ClassSampling(Generic[Data]):
    """For generators that are asked for items of one class.

    Attributes:
        sample: (generator, n, label, rng) → items.
        labels: of the items of some data, shape (n,).
        wanted: labels to ask for.
    """

    sample: Callable[[Any, int, Any, np.random.Generator], Data]
    labels: Callable[[Data], np.ndarray]
    wanted: tuple[Any, ...]


def check_generator(
    make: Make,
    data: Data,
    *,
    rng: np.random.Generator,
    kind: DataKind[Data] = GLUCOSE_DAYS,
    too_little: int = 1,
    classes: ClassSampling[Data] | None = None,
    seeded: bool = True,
    savable: bool = True,
) -> None:
    """Hold a generator to what `ml.generators.generator.Generator` promises.

    Args:
        make: a new, unfitted generator, small enough to be trained some six times.
        data: enough to learn from.
        rng: seeds of the whole check.
        kind: of the data.
        too_little: how many items are too few to learn from.
        classes: how a class is asked for, where the generator can be.
        seeded: False for a generator that learns the same from the same data whatever the seed.
        savable: False for one that cannot be kept without a pickle, and has to say so.
    """
    seed = int(rng.integers(2**32))
    fitted = check_fit_is_seeded(make, data, seed, kind, seeded=seeded)
    check_samples(fitted, data, seed, kind)
    if savable:
        check_saved(make, fitted, seed, kind)
    else:
        check_refuses_to_be_saved(fitted)
    check_too_little(make, kind.first(data, too_little), seed)
    check_resumed(make, data, seed, kind, fitted)
    if classes is not None:
        check_classes(fitted, seed, classes)


def check_fit_is_seeded(
    make: Make, data: Data, seed: int, kind: DataKind[Data], *, seeded: bool = True
) -> Generator[Data]:
    """Same seed, same generator; another seed, another; no hidden randomness; even progress."""
    hidden = np.random.get_state()[1].copy()
    seen: list[Progress] = []
    first = _fit(make, data, seed, seen.append)
    again = _fit(make, data, seed)
    other = _fit(make, data, seed + 1)
    _hold(np.array_equal(hidden, np.random.get_state()[1]), "fit draws from numpy's own state")
    _hold(kind.same(_draw(first, seed), _draw(again, seed)), "one seed made two generators")
    differs = not kind.same(_draw(first, seed), _draw(other, seed))
    _hold(differs or not seeded, "the seed makes no difference")
    shares = [progress.done / progress.total for progress in seen]
    _hold(bool(shares) and shares[-1] == 1.0, "progress does not end at the whole")
    _hold(all(a <= b for a, b in pairwise(shares)), "progress fell back")
    return first


def check_samples(fitted: Generator[Data], data: Data, seed: int, kind: DataKind[Data]) -> None:
    """Seeds, number, schema, ranges, and no item of the data among what is drawn."""
    made = _draw(fitted, seed)
    _hold(kind.same(made, _draw(fitted, seed)), "one seed drew two samples")
    _hold(not kind.same(made, _draw(fitted, seed + 1)), "two seeds drew one sample")
    for n in (0, 1, _DRAWN):
        drawn = fitted.sample(n, rng=np.random.default_rng(seed))
        _hold(kind.size(drawn) == n, f"asked for {n} items, {kind.size(drawn)} came")
        _hold(kind.schema(drawn) == kind.schema(data), f"the schema of {n} items differs")
    fault = kind.fault(made, data)
    _hold(fault is None, f"the sample has {fault}")
    copies = kind.copies(made, data)
    _hold(copies == 0, f"{copies} of {_DRAWN} items are copies of real ones")


def check_saved(make: Make, fitted: Generator[Data], seed: int, kind: DataKind[Data]) -> None:
    """Saved and loaded it draws the same; what is broken, foreign or newer is refused."""
    load = type(make()).from_artifact
    artifact = fitted.to_artifact()
    _hold(artifact.kind == fitted.kind, "the artifact has another kind than the generator")
    data = pack(artifact)
    _hold(data == pack(fitted.to_artifact()), "saving twice gives other bytes")
    loaded = load(unpack(data))
    _hold(kind.same(_draw(loaded, seed), _draw(fitted, seed)), "loaded, it draws otherwise")
    for length in (0, 10, len(data) // 2, len(data) - 1):
        _refused(lambda length=length: load(unpack(data[:length])), BrokenArtifact, "truncated")
    newer = replace(artifact, version=artifact.version + 1)
    _refused(lambda: load(newer), NewerArtifact, "newer")
    _refused(lambda: load(replace(artifact, kind="another")), BrokenArtifact, "foreign")
    for name in artifact.files:
        rest = {other: content for other, content in artifact.files.items() if other != name}
        _refused(lambda rest=rest: load(_with(artifact, rest)), BrokenArtifact, "incomplete")
        cut = {**artifact.files, name: artifact.files[name][:-9]}
        _refused(lambda cut=cut: load(_with(artifact, cut)), BrokenArtifact, "damaged")


def check_refuses_to_be_saved(fitted: Generator[Data]) -> None:
    """It says that it cannot be kept, and its word against its release stands on its card."""
    _hold(getattr(fitted, "savable", True) is False, "it does not say that it cannot be saved")
    try:
        fitted.to_artifact()
    except NotSavable:
        pass
    else:
        raise AssertionError("it was saved although it says that it cannot be")
    _hold(not releasable(fitted.kind, getattr(fitted, "card", None)), "it could be released")


def check_too_little(make: Make, few: Data, seed: int) -> None:
    """Too little data is refused, and says how much would be enough."""
    try:
        _fit(make, few, seed)
    except TooLittleData as fault:
        _hold(any(mark.isdigit() for mark in str(fault)), "the refusal names no number")
    else:
        raise AssertionError("it learnt from too little data")


def check_resumed(
    make: Make,
    data: Data,
    seed: int,
    kind: DataKind[Data],
    fitted: Generator[Data],
) -> None:
    """Cancelled at the first, any and the last step, it goes on to the same generator."""
    wanted = _draw(fitted, seed)
    anywhere = np.sort(np.random.default_rng(seed).uniform(size=2))
    checkpoints = MemoryCheckpoints()
    cancelled = [
        _is_cancelled(make, data, seed, share, checkpoints) for share in (0.0, *anywhere, 1.0)
    ]
    _hold(cancelled[0], "it went on although it was cancelled")
    resumed = _fit(make, data, seed, silent, checkpoints)
    _hold(kind.same(_draw(resumed, seed), wanted), "interrupted, it became another generator")


def check_classes(fitted: Generator[Data], seed: int, classes: ClassSampling[Data]) -> None:
    """Asked for a class, it gives that class alone, as often as asked."""
    for label in classes.wanted:
        made = classes.sample(fitted, _DRAWN, label, np.random.default_rng(seed))
        labels = classes.labels(made)
        _hold(len(labels) == _DRAWN, f"asked for {_DRAWN} of {label!r}, {len(labels)} came")
        _hold(bool((labels == label).all()), f"asked for {label!r}, other classes came too")


def _fit(
    make: Make,
    data: Data,
    seed: int,
    progress: ProgressSink = silent,
    checkpoints: Checkpoints | None = None,
) -> Generator[Data]:
    generator = make()
    generator.fit(
        data,
        rng=np.random.default_rng(seed),
        progress=progress,
        checkpoints=checkpoints or NoCheckpoints(),
    )
    return generator


def _draw(generator: Generator[Data], seed: int) -> Data:
    return generator.sample(_DRAWN, rng=np.random.default_rng(seed))


def _is_cancelled(
    make: Make, data: Data, seed: int, share: float, checkpoints: Checkpoints
) -> bool:
    try:
        _fit(make, data, seed, _cancel_at(share), checkpoints)
    except TrainingCancelled:
        return True
    return False


def _cancel_at(share: float) -> ProgressSink:
    """Cancels as soon as this share of the training is done; at 0, at the first step."""

    def sink(progress: Progress) -> None:
        if progress.done >= share * progress.total:
            raise TrainingCancelled

    return sink


def _with(artifact: Artifact, files: dict[str, bytes]) -> Artifact:
    return replace(artifact, files=files)


def _refused(load: Callable[[], object], fault: type[Exception], what: str) -> None:
    try:
        load()
    except fault:
        return
    raise AssertionError(f"a {what} artifact was not refused with {fault.__name__}")


def _hold(holds: bool, breach: str) -> None:
    if not holds:
        raise AssertionError(breach)
