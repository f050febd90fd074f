"""What distances say of copying, whatever the rows are: each figure beside strangers' of the same.

A stranger is a person whom the generator never saw. All intervals draw people anew; a synthetic row
goes with the person whose training row is nearest to it.
"""

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, in_parts, of_draws, resampled_weights

Floats = npt.NDArray[np.floating]
Names = npt.NDArray[np.str_]
Indices = npt.NDArray[np.integer]

LEVEL = 0.98
"""Of the intervals. Several measures are asked whether their lower bound shows copying: at 1 % each
an honest generator is accused by one of them in some 5 % of releases."""
EXPECTED = 0.01
"""Rows of an honest generator that are expected under a strict limit, in a whole release."""
STRICT = 0.5
"""A strict limit is no more than this part of the near end of strangers' distances."""
_NEAR, _FAR = 0.05, 0.2  # quantiles between which the fall of the near end is read


def near_end(distances: Floats, quantile: float, *, weights: Floats | None = None) -> float:
    """The distance under which this share of rows lies, read off the near end of `distances`.

    Near its end the distribution of the distance to the nearest row is a power, its exponent the
    dimension of the rows as they lie. It is read between the 5 % and 20 % quantiles, so that a few
    duplicates change nothing and a far smaller share can be asked for than was ever seen.

    Args:
        distances: ascending, (n,).
        weights: of each, (n,); all the same by default.
    """
    near, far = _quantiles(distances, weights)
    if near <= 0:
        return 0.0
    return float(near * _depth(quantile) ** (np.log(far / near) / np.log(_depth(_FAR))))


def strict_limit(strangers: Floats, count: int) -> float:
    """The distance under which not one of `count` honest rows should come; 0 tells nothing.

    It is where `EXPECTED` of them are left at strangers' `near_end`, the dimension taken lower by
    its standard error, and under every stranger who is not equal to a row.
    """
    if not strangers.size:
        return 0.0
    near, far = _quantiles(np.sort(strangers), None)
    if near <= 0:
        return 0.0
    error = 1 / np.sqrt(max((_FAR - _NEAR) * strangers.size, 1.0))
    fall = np.log(far / near) / np.log(_depth(_FAR)) * (1 + error)
    followed = near * _depth(EXPECTED / max(count, 1)) ** fall
    return float(min(followed, STRICT * near, strangers[strangers > 0].min()))


def nearer_than_strangers(
    ours: Floats, strangers: Floats, count: int
) -> tuple[npt.NDArray[np.bool_], float]:
    """Which of `ours` come where not one of `count` honest rows should, and the strict limit.

    Where a stranger is equal to a row by chance, being equal tells nothing; being nearly so does.
    """
    limit = strict_limit(strangers, count)
    equal = (strangers == 0).any()
    return (ours < limit) & ~(equal & (ours == 0)), limit


def share_under(
    ours: Floats,
    our_person: Names,
    theirs: Floats,
    their_person: Names,
    *,
    quantile: float,
    rng: np.random.Generator,
    draws: int = 500,
    level: float = LEVEL,
) -> Interval:
    """Share of `ours` under the `quantile` of `theirs`; people on both sides drawn anew.

    Honest rows give `quantile`. The bounds hold what the quantile itself owes to chance.
    """
    (ours, us), (theirs, them) = _sorted(ours, our_person), _sorted(theirs, their_person)
    value = np.mean(ours < near_end(theirs, quantile))
    drawn = []
    for count in in_parts(draws, ours.size + theirs.size):
        ours_weights, theirs_weights = (
            resampled_weights(int(whose.max()) + 1, draws=count, rng=rng) for whose in (us, them)
        )
        for mine, other in zip(ours_weights, theirs_weights, strict=True):
            limit = near_end(theirs, quantile, weights=other[them])
            gained = np.cumsum(mine[us])
            below = np.searchsorted(ours, limit)
            drawn.append(gained[below - 1] / gained[-1] if below else 0.0)
    return of_draws(float(value), np.array(drawn), level=level)


