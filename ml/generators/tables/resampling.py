"""Over-sampling behind the contract of generators: copies, SMOTE, ADASYN, all of imbalanced-learn.

They keep the training rows and make new ones out of them, class by class. Random over-sampling
repeats rows; SMOTE (Chawla et al. 2002) puts a row between two neighbours of a class; ADASYN
(He et al. 2008) does so most where other classes are near. None of them may be released.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ml.artifacts import Artifact, BrokenArtifact, require
from ml.generators.generator import TooLittleData
from ml.generators.tables.plan import Plan
from ml.generators.tables.resampling_encoding import NeighbourEncoding
from ml.generators.tables.sampling import CategoryOutOfReach, Where, check_where, fill
from ml.records.tables.schema import Schema
from ml.records.tables.table import Table
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

VERSION = 1
_ROWS, _SCHEMA = "rows.safetensors", "schema.json"
_NEIGHBOURS = 5
_ATTEMPTS = 20
_HALF = float(np.sqrt(0.5))
"""Of a one-hot column, so that two different categories lie 1 apart."""

Floats = npt.NDArray[np.float64]


class Resampling(ABC):
    """New rows of a class made out of the rows that it has; see `Generator`.

    Fitting keeps the table as it is and draws nothing.
    """

    kind: ClassVar[str]
    least_rows: ClassVar[int] = 50
    least_of_a_class: ClassVar[int] = 2

    def __init__(self) -> None:
        self._data: Table | None = None

    def fit(
        self,
        data: Table,
        *,
        rng: np.random.Generator,
        progress: ProgressSink,
        checkpoints: Checkpoints,
    ) -> None:
        """Keep `data`; see `Generator.fit`.

        Raises:
            TooLittleData: too few rows.
            ValueError: the table has no target, or cells of it are missing.
        """
        if len(data) < self.least_rows:
            raise TooLittleData(f"{len(data)} rows are too few: {self.least_rows} are needed")
        target = data.schema.target
        if target is None:
            raise ValueError("the table names no target: over-sampling is done class by class")
        if np.isnan(data.column(target)).any():
            raise ValueError(f"cells of the target {target!r} are missing: leave these rows out")
        self._data = data
        progress(Progress("rows kept", 1, 1))

    def sample(self, n: int, *, rng: np.random.Generator, where: Where | None = None) -> Table:
        """`n` rows with the categories that `where` names, classes as often as they occur.

        Raises:
            CategoryOutOfReach: the class never occurred, or has too few rows to make one from.
        """
        data, asked = self._fitted(), dict(where or {})
        check_where(Plan.of(data), asked)
        empty = data.take(slice(0, 0))
        return fill(n, asked, empty, lambda count: self._drawn(count, asked, rng), n or 1)

    @property
    def card(self) -> dict[str, Any]:
        """What it keeps, and that this is never released."""
        data = self._fitted()
        return {
            "rows": len(data),
            "columns": len(data.schema.columns),
            "licence": "that of the data it keeps",
            "release": "never: it holds the training rows",
            "releasable": False,
        }

    def to_artifact(self) -> Artifact:
        """The training rows themselves, and a card that says so."""
        data = self._fitted()
        schema = json.dumps(data.schema.as_json(), sort_keys=True, ensure_ascii=False).encode()
        files = {_ROWS: save({"values": np.array(data.values)}), _SCHEMA: schema}
        return Artifact(self.kind, VERSION, self.card, files)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The generator as it was; `BrokenArtifact` or `NewerArtifact` when it cannot be."""
        require(artifact, cls.kind, VERSION)
        made = cls()
        try:
            schema = Schema.from_json(json.loads(artifact.files[_SCHEMA]))
            made._data = Table(schema, load(artifact.files[_ROWS])["values"])
        except (KeyError, TypeError, ValueError, SafetensorError) as fault:
            raise BrokenArtifact(f"the rows of this {cls.kind} do not fit: fit it again") from fault
        return made

    @abstractmethod
    def _made(
        self,
        features: Table,
        classes: npt.NDArray[np.intp],
        wanted: Mapping[int, int],
        seed: int,
    ) -> Table:
        """Features of new rows, `wanted[c]` of class c, one class after the other.

        Args:
            features, classes: the training rows without their target, and their target.
        """

    def _drawn(self, n: int, asked: Where, rng: np.random.Generator) -> Table:
        data = self._fitted()
        target = str(data.schema.target)
        classes = data.column(target).astype(np.intp)
        present, counts = np.unique(classes, return_counts=True)
        if target in asked:
            shares = present == data.schema.column(target).code(asked[target])
        else:
            shares = counts / counts.sum()
        drawn = rng.multinomial(n, shares / np.sum(shares))
        wanted = {int(c): int(m) for c, m in zip(present, drawn, strict=True) if m}
        for label in wanted:
            if int((classes == label).sum()) < self.least_of_a_class:
                raise CategoryOutOfReach(
                    f"{data.schema.column(target).categories[label]!r} of {target!r} has one row: "
                    f"{self.kind} needs {self.least_of_a_class}"
                )
        made = self._made(_features(data), classes, wanted, int(rng.integers(2**31)))
        labels = np.repeat(list(wanted), list(wanted.values()))
        return _with_target(data.schema, made, labels)

    def _fitted(self) -> Table:
        if self._data is None:
            raise ValueError(
                f"this {self.kind} has learnt nothing yet: fit it, or load a fitted one"
            )
        return self._data


