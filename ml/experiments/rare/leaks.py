"""Whether a protocol lets its test rows, or its target, be known before.

Three things are looked for in what a protocol hands over. All are counted, none is guessed:

``made_test_rows``: a test row that is no row of the source, or more often there than in the
    source: somebody synthesised or copied rows before the split.
``shared_rows``: a test row that is, cell for cell, one of the real training rows.
``target_in_feature``: one feature alone tells the classes apart nearly wholly.

A fourth, `permuted_auroc`, runs a whole protocol on targets that were dealt anew: whoever finds
more than chance there has seen test rows before. It is blind to a target in a feature.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.classification import auroc
from ml.experiments.rare.sets import TARGET
from ml.records.tables.table import Table, copies, row_keys

MADE, SHARED, TOLD = "made_test_rows", "shared_rows", "target_in_feature"
NEARLY_WHOLLY = 0.97
"""AUROC of one feature from which on it is taken for the target in disguise."""


@dataclass(frozen=True)
class Evaluated:
    """What a protocol has its classifier learn and tests it on.

    Attributes:
        training: rows that it calls real.
        generated: rows that it says it made; none of them may be tested.
        test: rows that it tests on.
    """

    training: Table
    generated: Table
    test: Table


@dataclass(frozen=True)
class Leak:
    """One finding.

    Attributes:
        kind: see above.
        what: rows or feature, for a person.
        share: of the test rows; of a feature its AUROC.
    """

    kind: str
    what: str
    share: float


def leaks(given: Evaluated, source: Table) -> list[Leak]:
    """Everything that is found; nothing for an honest protocol.

    Args:
        source: the real rows before anything was done to them, each once.
    """
    found = []
    strange = _strange(given.test, source)
    if strange:
        found.append(
            Leak(MADE, f"{strange} test rows are not the source's", strange / len(given.test))
        )
    shared = int(copies(given.test, given.training).sum())
    if shared:
        found.append(
            Leak(SHARED, f"{shared} test rows are training rows", shared / len(given.test))
        )
    return found + telling_features(given.training, given.test)


def telling_features(training: Table, test: Table) -> list[Leak]:
    """Features that alone give an AUROC of `NEARLY_WHOLLY` or more on the test rows."""
    truth = (test.column(TARGET) == 1).astype(np.intp)
    if truth.min(initial=1) == truth.max(initial=0):
        return []
    found = []
    for name in test.schema.names:
        if name == TARGET:
            continue
        score = auroc(truth, _risk_by_cell(training, test, name))
        if score >= NEARLY_WHOLLY:
            found.append(Leak(TOLD, f"{name!r} alone has an AUROC of {score:.3f}", score))
    return found


def permuted_auroc(
    protocol: Callable[[Table], float], table: Table, *, rng: np.random.Generator
) -> float:
    """The AUROC that a protocol reports where nothing can be found: targets dealt anew."""
    values = np.array(table.values)
    place = table.schema.index(TARGET)
    keys = row_keys(values)  # rows that are equal stay equal, or no copy would be found
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    values[:, place] = rng.permutation(values[first, place])[which.reshape(-1)]
    return protocol(Table(table.schema, values))


def _strange(test: Table, source: Table) -> int:
    """Test rows that the source does not have, or not so often."""
    known, tested = (
        Counter(key.tobytes() for key in row_keys(each.values)) for each in (source, test)
    )
    return sum(max(0, count - known[key]) for key, count in tested.items())


def _risk_by_cell(training: Table, test: Table, name: str) -> npt.NDArray[np.float64]:
    """Share of the rare class near each test cell: of its category, or of its tenth of numbers."""
    column = training.schema.column(name)
    learn, cells = training.column(name), test.column(name)
    ill = training.column(TARGET) == 1
    if column.numeric:
        edges = np.unique(np.nanquantile(learn, np.linspace(0, 1, 41)[1:-1]))
        learn, cells = (
            np.where(np.isnan(each), np.nan, np.searchsorted(edges, each))
            for each in (learn, cells)
        )
    levels, which = np.unique(learn, return_inverse=True)  # missing cells are one level, the last
    shares = np.bincount(which, ill) / np.bincount(which)
    place = np.searchsorted(levels, cells).clip(max=levels.size - 1)
    known = (levels[place] == cells) | (np.isnan(levels[place]) & np.isnan(cells))
    found: npt.NDArray[np.float64] = np.where(known, shares[place], ill.mean())
    return found
