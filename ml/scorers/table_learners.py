"""The learners that tables are judged with: gradient boosting and a logistic regression.

Both are `ml.evaluation.tables.utility_learner.Learner`s, deterministic for an `rng` and run on one
thread.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.tables.utility_learner import Classes, Floats, Learner, Learnt
from ml.records.tables.schema import Column

ROUNDS = 100
LEAVES = 15
MOST_CATEGORIES = 64
"""One-hot in the logistic regression; the rarer ones of a column say nothing."""


def boosting(
    features: Floats,
    truth: Classes,
    test: Floats,
    *,
    columns: tuple[Column, ...],
    classes: int,
    rng: np.random.Generator,
) -> Learnt:
    """LightGBM with `ROUNDS` rounds of `LEAVES` leaves; importance is the summed gain."""
    import lightgbm

    nominal = [at for at, column in enumerate(columns) if column.kind == "categorical"]
    settings: dict[str, Any] = {
        "objective": "binary" if classes == 2 else "multiclass",
        "num_leaves": LEAVES,
        "learning_rate": 0.1,
        "min_data_in_leaf": int(np.clip(len(truth) // 50, 5, 20)),
        "max_bin": 63,
        "seed": int(rng.integers(2**31 - 1)),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    if classes > 2:
        settings["num_class"] = classes
    data = lightgbm.Dataset(
        features, truth, categorical_feature=nominal, params={"verbose": -1, "max_bin": 63}
    )
    model = lightgbm.train(settings, data, num_boost_round=ROUNDS)
    told = np.asarray(model.predict(test), np.float64)
    probability = np.stack([1 - told, told], axis=1) if classes == 2 else told
    return Learnt(probability, model.feature_importance("gain").astype(np.float64))


def logistic(
    features: Floats,
    truth: Classes,
    test: Floats,
    *,
    columns: tuple[Column, ...],
    classes: int,
    rng: np.random.Generator,
) -> Learnt:
    """Logistic regression on standardised numbers, one-hot categories and missing indicators.

    Importance of a column: the summed spread of what its features add to the log-odds.
    """
    from sklearn.linear_model import LogisticRegression

    designed, owner = _design(features, features, columns)
    asked, _ = _design(features, test, columns)
    model = LogisticRegression(C=1.0, max_iter=300, tol=1e-3)
    model.fit(designed, truth)
    probability = model.predict_proba(asked)
    spread = np.abs(model.coef_).sum(axis=0) * designed.std(axis=0)
    return Learnt(probability, np.bincount(owner, spread, len(columns)))


LEARNERS: dict[str, Learner] = {"logistic": logistic, "boosting": boosting}
"""By the names that reports use."""


def _design(
    known: Floats, cells: Floats, columns: tuple[Column, ...]
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Features of `cells`, scaled as `known` is, and the column that each belongs to."""
    parts, owner = [], []
    for at, column in enumerate(columns):
        here = cells[:, at]
        gone = np.isnan(here)
        if column.kind == "categorical":
            kept = _frequent(known[:, at])
            part = (here[:, None] == kept).astype(np.float64)
        else:
            there = known[:, at][~np.isnan(known[:, at])]
            middle, spread = (there.mean(), there.std()) if there.size else (0.0, 0.0)
            scaled = (here - middle) / (spread if spread > 0 else 1.0)
            part = np.where(gone, 0.0, np.clip(scaled, -5, 5))[:, None]
        if column.missing:
            part = np.concatenate([part, gone[:, None].astype(np.float64)], axis=1)
        parts.append(part)
        owner += [at] * part.shape[1]
    return np.concatenate(parts, axis=1), np.array(owner, dtype=np.intp)


def _frequent(cells: Floats) -> Floats:
    """The most frequent positions of categories, in ascending order."""
    there, count = np.unique(cells[~np.isnan(cells)], return_counts=True)
    found: Floats = np.sort(there[np.argsort(-count, kind="stable")[:MOST_CATEGORIES]])
    return found
