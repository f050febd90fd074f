"""Intervals that hold for all arms at once, of means over splits that share their rows."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from ml.evaluation.statistics import Interval


def simultaneous_intervals(
    values: Mapping[str, Sequence[float]], *, train_size: int, test_size: int, level: float = 0.95
) -> dict[str, Interval]:
    """An interval for each arm's mean; together they hold with probability `level`.

    Šidák's correction over the arms; Nadeau and Bengio's variance (1/J + test/train) · s² for an
    arm of J runs. s² is pooled over arms, as in Dunnett's and Tukey's intervals, so that an arm of
    few runs is judged by how much splits differ and not by how well a few of them agreed. Arms
    share their splits, so the degrees of freedom are those of the arm with the most runs alone.

    Args:
        values: one figure per run, by arm; at least one arm has two.
        train_size, test_size: rows on which each run trained and tested.
    """
    arms = {arm: np.asarray(found, np.float64) for arm, found in values.items()}
    freedom = max(each.size for each in arms.values()) - 1
    if freedom < 1:
        raise ValueError("simultaneous intervals need an arm of at least two runs")
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in arms.values())
    variance = squares / sum(each.size - 1 for each in arms.values())
    quantile = float(stdtrit(freedom, (1 + level ** (1 / len(arms))) / 2))
    found = {}
    for arm, each in arms.items():
        half = quantile * np.sqrt((1 / each.size + test_size / train_size) * variance)
        mean = float(each.mean())
        found[arm] = Interval(mean, mean - float(half), mean + float(half))
    return found
