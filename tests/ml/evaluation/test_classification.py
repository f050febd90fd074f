"""Scores of probabilities are those of scikit-learn, and weights count rows."""

import numpy as np
import pytest
from sklearn import metrics

from ml.evaluation.classification import (
    auprc,
    auroc,
    brier,
    classification_scores,
    expected_calibration_error,
    recall_at_specificity,
    threshold_at_specificity,
    weighted_scores,
)


@pytest.fixture(scope="module", params=[0, 1])
def two_classes(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    truth = (rng.random(400) < 0.2).astype(int)
    probability = np.clip(rng.normal(0.3 + 0.2 * truth, 0.2), 0, 1)
    if request.param:
        probability = probability.round(1)  # many ties
    return truth, probability


@pytest.fixture(scope="module")
def four_classes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    truth = rng.choice(4, 500, p=[0.5, 0.3, 0.15, 0.05])
    odds = rng.normal(size=(500, 4))
    odds[np.arange(500), truth] += 1
    probability = np.exp(odds)
    return truth, probability / probability.sum(axis=1, keepdims=True)


def test_scores_of_two_classes_are_those_of_scikit_learn(two_classes) -> None:
    truth, probability = two_classes
    found = classification_scores(truth, probability, threshold=0.4)
    said = probability >= 0.4
    expected = {
        "auroc": metrics.roc_auc_score(truth, probability),
        "auprc": metrics.average_precision_score(truth, probability),
        "accuracy": metrics.accuracy_score(truth, said),
        "recall": metrics.recall_score(truth, said),
        "specificity": metrics.recall_score(1 - truth, ~said),
        "precision": metrics.precision_score(truth, said),
        "f1": metrics.f1_score(truth, said),
        "macro_f1": metrics.f1_score(truth, said, average="macro"),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, said),
        "brier": metrics.brier_score_loss(truth, probability),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


def test_scores_of_more_classes_are_those_of_scikit_learn(four_classes) -> None:
    truth, probability = four_classes
    found = classification_scores(truth, probability)
    said, whole = probability.argmax(axis=1), np.eye(4)[truth]
    assert found["auroc"] == pytest.approx(
        metrics.roc_auc_score(truth, probability, multi_class="ovr", average="macro")
    )
    assert found["auprc"] == pytest.approx(metrics.average_precision_score(whole, probability))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["recall"] == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    assert found["brier"] == pytest.approx(((probability - whole) ** 2).sum(axis=1).mean())


def test_recall_at_a_specificity_is_the_best_point_of_the_curve_that_keeps_it(two_classes) -> None:
    truth, probability = two_classes
    false, true, _ = metrics.roc_curve(truth, probability, drop_intermediate=False)
    for specificity in (0.5, 0.8, 0.9, 0.99, 1.0):
        expected = true[false <= 1 - specificity + 1e-12].max()
        assert recall_at_specificity(truth, probability, specificity) == pytest.approx(expected)
        threshold = threshold_at_specificity(truth, probability, specificity)
        said = probability >= threshold
        assert (~said)[truth == 0].mean() >= specificity
        assert said[truth == 1].mean() == pytest.approx(expected)


def test_the_calibration_error_is_the_mean_gap_of_ten_bins() -> None:
    rng = np.random.default_rng(5)
    probability = rng.random(5000)
    honest = rng.random(5000) < probability
    assert expected_calibration_error(honest, probability) < 0.03
    assert expected_calibration_error(np.zeros(5000, int), probability) == pytest.approx(
        probability.mean()
    )
    truth = np.array([1, 0, 1, 1])
    said = np.array([0.95, 0.95, 0.15, 1.0])
    gaps = [abs(2 / 3 - 2.9 / 3) * 3, abs(1 - 0.15)]
    assert expected_calibration_error(truth, said) == pytest.approx(sum(gaps) / 4)


def test_a_row_of_weight_two_counts_as_two_rows(two_classes, four_classes) -> None:
    for truth, probability in (two_classes, four_classes):
        times = np.random.default_rng(7).integers(0, 3, truth.size)
        drawn = weighted_scores(truth, probability, times[None, :].astype(float))
        repeated = classification_scores(np.repeat(truth, times), np.repeat(probability, times, 0))
        for name, value in repeated.items():
            assert drawn[name][0] == pytest.approx(value), name


def test_single_scores_are_those_of_the_whole_set(two_classes) -> None:
    truth, probability = two_classes
    found = classification_scores(truth, probability)
    assert auroc(truth, probability) == found["auroc"]
    assert auprc(truth, probability) == found["auprc"]
    assert brier(truth, probability) == found["brier"]
    assert expected_calibration_error(truth, probability) == found["ece"]
    assert recall_at_specificity(truth, probability) == found["recall_at_specificity"]


def test_one_class_alone_has_no_area_and_says_so_by_nan() -> None:
    found = classification_scores(np.zeros(4, int), np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.isnan(found["auroc"]) and np.isnan(found["auprc"]) and np.isnan(found["recall"])
    assert found["accuracy"] == 1.0


@pytest.mark.parametrize(
    "probability", [np.array([0.1, np.nan]), np.array([0.1, 1.1]), np.array([0.1])]
)
def test_what_is_no_probability_is_refused(probability: np.ndarray) -> None:
    with pytest.raises(ValueError, match="probabilit"):
        classification_scores(np.array([0, 1]), probability)
