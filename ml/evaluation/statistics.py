"""Intervals that respect what was sampled: people for one split, splits for many."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]

_ENTRIES = 4_000_000


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds; bounds are NaN where nothing could be resampled."""

    value: float
    low: float
    high: float

    def within(self, least: float, most: float) -> bool:
        """Whether the estimate itself lies between `least` and `most`."""
        return bool(least <= self.value <= most)

    def text(self, digits: int = 3) -> str:
        """The estimate with its interval, for a table."""
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def of_draws(
    value: float, draws: Floats, *, level: float = 0.95, distance: bool = False
) -> Interval:
    """`value` with the percentile interval of its bootstrap `draws`, shape (draws,).

    Drawing anew moves two samples apart, so the draws of a distance between them all lie too far
    out: with `distance` they are centred on `value` first and end at 0.
    """
    kept = draws[np.isfinite(draws)]
    if kept.size == 0:
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    if distance:
        off = float(value) - float(np.median(kept))
        low, high = max(low + off, 0.0), high + off
    return Interval(float(value), float(low), float(high))


def resampled_weights(groups: int, *, draws: int, rng: np.random.Generator) -> Floats:
    """How often each of `groups` is drawn when that many are drawn with replacement.

    Shape (draws, groups), every row sums to `groups`.
    """
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(np.float64)


def in_parts(draws: int, width: int) -> Iterator[int]:
    """How many draws to make at a time, so that draws × `width` numbers stay within 32 MB."""
    step = max(1, _ENTRIES // max(width, 1))
    for start in range(0, draws, step):
        yield min(step, draws - start)


def bootstrap_over_people(
    person: Names,
    statistic: Callable[[Floats], float],
    *,
    rng: np.random.Generator,
    draws: int = 1000,
    level: float = 0.95,
) -> Interval:
    """A statistic with the interval that drawing people anew gives.

    Args:
        person: whose each row is, shape (n,).
        statistic: of the rows' weights, shape (n,); all ones give the estimate.
    """
    names, whose = np.unique(person, return_inverse=True)
    weights = resampled_weights(names.size, draws=draws, rng=rng)
    drawn = np.array([statistic(row[whose]) for row in weights])
    return of_draws(statistic(np.ones(whose.size)), drawn, level=level)


def weighted_mean(
    person: Names, values: Floats, *, rng: np.random.Generator, draws: int = 1000
) -> Interval:
    """The mean over rows, its interval over people."""
    names, whose = np.unique(person, return_inverse=True)
    sums = np.bincount(whose, values, names.size)
    counts = np.bincount(whose, minlength=names.size)
    weights = resampled_weights(names.size, draws=draws, rng=rng)
    return of_draws(float(np.mean(values)), (weights @ sums) / (weights @ counts))


def paired_ratio(
    person: Names,
    ours: Floats,
    theirs: Floats,
    *,
    rng: np.random.Generator,
    root: bool = False,
    draws: int = 1000,
) -> Interval:
    """Mean of `ours` over mean of `theirs` on the same rows, its interval over people.

    Args:
        ours, theirs: a loss per row, shape (n,); with `root` they are squared errors and the
            ratio is that of the roots.
    """
    names, whose = np.unique(person, return_inverse=True)
    sums = np.stack([np.bincount(whose, loss, names.size) for loss in (ours, theirs)])
    power = 0.5 if root else 1.0
    weights = resampled_weights(names.size, draws=draws, rng=rng)
    drawn = ((weights @ sums[0]) / (weights @ sums[1])) ** power
    return of_draws(float((sums[0].sum() / sums[1].sum()) ** power), drawn)


def paired_difference(
    person: Names, ours: Floats, theirs: Floats, *, rng: np.random.Generator, draws: int = 1000
) -> Interval:
    """Mean of `ours` − `theirs` over people, each person's rows averaged first."""
    names, whose = np.unique(person, return_inverse=True)
    differences = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    per_person = np.bincount(whose, differences, names.size) / np.bincount(whose)
    weights = resampled_weights(names.size, draws=draws, rng=rng)
    return of_draws(float(per_person.mean()), weights @ per_person / names.size)


def mean_over_seeds(values: Floats, *, level: float = 0.95) -> Interval:
    """Mean of independent repetitions with Student's interval; one repetition has no bounds."""
    values = np.asarray(values, np.float64)
    if values.size < 2:
        return Interval(float(values.mean()), float("nan"), float("nan"))
    half = _student(level, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    return Interval(float(values.mean()), float(values.mean() - half), float(values.mean() + half))


def corrected_resampled_t(
    differences: Floats, *, train_size: int, test_size: int, level: float = 0.95
) -> Interval:
    """Mean difference over random splits with Nadeau and Bengio's corrected variance.

    The splits share their rows, so the variance of the mean is (1/J + test/train) · s², not s²/J
    (Nadeau & Bengio, Machine Learning 52, 2003).

    Args:
        differences: one paired difference per split, shape (J,), J ≥ 2.
        train_size, test_size: rows on which each split trained and tested.
    """
    differences = np.asarray(differences, np.float64)
    if differences.size < 2:
        raise ValueError("the corrected interval needs the differences of at least two splits")
    share = 1 / differences.size + test_size / train_size
    half = _student(level, differences.size - 1) * np.sqrt(share * differences.var(ddof=1))
    mean = float(differences.mean())
    return Interval(mean, mean - float(half), mean + float(half))


def _student(level: float, freedom: int) -> float:
    from scipy.special import stdtrit  # half a second to import, and few callers come here

    return float(stdtrit(freedom, (1 + level) / 2))
