"""The two disease classifiers: gradient boosting and logistic regression, tuned inside the fold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.classification import auprc
from ml.experiments.rare.folds import dealt
from ml.experiments.rare.sets import TARGET
from ml.records.tables.table import Table

Floats = npt.NDArray[np.float64]
Settings = Mapping[str, float]

LIGHTGBM, LOGISTIC = "lightgbm", "logistic"
CLASSIFIERS = (LIGHTGBM, LOGISTIC)
GRID: Mapping[str, tuple[Settings, ...]] = {
    LIGHTGBM: (
        {"num_leaves": 4, "rounds": 50},
        {"num_leaves": 8, "rounds": 80},
        {"num_leaves": 16, "rounds": 120},
    ),
    LOGISTIC: ({"C": 0.01}, {"C": 0.1}, {"C": 1.0}),
}
"""What tuning chooses from."""
_LEARNING_RATE = 0.08
_INNER = 4
_OUT_OF_FOLD = 3


def tuned(name: str, training: Table, rng: np.random.Generator) -> Settings:
    """The settings with the best AUPRC on an inner quarter of the training fold."""
    inner = dealt(training, _INNER, rng) == 0
    learn, judge = training.take(~inner), training.take(inner)
    truth = judge.column(TARGET) == 1
    if not truth.any() or truth.all() or not _both(learn):
        return GRID[name][0]
    scores = [auprc(truth, probabilities(name, settings, learn, judge)) for settings in GRID[name]]
    return GRID[name][int(np.argmax(scores))]


def probabilities(
    name: str, settings: Settings, training: Table, test: Table, weights: Floats | None = None
) -> Floats:
    """Probability of the rare class for every test row, learnt from `training`, (rows,).

    Training rows of one class alone give that class's probability, 0 or 1.
    """
    truth = training.column(TARGET)
    if not _both(training):
        return np.full(len(test), float(truth[0]) if len(truth) else 0.0)
    if name == LIGHTGBM:
        return _boosted(settings, training, test, weights)
    encoding = Matrix.learn(training)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=settings["C"], max_iter=2000, tol=1e-3)
    model.fit(encoding.encode(training), truth, sample_weight=weights)
    found: Floats = model.predict_proba(encoding.encode(test))[:, 1]
    return found


def balanced_weights(training: Table) -> Floats:
    """Weights under which both classes weigh the same, (rows,)."""
    ill = training.column(TARGET) == 1
    share = ill.mean()
    return np.where(ill, 0.5 / share, 0.5 / (1 - share))


def moved_threshold(
    name: str, settings: Settings, training: Table, rng: np.random.Generator
) -> float:
    """The threshold of the best balanced accuracy on predictions out of inner folds."""
    part = dealt(training, _OUT_OF_FOLD, rng)
    found = np.empty(len(training))
    for inner in range(_OUT_OF_FOLD):
        held = part == inner
        found[held] = probabilities(name, settings, training.take(~held), training.take(held))
    order = np.argsort(-found, kind="stable")
    ill = training.column(TARGET)[order] == 1
    hits, others = np.cumsum(ill) / max(ill.sum(), 1), np.cumsum(~ill) / max((~ill).sum(), 1)
    last = np.append(np.diff(found[order]) != 0, True)
    gain = np.where(last, hits - others, -np.inf)
    return float(found[order][int(np.argmax(gain))])


@dataclass(frozen=True)
class Matrix:
    """Features as numbers for a linear model: scaled, gaps marked, categories as ones in zeros."""

    middle: Floats
    spread: Floats
    gaps: npt.NDArray[np.bool_]

    @classmethod
    def learn(cls, training: Table) -> "Matrix":
        """Medians, deviations and gaps of the training rows."""
        wide = _wide(training)
        gaps = np.isnan(wide).any(axis=0)
        known = ~np.isnan(wide).all(axis=0)
        middle, spread = np.zeros(wide.shape[1]), np.ones(wide.shape[1])
        middle[known] = np.nanmedian(wide[:, known], axis=0)
        spread[known] = np.nanstd(wide[:, known], axis=0)
        return cls(middle, np.where(spread > 0, spread, 1.0), gaps)

    def encode(self, table: Table) -> Floats:
        """(rows, columns), no cell missing."""
        wide = _wide(table)
        empty = np.isnan(wide)
        scaled = np.where(empty, 0.0, (wide - self.middle) / self.spread)
        return np.column_stack([scaled, empty[:, self.gaps]])


def _wide(table: Table) -> Floats:
    """Numbers and ordered categories as they are, unordered ones as ones in zeros."""
    parts: list[Floats] = []
    for index, column in enumerate(table.schema.columns):
        cells = table.values[:, index]
        if column.name == TARGET:
            continue
        if column.kind == "categorical":
            levels = np.arange(len(column.categories))
            parts.append(np.where(np.isnan(cells)[:, None], 0.0, cells[:, None] == levels))
        else:
            parts.append(cells[:, None])
    return np.column_stack(parts)


def _boosted(settings: Settings, training: Table, test: Table, weights: Floats | None) -> Floats:
    import lightgbm

    names = [name for name in training.schema.names if name != TARGET]
    unordered = [
        place
        for place, name in enumerate(names)
        if training.schema.column(name).kind == "categorical"
    ]
    parameters = {
        "objective": "binary",
        "learning_rate": _LEARNING_RATE,
        "num_leaves": int(settings["num_leaves"]),
        "min_data_in_leaf": 20 if len(training) >= 400 else 5,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    learn = lightgbm.Dataset(
        training.select(names).values,
        training.column(TARGET),
        weight=weights,
        categorical_feature=unordered,
        params={"verbose": -1},
    )
    booster = lightgbm.train(parameters, learn, num_boost_round=int(settings["rounds"]))
    found: Floats = np.asarray(booster.predict(test.select(names).values), dtype=np.float64)
    return found


def _both(table: Table) -> bool:
    ill = table.column(TARGET) == 1
    return bool(ill.any() and not ill.all())