class RandomOverSampling(Resampling):
    """Rows of the class again, each as likely as any other."""

    kind = "random_oversampling"
    least_of_a_class = 1

    def _made(
        self,
        features: Table,
        classes: npt.NDArray[np.intp],
        wanted: Mapping[int, int],
        seed: int,
    ) -> Table:
        from imblearn.over_sampling import RandomOverSampler

        sampler = RandomOverSampler(sampling_strategy=_totals(classes, wanted), random_state=seed)
        made, labels = _resampled(sampler, np.arange(len(classes))[:, None], classes)
        return features.take(made[np.argsort(labels, kind="stable"), 0].astype(np.intp))


class Smote(Resampling):
    """Rows between two neighbours of a class; categories are what most neighbours have."""

    kind = "smote"

    def _made(
        self,
        features: Table,
        classes: npt.NDArray[np.intp],
        wanted: Mapping[int, int],
        seed: int,
    ) -> Table:
        from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

        encoding = NeighbourEncoding.learn(features)
        scaled, codes = encoding.encode(features)
        fewest = min(int((classes == label).sum()) for label in wanted)
        settings: dict[str, Any] = {
            "sampling_strategy": _totals(classes, wanted),
            "k_neighbors": min(_NEIGHBOURS, fewest - 1),
            "random_state": seed,
        }
        numbers = scaled.shape[1]
        if not codes.shape[1]:
            sampler = SMOTE(**settings)
        elif not numbers:
            sampler = SMOTEN(**settings)
        else:
            places = list(range(numbers, numbers + codes.shape[1]))
            sampler = SMOTENC(categorical_features=places, **settings)
        made, labels = _resampled(sampler, np.column_stack([scaled, codes]), classes)
        made = made[np.argsort(labels, kind="stable")]
        return encoding.decode(made[:, :numbers], made[:, numbers:].astype(np.intp))


class Adasyn(Resampling):
    """Rows between two neighbours of a class, most of them where other classes are near.

    It knows numbers alone: categories are ones in zeros, and a new row has the one that comes out
    largest. A class without any neighbour of another class is drawn from as SMOTE does.
    """

    kind = "adasyn"

    def _made(
        self,
        features: Table,
        classes: npt.NDArray[np.intp],
        wanted: Mapping[int, int],
        seed: int,
    ) -> Table:
        encoding = NeighbourEncoding.learn(features)
        scaled, codes = encoding.encode(features)
        matrix = np.column_stack([scaled, *_ones(codes, encoding.levels)])
        rng = np.random.default_rng(seed)
        rows = np.concatenate(
            [matrix[:0], *(self._of_class(matrix, classes, c, n, rng) for c, n in wanted.items())]
        )
        starts = np.cumsum([scaled.shape[1], *encoding.levels])
        chosen = [
            rows[:, start : start + width].argmax(axis=1)
            for start, width in zip(starts[:-1], encoding.levels, strict=True)
        ]
        empty = np.empty((len(rows), 0), dtype=np.intp)
        return encoding.decode(rows[:, : starts[0]], np.column_stack([empty, *chosen]))

    def _of_class(
        self,
        matrix: Floats,
        classes: npt.NDArray[np.intp],
        label: int,
        n: int,
        rng: np.random.Generator,
    ) -> Floats:
        """`n` rows of a class, drawn from at least two for each row that it has.

        ADASYN rounds how many it makes for a row: asked for few, it would make none.
        """
        from imblearn.over_sampling import ADASYN, SMOTE

        binary = (classes == label).astype(np.intp)
        there = int(binary.sum())
        neighbours = min(_NEIGHBOURS, there - 1)
        parts: list[Floats] = []
        for _ in range(_ATTEMPTS):
            left = n - sum(map(len, parts))
            if left <= 0:
                break
            settings: dict[str, Any] = {
                "sampling_strategy": {1: there + max(left + left // 10 + 5, 2 * there)},
                "random_state": int(rng.integers(2**31)),
            }
            if _touched(matrix, binary, neighbours):
                sampler = ADASYN(n_neighbors=neighbours, **settings)
            else:
                sampler = SMOTE(k_neighbors=neighbours, **settings)
            made, _ = _resampled(sampler, matrix, binary)
            parts.append(rng.permutation(made)[:left])
        return np.concatenate(parts)


def _touched(matrix: Floats, binary: npt.NDArray[np.intp], neighbours: int) -> bool:
    """Whether any row of class 1 has one of another class among its neighbours."""
    from sklearn.neighbors import NearestNeighbors

    ours = matrix[binary == 1]
    found = NearestNeighbors(n_neighbors=neighbours + 1).fit(matrix)
    nearest = found.kneighbors(ours, return_distance=False)[:, 1:]
    return bool((binary[nearest] == 0).any())


def _resampled(
    sampler: Any, rows: npt.NDArray[Any], classes: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """The new rows alone, and their classes; a table of one class gets a far row of another."""
    padded, labels = rows, classes
    if np.unique(classes).size == 1:
        padded = np.concatenate([rows, rows[:1]])
        labels = np.append(classes, classes[0] + 1)
    made, of = sampler.fit_resample(padded, labels)
    return np.asarray(made)[len(padded) :], np.asarray(of)[len(padded) :].astype(np.intp)


def _totals(classes: npt.NDArray[np.intp], wanted: Mapping[int, int]) -> dict[int, int]:
    return {label: int((classes == label).sum()) + n for label, n in wanted.items()}


def _ones(codes: npt.NDArray[np.intp], levels: tuple[int, ...]) -> list[Floats]:
    return [_HALF * np.eye(width)[column] for column, width in zip(codes.T, levels, strict=True)]


def _features(data: Table) -> Table:
    return data.select([name for name in data.schema.names if name != data.schema.target])


def _with_target(schema: Schema, features: Table, labels: npt.NDArray[Any]) -> Table:
    columns = [
        labels.astype(np.float64) if name == schema.target else features.column(name)
        for name in schema.names
    ]
    return Table(schema, np.column_stack(columns).reshape(len(features), len(schema.names)))
