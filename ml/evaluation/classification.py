"""Scores of class probabilities, each also under weights, so that people can be drawn anew.

Two classes come as the probability of the second, shape (n,); more classes as (n, classes), and
are scored one against the rest, averaged over the classes that occur. A score that its rows do
not define (one class only) is NaN.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.evaluation.privacy import weighted_auc

Floats = npt.NDArray[np.floating]
Truth = npt.NDArray[np.integer] | npt.NDArray[np.bool_]
Scores = dict[str, Floats]

SPECIFICITY = 0.9
"""At which recalls are matched unless another is asked for."""
BINS = 10
"""Of the calibration error, equally wide."""


def classification_scores(
    truth: Truth, probability: Floats, *, threshold: float = 0.5, specificity: float = SPECIFICITY
) -> dict[str, float]:
    """Every score of one set of predictions.

    Args:
        truth: 0 and 1, or the position of the class, shape (n,).
        probability: of class 1, shape (n,), or of each class, shape (n, classes).
        threshold: from which probability on class 1 is said; more classes take the likeliest.
        specificity: see `recall_at_specificity`.

    Returns:
        auroc, auprc, accuracy, recall, specificity, precision, f1, macro_f1, balanced_accuracy,
        recall_at_specificity, brier, ece. With more than two classes recall, specificity,
        precision and f1 are macro averages, and brier sums over classes.
    """
    weights = np.ones((1, len(truth)))
    found = weighted_scores(
        truth, probability, weights, threshold=threshold, specificity=specificity
    )
    return {name: float(drawn[0]) for name, drawn in found.items()}


def weighted_scores(
    truth: Truth,
    probability: Floats,
    weights: Floats,
    *,
    threshold: float = 0.5,
    specificity: float = SPECIFICITY,
    classes: Sequence[int] | None = None,
) -> Scores:
    """`classification_scores` once per row of `weights` (draws, n); every score (draws,).

    Averages over more than two classes are over `classes`, or over those that occur.
    """
    truth, probability = np.asarray(truth), np.asarray(probability, np.float64)
    _require(truth, probability)
    if probability.ndim == 1:
        said = probability >= threshold
        found = _one_class(truth == 1, probability, said, weights, specificity)
        other = _decided(truth != 1, ~said, weights)["f1"]
        found["macro_f1"] = (found["f1"] + other) / 2
        found["balanced_accuracy"] = (found["recall"] + found["specificity"]) / 2
        found["accuracy"] = _mean((truth == 1) == said, weights)
        found["brier"] = _mean((probability - (truth == 1)) ** 2, weights)
        found["ece"] = _calibration_error(truth == 1, probability, weights, BINS)
        return found
    said_class = probability.argmax(axis=1)
    averaged = np.unique(truth) if classes is None else classes
    each = [
        _one_class(truth == k, probability[:, k], said_class == k, weights, specificity)
        for k in averaged
    ]
    found = {name: np.mean([scores[name] for scores in each], axis=0) for name in each[0]}
    found["macro_f1"], found["balanced_accuracy"] = found["f1"], found["recall"]
    right = said_class == truth
    found["accuracy"] = _mean(right, weights)
    whole = (truth[:, None] == np.arange(probability.shape[1])).astype(np.float64)
    found["brier"] = _mean(((probability - whole) ** 2).sum(axis=1), weights)
    found["ece"] = _calibration_error(right, probability.max(axis=1), weights, BINS)
    return found


def auroc(truth: Truth, probability: Floats) -> float:
    """Area under the ROC curve of two classes; ties count half."""
    return float(weighted_auroc(truth, probability, np.ones((1, len(truth))))[0])


def auprc(truth: Truth, probability: Floats) -> float:
    """Average precision of two classes: the sum of precisions over the steps of recall."""
    return float(weighted_auprc(truth, probability, np.ones((1, len(truth))))[0])


def brier(truth: Truth, probability: Floats) -> float:
    """Mean squared error of probabilities; with (n, classes) summed over classes."""
    return classification_scores(truth, probability)["brier"]


def expected_calibration_error(truth: Truth, probability: Floats, *, bins: int = BINS) -> float:
    """Mean |share of class 1 − mean probability| over equally wide bins, weighted by rows.

    With (n, classes): of the likeliest class and whether it is right (Guo et al., 2017).
    """
    truth, probability = np.asarray(truth), np.asarray(probability, np.float64)
    _require(truth, probability)
    ones = np.ones((1, len(truth)))
    if probability.ndim == 1:
        return float(_calibration_error(truth == 1, probability, ones, bins)[0])
    right = probability.argmax(axis=1) == truth
    return float(_calibration_error(right, probability.max(axis=1), ones, bins)[0])


def recall_at_specificity(
    truth: Truth, probability: Floats, specificity: float = SPECIFICITY
) -> float:
    """The highest recall of class 1 among thresholds with at least this specificity."""
    found = weighted_recall_at(truth, probability, np.ones((1, len(truth))), specificity)
    return float(found[0])


def threshold_at_specificity(
    truth: Truth, probability: Floats, specificity: float = SPECIFICITY
) -> float:
    """The least threshold (class 1 from there on) with at least this specificity.

    To be taken where a model is tuned and used where it is tested. Above every probability when
    nothing less will do.
    """
    others = np.sort(np.asarray(probability, np.float64)[np.asarray(truth) != 1])
    candidates = np.append(np.unique(probability), np.inf)
    below = np.searchsorted(others, candidates, side="left") / max(others.size, 1)
    reached = below >= specificity - 1e-12
    return float(candidates[int(np.argmax(reached))])


def weighted_auroc(truth: Truth, probability: Floats, weights: Floats) -> Floats:
    """`auroc` under each row of `weights` (draws, n); (draws,)."""
    with np.errstate(invalid="ignore"):
        return weighted_auc(np.asarray(probability), np.asarray(truth) == 1, weights)


def weighted_auprc(truth: Truth, probability: Floats, weights: Floats) -> Floats:
    """`auprc` under each row of `weights` (draws, n); (draws,)."""
    hits, others = _curve(truth, probability, weights)
    precision = hits / np.maximum(hits + others, 1e-12)
    steps = np.diff(hits, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore"):
        found: Floats = (steps * precision).sum(axis=1) / hits[:, -1]
    return found


def weighted_recall_at(
    truth: Truth, probability: Floats, weights: Floats, specificity: float
) -> Floats:
    """`recall_at_specificity` under each row of `weights` (draws, n); (draws,)."""
    hits, others = _curve(truth, probability, weights)
    with np.errstate(invalid="ignore"):
        allowed = others <= (1 - specificity + 1e-12) * others[:, -1:]
        best: Floats = np.where(allowed, hits, 0.0).max(axis=1) / hits[:, -1]
    return np.where(others[:, -1] > 0, best, np.nan)


def _one_class(
    positive: npt.NDArray[np.bool_],
    probability: Floats,
    said: npt.NDArray[np.bool_],
    weights: Floats,
    specificity: float,
) -> Scores:
    return {
        "auroc": weighted_auroc(positive, probability, weights),
        "auprc": weighted_auprc(positive, probability, weights),
        "recall_at_specificity": weighted_recall_at(positive, probability, weights, specificity),
        **_decided(positive, said, weights),
    }


def _decided(
    positive: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_], weights: Floats
) -> Scores:
    """Recall, specificity, precision and F1 of decisions; precision is 0 where none was said."""
    right = weights @ (positive & said)
    there, told, total = weights @ positive, weights @ said, weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "recall": right / there,
            "specificity": (total - there - told + right) / (total - there),
            "precision": np.where(told > 0, right / told, 0.0),
            "f1": np.where(there + told > 0, 2 * right / (there + told), 0.0),
        }


def _curve(truth: Truth, probability: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of class 1 and of the rest said at each threshold, from the highest; (draws, m)."""
    positive = np.asarray(truth) == 1
    order = np.argsort(-np.asarray(probability, np.float64), kind="stable")
    ranked = np.asarray(probability)[order]
    ends = np.append(np.flatnonzero(np.diff(ranked) != 0), len(ranked) - 1)
    drawn = weights[:, order]
    hits = np.cumsum(drawn * positive[order], axis=1)[:, ends]
    others = np.cumsum(drawn * ~positive[order], axis=1)[:, ends]
    return hits, others


def _calibration_error(
    positive: npt.NDArray[np.bool_], probability: Floats, weights: Floats, bins: int
) -> Floats:
    which = np.minimum((probability * bins).astype(np.intp), bins - 1)
    inside = (which[:, None] == np.arange(bins)).astype(np.float64)
    gap = weights @ (inside * (positive - probability)[:, None])
    found: Floats = np.abs(gap).sum(axis=1) / weights.sum(axis=1)
    return found


def _mean(values: npt.NDArray[np.generic], weights: Floats) -> Floats:
    found: Floats = (weights @ values) / weights.sum(axis=1)
    return found


def _require(truth: npt.NDArray[np.generic], probability: Floats) -> None:
    if not truth.size or probability.shape[:1] != truth.shape or probability.ndim > 2:
        raise ValueError(
            f"{truth.shape} labels and probabilities of shape {probability.shape} cannot be "
            "scored: one label and one probability (or one per class) for every row is needed"
        )
    if not (np.isfinite(probability).all() and 0 <= probability.min() <= probability.max() <= 1):
        raise ValueError("a probability is missing or outside 0 to 1")