def closest_share(
    to_training: Floats,
    training_row: Indices,
    training_person: Names,
    to_holdout: Floats,
    holdout_row: Indices,
    holdout_person: Names,
    *,
    rng: np.random.Generator,
    draws: int = 500,
    level: float = LEVEL,
) -> Interval:
    """Share of synthetic rows whose closest record is a training row, either side weighing the
    same however many rows it has; .5 where nothing is copied, ties counted half.

    Args:
        to_training, to_holdout: distance of every synthetic row to its closest, (n,).
        training_row, holdout_row: which row that is, (n,).
        training_person, holdout_person: whose the real rows are.
    """
    tie = 0.5 * (to_training == to_holdout)
    sides = (
        (training_person, training_row, (to_training < to_holdout) + tie),
        (holdout_person, holdout_row, (to_holdout < to_training) + tie),
    )
    rates, drawn_rates = [], []
    for person, row, won in sides:
        names, whose, rows = np.unique(person, return_inverse=True, return_counts=True)
        hits = np.bincount(whose[row], won, names.size)
        drawn = sums_of_draws(np.stack([hits, rows]), draws=draws, rng=rng)
        rates.append(hits.sum() / rows.sum())
        drawn_rates.append(drawn[:, 0] / drawn[:, 1])
    shares = drawn_rates[0] / np.maximum(drawn_rates[0] + drawn_rates[1], 1e-12)
    return of_draws(float(rates[0] / (rates[0] + rates[1])), shares, level=level)


def difference_of_means(ours: Floats, theirs: Floats, *, level: float) -> Interval:
    """Mean of our people's figures less that of theirs, people on both sides being the samples.

    Welch's interval (Biometrika 34, 1947): drawing a few people anew gives one that is too narrow.
    """
    from scipy.special import stdtrit  # half a second to import, and few callers come here

    value = float(ours.mean() - theirs.mean())
    parts = np.array([side.var(ddof=1) / side.size for side in (ours, theirs)])
    square = float((parts**2 / np.array([ours.size - 1, theirs.size - 1])).sum())
    if square == 0:
        return Interval(value, value, value)
    half = float(stdtrit(parts.sum() ** 2 / square, (1 + level) / 2) * np.sqrt(parts.sum()))
    return Interval(value, value - half, value + half)


def shared_level(several: int) -> float:
    """Of each interval where any of `several` may accuse."""
    return 1 - (1 - LEVEL) / several


def sums_of_draws(values: Floats, *, draws: int, rng: np.random.Generator) -> Floats:
    """Each figure's sum when people are drawn anew: (figures, people) to (draws, figures)."""
    people = values.shape[1]
    return np.concatenate(
        [
            resampled_weights(people, draws=count, rng=rng) @ values.T
            for count in in_parts(draws, people)
        ]
    )


def ratio_of_two(distance: Floats) -> Floats:
    """Nearest over second nearest (NNDR), (n,); 0 where the nearest is equal to the row, and 1
    where there is no second."""
    ratio = distance[:, 0] / np.maximum(distance[:, 1], 1e-12)
    return np.where(np.isfinite(distance[:, 1]), ratio, 1.0)


def by_person(person: Names, values: Floats, of: str) -> tuple[Names, Floats]:
    """The ``mean``, ``median`` or ``least`` of each person's values; people ascending."""
    names, whose = np.unique(person, return_inverse=True)
    if of == "mean":
        return names, np.bincount(whose, values) / np.bincount(whose)
    order = np.lexsort((values, whose))
    starts = np.searchsorted(whose[order], np.arange(names.size + 1))
    if of == "least":
        return names, values[order][starts[:-1]]
    middle = (starts[:-1] + starts[1:] - 1) / 2
    low, high = np.floor(middle).astype(int), np.ceil(middle).astype(int)
    return names, (values[order][low] + values[order][high]) / 2


def _quantiles(distances: Floats, weights: Floats | None) -> tuple[float, float]:
    """The near and the far quantile of ascending distances, between the two next to each."""
    weights = np.ones(distances.size) if weights is None else weights
    reached = np.cumsum(weights) - weights / 2
    near, far = np.interp([_NEAR, _FAR], reached / weights.sum(), distances)
    return float(near), float(max(far, near))


def _depth(quantile: float) -> float:
    """How far down a quantile is from the near one, for 1 − exp(−c · distance ^ dimension)."""
    return float(np.log1p(-quantile) / np.log1p(-_NEAR))


def _sorted(values: Floats, person: Names) -> tuple[Floats, Indices]:
    order = np.argsort(values, kind="stable")
    whose = np.unique(person, return_inverse=True)[1]
    return np.asarray(values)[order], whose[order]
