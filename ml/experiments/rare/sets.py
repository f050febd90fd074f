"""The sets of the experiment: two classes each, the rarer one to be found, no row twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.experiments.cohorts import DataMissing
from ml.records.tables.dependencies import find_dependencies
from ml.records.tables.reading import read_table
from ml.records.tables.schema import Category, Column, Schema
from ml.records.tables.table import Table
from ml.simulation.known_bayes import ILL, simulate_known_bayes

TARGET = "rare"
HEART, MATERNAL, KTAS, KNOWN = "heart-attack", "maternal-risk", "ktas", "known-bayes"
NAMES = (HEART, MATERNAL, KTAS, KNOWN)
_FEWEST = 100
_FEWEST_OF_A_CLASS = 10
_AT_TRIAGE = (
    "Sex",
    "Age",
    "Arrival mode",
    "Injury",
    "Mental",
    "Pain",
    "NRS_pain",
    "SBP",
    "DBP",
    "HR",
    "RR",
    "BT",
    "Saturation",
)
"""What is known before the triage nurse decides; her level and what came later would leak."""


class UnusableSet(ValueError):
    """A table cannot be a set of the experiment; names the set, what is wrong and what to do."""


@dataclass(frozen=True)
class RareSet:
    """A table whose boolean target `TARGET` is true for the class that is to be found.

    Attributes:
        name: on the command line and in rows.
        role: what it is in the experiment for.
        rare: what the class is.
        removed: duplicate rows that were left out.
        table: the rest.
    """

    name: str
    role: str
    rare: str
    removed: int
    table: Table

    @property
    def positives(self) -> int:
        """Rows of the rare class."""
        return int(self.table.column(TARGET).sum())


def load_sets(data: Path, names: Sequence[str], *, seed: int, most: int = 0) -> list[RareSet]:
    """The sets of these names.

    Args:
        data: folder of the shared data.
        seed: of the simulated set and of the subsample.
        most: rows of each set, drawn at random; 0 for all.

    Raises:
        DataMissing: a set's file is not in `data`.
    """
    found = [_MAKERS[name](data, seed) for name in names]
    return [_subsample(each, most, seed) if most else each for each in found]


def binary(name: str, role: str, rare: str, table: Table, ill: np.ndarray) -> RareSet:
    """A set out of features and who is ill, NaN where that is not known.

    Rows whose class is not known are left out; of rows equal in every cell one stays.

    Raises:
        UnusableSet: a class has fewer than ten rows, or a feature has the target's name.
    """
    if TARGET in table.schema.names:
        raise UnusableSet(f"{name}: a feature is called {TARGET!r}: rename it")
    values = np.column_stack([table.values, ill.astype(np.float64)])[~np.isnan(ill)]
    target = Column(TARGET, "boolean", categories=(False, True))
    whole = Table(Schema((*table.schema.columns, target), (), TARGET), values)
    distinct = whole.distinct()
    fewest = min(int((distinct.column(TARGET) == side).sum()) for side in (0, 1))
    if fewest < _FEWEST_OF_A_CLASS:
        raise UnusableSet(
            f"{name}: one class has {fewest} different rows; {_FEWEST_OF_A_CLASS} of either are "
            "needed to train and to test"
        )
    features = distinct.select([n for n in distinct.schema.names if n != TARGET])
    kept = distinct.with_dependencies(find_dependencies(features))
    return RareSet(name, role, rare, len(whole) - len(kept), kept)


def of_table(
    name: str, role: str, table: Table, rare: Sequence[Category], features: Sequence[str] = ()
) -> RareSet:
    """The set that a table with a target makes; see `binary`.

    Args:
        rare: categories of the target that are to be found.
        features: columns that are used; all but the target when none is named.

    Raises:
        UnusableSet: no target or no feature; or as `binary`.
    """
    if table.schema.target is None:
        raise UnusableSet(f"{name}: no column is named as the target")
    target = table.schema.target
    column = table.schema.column(target)
    codes = [column.code(category) for category in rare]
    cells = table.column(target)
    ill = np.where(np.isnan(cells), np.nan, np.isin(cells, codes))
    chosen = features or [each for each in table.schema.names if each != target]
    if not chosen:
        raise UnusableSet(f"{name}: there is no column but the target: add features")
    said = f"{target} = {' or '.join(str(category) for category in rare)}"
    return binary(name, role, said, table.select(list(chosen)), ill)


def _heart(data: Path, seed: int) -> RareSet:
    table = _read(data, "heart-attack-prediction/heart_attack_prediction_dataset.csv")
    return of_table(HEART, "negative control: no signal", table, (1,))


def _maternal(data: Path, seed: int) -> RareSet:
    table = _read(data, "vitals-maternal-risk/Maternal_Health_Risk_Data_Set.csv")
    return of_table(MATERNAL, "positive control", table, ("high risk",))


def _ktas(data: Path, seed: int) -> RareSet:
    table = _read(data, "vitals-ktas-triage/ktas_data.csv")
    return of_table(KTAS, "positive control", table, (1, 2), _AT_TRIAGE)


def _known(data: Path, seed: int) -> RareSet:
    table = simulate_known_bayes(12_000, rng=np.random.default_rng([seed, 2]))
    return of_table(KNOWN, "known Bayes scores", table, (ILL,))


_MAKERS = {HEART: _heart, MATERNAL: _maternal, KTAS: _ktas, KNOWN: _known}


def _read(data: Path, path: str) -> Table:
    file = data / path
    if not file.is_file():
        raise DataMissing(f"{path} is not in the data folder: give the folder that holds it")
    return read_table(file.read_bytes())


def _subsample(given: RareSet, most: int, seed: int) -> RareSet:
    most = max(most, _FEWEST)
    if len(given.table) <= most:
        return given
    rows = np.random.default_rng([seed, 3]).permutation(len(given.table))[:most]
    return RareSet(
        given.name, given.role, given.rare, given.removed, given.table.take(np.sort(rows))
    )
