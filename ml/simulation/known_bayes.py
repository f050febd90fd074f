"""A rare disease whose true risk is known for every row, so that the best possible scores are too.

Features are those of a check-up, correlated, rounded as they are written down. The risk is a
logistic function of the *rounded* features, so nothing that is not in the table matters: whoever
ranks rows by `risk` has the Bayes AUROC and AUPRC, and nobody can have more.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

TARGET = "outcome"
ILL, WELL = "ill", "well"

Floats = npt.NDArray[np.float64]

_REGIONS = ("centre", "coast", "hills", "plain")
_INTERCEPT = -3.05
_SCHEMA = Schema(
    (
        Column("age", "integer", minimum=18, maximum=95),
        Column("sex", "categorical", categories=("female", "male")),
        Column("bmi", "continuous", minimum=14.0, maximum=60.0, decimals=1),
        Column("systolic", "integer", minimum=80, maximum=230),
        Column("diastolic", "integer", minimum=40, maximum=140),
        Column("glucose", "integer", minimum=50, maximum=400),
        Column("creatinine", "continuous", minimum=0.3, maximum=6.0, decimals=2),
        Column("crp", "continuous", minimum=0.1, maximum=200.0, decimals=1),
        Column("smoker", "boolean", categories=(False, True)),
        Column("activity", "ordinal", categories=(0, 1, 2, 3)),
        Column("region", "categorical", categories=_REGIONS),
        Column(TARGET, "categorical", categories=(ILL, WELL)),
    ),
    target=TARGET,
)
_FEATURES = tuple(name for name in _SCHEMA.names if name != TARGET)


@dataclass(frozen=True)
class BayesScores:
    """What the true risk scores, each with the standard error of the Monte Carlo.

    Attributes:
        auroc, auprc, brier: of the true risk on endless new rows.
        prevalence: share of the ill.
        auroc_error, auprc_error: standard errors.
        rows: drawn for it.
    """

    auroc: float
    auprc: float
    brier: float
    prevalence: float
    auroc_error: float
    auprc_error: float
    rows: int


def simulate_known_bayes(n: int, *, rng: np.random.Generator) -> Table:
    """`n` rows, some nine in a hundred of them ill."""
    features = _features(n, rng)
    ill = rng.random(n) < risk(features)
    code = np.where(ill, 0.0, 1.0)  # positions of ILL and WELL
    return Table(_SCHEMA, np.column_stack([features, code]))


def risk(features: Floats) -> Floats:
    """True probability of being ill, (n,), of rows in the schema's order without the target."""
    column = dict(zip(_FEATURES, features.T, strict=True))
    age = (column["age"] - 52) / 15
    kidney = np.log(column["creatinine"] / 0.9)
    inflamed = np.log(column["crp"] / 2.0)
    score = (
        _INTERCEPT
        + 0.9 * age
        + 0.35 * (column["sex"] == 1)
        + 0.25 * (column["bmi"] - 26) / 4.5
        + 0.45 * (column["systolic"] - 128) / 17
        + 0.8 * (column["glucose"] >= 126)
        + 1.1 * kidney
        + 0.55 * inflamed
        + 0.7 * (column["smoker"] == 1)
        - 0.3 * column["activity"]
        + 0.3 * age * (column["smoker"] == 1)
    )
    return np.asarray(1 / (1 + np.exp(-score)), dtype=np.float64)


def bayes_scores(
    *, rng: np.random.Generator, rows: int = 1_000_000, batches: int = 10
) -> BayesScores:
    """The Bayes scores by Monte Carlo over features; outcomes are integrated exactly."""
    each = rows // batches
    found = np.array([_scores_of_risk(risk(_features(each, rng))) for _ in range(batches)])
    mean = found.mean(axis=0)
    error = found.std(axis=0, ddof=1) / np.sqrt(batches)
    return BayesScores(
        auroc=float(mean[0]),
        auprc=float(mean[1]),
        brier=float(mean[2]),
        prevalence=float(mean[3]),
        auroc_error=float(error[0]),
        auprc_error=float(error[1]),
        rows=each * batches,
    )


def _scores_of_risk(p: Floats) -> tuple[float, float, float, float]:
    """AUROC, AUPRC, Brier and prevalence expected of ranking by `p` when `p` is true."""
    ranked = np.sort(p)[::-1]
    ill, well = ranked.sum(), (1 - ranked).sum()
    above = np.cumsum(ranked) - ranked / 2  # a tie with oneself counts half
    auroc = float(((1 - ranked) * above).sum() / (ill * well))
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    auprc = float((ranked * precision).sum() / ill)
    return auroc, auprc, float((p * (1 - p)).mean()), float(p.mean())


def _features(n: int, rng: np.random.Generator) -> Floats:
    """Check-ups as they are written down, (n, features)."""
    shared = rng.normal(size=(n, 3))  # of body, of vessels, of inflammation
    age = np.clip(np.rint(52 + 15 * rng.normal(size=n)), 18, 95)
    years = (age - 52) / 15
    male = rng.random(n) < 0.48
    bmi = 26 + 4.5 * (0.8 * shared[:, 0] + 0.6 * rng.normal(size=n)) + 0.4 * years
    systolic = 128 + 17 * (0.7 * shared[:, 1] + 0.5 * rng.normal(size=n)) + 6 * years
    diastolic = 79 + 10 * (0.7 * shared[:, 1] + 0.6 * rng.normal(size=n)) + 0.2 * (bmi - 26)
    glucose = np.exp(np.log(100) + 0.18 * rng.normal(size=n) + 0.06 * shared[:, 0] + 0.03 * years)
    creatinine = np.exp(np.log(0.85) + 0.22 * rng.normal(size=n) + 0.12 * male + 0.05 * years)
    crp = np.exp(np.log(2.0) + 0.9 * shared[:, 2] + 0.2 * shared[:, 0])
    smoker = rng.random(n) < np.where(male, 0.27, 0.17)
    activity = np.clip(np.rint(1.6 - 0.4 * shared[:, 0] + rng.normal(size=n)), 0, 3)
    return np.column_stack(
        [
            age,
            male,
            np.round(np.clip(bmi, 14, 60), 1),
            np.clip(np.rint(systolic), 80, 230),
            np.clip(np.rint(diastolic), 40, 140),
            np.clip(np.rint(glucose), 50, 400),
            np.round(np.clip(creatinine, 0.3, 6.0), 2),
            np.round(np.clip(crp, 0.1, 200.0), 1),
            smoker,
            activity,
            rng.integers(len(_REGIONS), size=n),
        ]
    ).astype(np.float64)
