"""The simulated rare disease: its Bayes scores are those of the true risk, and nobody has more."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ml.evaluation.classification import auprc, auroc, brier
from ml.simulation.known_bayes import (
    ILL,
    TARGET,
    BayesScores,
    bayes_scores,
    risk,
    simulate_known_bayes,
)


@pytest.fixture(scope="module")
def best() -> BayesScores:
    return bayes_scores(rng=np.random.default_rng(1), rows=400_000)


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    table = simulate_known_bayes(60_000, rng=np.random.default_rng(2))
    features = table.values[:, : table.schema.index(TARGET)]
    return features, table.where(TARGET, ILL).astype(int)


def test_the_true_risk_scores_on_new_rows_what_the_monte_carlo_says(best, drawn):
    features, ill = drawn
    true = risk(features)
    assert auroc(ill, true) == pytest.approx(best.auroc, abs=0.01)
    assert auprc(ill, true) == pytest.approx(best.auprc, abs=0.02)
    assert brier(ill, true) == pytest.approx(best.brier, abs=0.003)
    assert ill.mean() == pytest.approx(best.prevalence, abs=0.004)


def test_a_model_that_learns_from_rows_does_not_beat_the_true_risk(drawn):
    features, ill = drawn
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    model = LogisticRegression(max_iter=500).fit(scaled[:30_000], ill[:30_000])
    learnt = model.predict_proba(scaled[30_000:])[:, 1]
    assert 0.75 < auroc(ill[30_000:], learnt) < auroc(ill[30_000:], risk(features[30_000:]))


def test_the_error_of_the_monte_carlo_falls_with_its_rows(best):
    few = bayes_scores(rng=np.random.default_rng(3), rows=20_000)
    assert best.auroc_error < few.auroc_error
    assert abs(few.auroc - best.auroc) < 5 * (few.auroc_error + best.auroc_error)


def test_the_same_seed_gives_the_same_rows():
    tables = [simulate_known_bayes(50, rng=np.random.default_rng(4)) for _ in range(2)]
    assert tables[0] == tables[1] and len(tables[0]) == 50
