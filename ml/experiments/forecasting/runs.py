"""One row of the forecast table: a model trained on some people and tested on others."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.catalogue import find
from ml.evaluation.forecast import PersonScores, as_lists, from_lists, joined, score
from ml.experiments.cohorts import Person
from ml.experiments.forecast_windows import folds_of, require_disjoint, windows_of
from ml.experiments.forecasting.protocol import NETWORKS, SIMPLE, Protocol, Rows
from ml.models.fine_tuning import Predictor
from ml.models.forecaster import QUANTILES, Forecaster
from ml.models.linear import Linear
from ml.records.cgm.windows import ForecastWindows
from ml.training.progress import Part, Progress, ProgressSink
from ml.training.quantiles import Settings

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Split:
    """Windows of one fold; nobody is on two sides."""

    train: ForecastWindows
    calibration: ForecastWindows
    test: ForecastWindows

    def __post_init__(self) -> None:
        require_disjoint(self.train, self.calibration, self.test)


def splits(everybody: Sequence[Person], protocol: Protocol) -> Iterator[Split]:
    """The tested folds in order; the next fold calibrates, the rest trains."""
    groups = folds_of(everybody, protocol.folds, rng=np.random.default_rng(protocol.seed))
    for fold in range(protocol.tested):
        after = (fold + 1) % protocol.folds
        others = [i for i in range(protocol.folds) if i not in (fold, after)]
        yield Split(
            _learnt([p for i in others for p in groups[i]], protocol),
            _learnt(groups[after], protocol),
            windows_of([p.grid for p in groups[fold]], stride=1, most=protocol.test_most),
        )


def measured(
    everybody: Sequence[Person], protocol: Protocol, rows: Rows, progress: ProgressSink
) -> tuple[dict[str, PersonScores], dict[str, dict[str, Any]]]:
    """Scores of every model over all tested people, and how each was trained.

    Rows that are already there are taken as they are.
    """
    names = (*SIMPLE, *NETWORKS)
    parts: dict[str, list[PersonScores]] = {name: [] for name in names}
    cards: dict[str, dict[str, Any]] = {
        name: {"cpu_seconds": 0.0, "trainings": []} for name in names
    }
    condition = {person.name: person.condition for person in everybody}
    folds = _Lazy(splits(everybody, protocol))
    for fold in range(protocol.tested):
        for index, name in enumerate(names):
            start = (fold * len(names) + index) / (protocol.tested * len(names))
            end = start + 1 / (protocol.tested * len(names))
            row = rows.find(f"fold{fold}-{name}")
            if row is None:
                part = Part(progress, start, end)
                row = _row(name, folds[fold], condition, protocol, fold, part)
                rows.keep(f"fold{fold}-{name}", row)
            parts[name].append(from_lists(row["scores"]))
            cards[name]["cpu_seconds"] += row["cpu_seconds"]
            cards[name]["trainings"].append(row["training"])
            progress(Progress(f"fold {fold + 1}, {name}", round(1000 * end), 1000))
    return {name: joined(own) for name, own in parts.items()}, cards


def scores_of(model: Predictor, windows: ForecastWindows) -> PersonScores:
    """A model's scores on these windows."""
    return score(
        person=windows.person,
        last=windows.history[:, -1],
        hour=windows.minute_of_day // 60,
        target=windows.target,
        quantiles=model.predict(windows),
        levels=QUANTILES,
    )


class LinearByCondition:
    """The stricter baseline: a linear forecaster for type 1 and one for everybody else.

    It is told what no other model is, the person's condition.
    """

    kind = "linear_by_condition"

    def __init__(self, condition: Mapping[str, str]) -> None:
        self._condition = condition
        self._models = {True: Linear(), False: Linear()}

    def fit(
        self,
        train: ForecastWindows,
        validation: ForecastWindows,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
    ) -> None:
        """As `Forecaster.fit`, on each half of the people."""
        for half, (type_1, model) in enumerate(self._models.items()):
            part = Part(progress, half / 2, (half + 1) / 2)
            own = train.take(self._type_1(train) == type_1)
            other = validation.take(self._type_1(validation) == type_1)
            model.fit(own, other, rng=rng, progress=part)

    def predict(self, windows: ForecastWindows) -> Floats:
        """As `Forecaster.predict`."""
        type_1 = self._type_1(windows)
        quantiles = self._models[False].predict(windows)
        quantiles[type_1] = self._models[True].predict(windows.take(type_1))
        return quantiles

    def _type_1(self, windows: ForecastWindows) -> npt.NDArray[np.bool_]:
        return np.array([self._condition[str(name)] == "t1d" for name in windows.person], bool)


def _row(
    name: str,
    split: Split,
    condition: Mapping[str, str],
    protocol: Protocol,
    fold: int,
    progress: ProgressSink,
) -> dict[str, Any]:
    began = time.process_time()
    model = _made(name, condition, protocol)
    rng = np.random.default_rng([protocol.seed, fold])
    model.fit(split.train, split.calibration, rng=rng, progress=progress)
    scores = scores_of(model, split.test)
    return {
        "scores": as_lists(scores),
        "cpu_seconds": round(time.process_time() - began, 1),
        "training": {
            "people": len(np.unique(split.train.person)),
            "windows": len(split.train),
            **getattr(model, "card", {}).get("training", {}),
        },
    }


def _made(name: str, condition: Mapping[str, str], protocol: Protocol) -> Any:
    if name in NETWORKS:
        return find(name)(Settings(epochs=protocol.epochs, batch=protocol.batch))
    if name == LinearByCondition.kind:
        return LinearByCondition(condition)
    model: Callable[[], Forecaster] = find(name)
    return model()


def _learnt(group: Sequence[Person], protocol: Protocol) -> ForecastWindows:
    return windows_of(
        [p.grid for p in group], stride=protocol.train_stride, most=protocol.train_most
    )


class _Lazy:
    """Items of an iterator by number, made when first asked for; only the last is kept."""

    def __init__(self, items: Iterator[Split]) -> None:
        self._items, self._next = items, 0
        self._last: Split | None = None

    def __getitem__(self, index: int) -> Split:
        while self._last is None or self._next <= index:
            self._last = next(self._items)
            self._next += 1
        return self._last
