"""What evaluation asks of a learner that it is handed, and how a table is put before one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Column
from ml.records.tables.table import Table

Floats = npt.NDArray[np.floating]
Classes = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a learner says of test rows.

    Attributes:
        probability: of each class, (rows, classes), every row sums to 1.
        importance: of each feature for what was learnt, (features,), not negative.
    """

    probability: Floats
    importance: Floats


class Learner(Protocol):
    """Learns classes from features and tells those of test rows; the same `rng`, the same answer.

    Every class of 0 to `classes` − 1 occurs in `truth`, and there are at least two.
    """

    def __call__(
        self,
        features: Floats,
        truth: Classes,
        test: Floats,
        *,
        columns: tuple[Column, ...],
        classes: int,
        rng: np.random.Generator,
    ) -> Learnt:
        """What is learnt from `features` (rows, columns) says of `test`; NaN where missing."""
        ...


def learn(
    learner: Learner,
    features: Floats,
    truth: Classes,
    test: Floats,
    *,
    columns: tuple[Column, ...],
    classes: int,
    rng: np.random.Generator,
) -> Learnt:
    """What `learner` says; classes that `truth` lacks get probability 0.

    Where `truth` holds one class only, that one is sure, and no feature is important.
    """
    there, codes = np.unique(truth, return_inverse=True)
    probability = np.zeros((len(test), classes))
    if there.size == 1:
        probability[:, there[0]] = 1.0
        return Learnt(probability, np.zeros(features.shape[1]))
    found = learner(
        features, codes.astype(np.intp), test, columns=columns, classes=there.size, rng=rng
    )
    probability[:, there] = found.probability
    return Learnt(probability, found.importance)


def split_target(table: Table) -> tuple[Floats, Classes, tuple[Column, ...]]:
    """Features, classes and the features' columns, of the rows whose target is there."""
    if table.schema.target is None:
        raise ValueError("the table names no target: there is nothing to learn")
    at = table.schema.index(table.schema.target)
    kept = table.values[~np.isnan(table.values[:, at])]
    others = [each for each in range(table.values.shape[1]) if each != at]
    columns = tuple(table.schema.columns[each] for each in others)
    return kept[:, others], kept[:, at].astype(np.intp), columns
