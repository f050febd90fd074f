"""How good short-term forecasts are: errors and coverage of every person, then over people.

A person counts once, however long the record: errors are taken within each person first.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

BANDS = (54.0, 70.0, 180.0, 250.0)
"""mg/dL between the five bands of the last observed glucose; 70 and 180 belong to the range."""
BAND_NAMES = ("<54", "54-70", "70-180", "180-250", ">250")
STEPS = (5, 11, 23)
"""Indices of the steps that tables show: 30, 60 and 120 minutes at 5-minute steps."""
STEP_NAMES = ("30", "60", "120")


@dataclass(frozen=True, eq=False)
class PersonScores:
    """Forecast scores of people; the first axis of every array is the person.

    Attributes:
        person: str, shape (people,).
        windows: forecast origins, int64, shape (people,).
        mse, mae, pinball: by step, float64, shape (people, steps); NaN without a target.
        width: between the outer quantiles, mg/dL, float64, shape (people, steps); over all origins.
        hits, counts: targets inside the outer quantiles, and targets, by step, (people, steps).
        hour_hits, hour_counts: the same by hour of the origin, (people, 24, steps).
        band_hits, band_counts: the same by band of the last observed glucose, (people, 5, steps).
    """

    person: npt.NDArray[np.str_]
    windows: npt.NDArray[np.int64]
    mse: npt.NDArray[np.float64]
    mae: npt.NDArray[np.float64]
    pinball: npt.NDArray[np.float64]
    width: npt.NDArray[np.float64]
    hits: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    hour_hits: npt.NDArray[np.float64]
    hour_counts: npt.NDArray[np.float64]
    band_hits: npt.NDArray[np.float64]
    band_counts: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "PersonScores":
        """The people that `which` (a mask or indices) selects."""
        return PersonScores(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def band_of(last: Floats) -> npt.NDArray[np.intp]:
    """Index into `BAND_NAMES` of each last observed glucose in mg/dL."""
    low = np.searchsorted(BANDS[:2], last, side="right")
    high = np.searchsorted(BANDS[2:], last, side="left")
    return low + high


def score(
    *,
    person: npt.NDArray[np.str_],
    last: Floats,
    hour: npt.NDArray[np.integer],
    target: Floats,
    quantiles: Floats,
    levels: Sequence[float],
) -> PersonScores:
    """Scores of forecasts, person by person.

    Args:
        person: whose forecast, shape (n,).
        last: last observed glucose, mg/dL, shape (n,).
        hour: of the origin, 0 to 23, shape (n,).
        target: mg/dL, shape (n, steps), NaN where unknown.
        quantiles: mg/dL, shape (n, steps, levels), ascending; the level 0.5 is the point forecast.
        levels: of the quantiles; the outer two bound the interval.

    Raises:
        ValueError: the shapes do not fit, or no level is 0.5.
    """
    if quantiles.shape != (*target.shape, len(levels)) or len(person) != len(target):
        raise ValueError(f"quantiles {quantiles.shape} do not fit targets {target.shape}")
    known = np.isfinite(target)
    error = np.where(known, quantiles[:, :, list(levels).index(0.5)] - target, 0.0)
    inside = known & (target >= quantiles[:, :, 0]) & (target <= quantiles[:, :, -1])
    names, which = np.unique(person, return_inverse=True)

    def by_person(values: Floats) -> npt.NDArray[np.float64]:
        return _sums(which, values, len(names))

    hours, bands = np.eye(24)[np.asarray(hour, dtype=np.intp)], np.eye(5)[band_of(last)]
    counts, windows = by_person(known), np.bincount(which, minlength=len(names))
    with np.errstate(invalid="ignore", divide="ignore"):
        return PersonScores(
            person=names,
            windows=windows,
            mse=by_person(error.astype(np.float64) ** 2) / counts,
            mae=by_person(np.abs(error)) / counts,
            pinball=by_person(_pinball(target, quantiles, levels)) / counts,
            width=by_person(quantiles[:, :, -1] - quantiles[:, :, 0]) / windows[:, None],
            hits=by_person(inside),
            counts=counts,
            hour_hits=by_person(hours[:, :, None] * inside[:, None, :]),
            hour_counts=by_person(hours[:, :, None] * known[:, None, :]),
            band_hits=by_person(bands[:, :, None] * inside[:, None, :]),
            band_counts=by_person(bands[:, :, None] * known[:, None, :]),
        )


def joined(parts: Sequence[PersonScores]) -> PersonScores:
    """The people of all parts; nobody may be in two of them.

    Raises:
        ValueError: somebody is.
    """
    together = PersonScores(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])}
    )
    if len(np.unique(together.person)) < len(together):
        raise ValueError("a person was tested in two folds")
    return together


@dataclass(frozen=True)
class Bounds:
    """A figure with its bootstrap interval over people.

    Attributes:
        value: the figure.
        low, high: 2.5th and 97.5th percentile.
        upper: 95th percentile, the one-sided bound.
    """

    value: float
    low: float
    high: float
    upper: float


def rmse_over_people(scores: PersonScores) -> tuple[Floats, Floats]:
    """Mean and median over people of each person's RMSE, by step, mg/dL, two of shape (steps,)."""
    rmse = np.sqrt(scores.mse)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nobody has an outcome at some step
        return np.nanmean(rmse, axis=0), np.nanmedian(rmse, axis=0)


def bootstrap_mean(values: Floats, *, rng: np.random.Generator, draws: int = 2000) -> Bounds:
    """Mean of `values`, shape (people,), people drawn with replacement; NaN is left out."""
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Bounds(*[float("nan")] * 4)
    drawn = values[rng.integers(values.size, size=(draws, values.size))].mean(axis=1)
    return _bounds(float(values.mean()), drawn)


def paired_ratio(
    ours: PersonScores,
    theirs: PersonScores,
    step: int,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> Bounds:
    """Ratio of the mean RMSE over the same people at a step; people are drawn in pairs.

    Raises:
        ValueError: the two were tested on different people.
    """
    if ours.person.tolist() != theirs.person.tolist():
        raise ValueError("a paired ratio needs the same people on both sides")
    pair = np.sqrt(np.stack([ours.mse[:, step], theirs.mse[:, step]]))
    pair = pair[:, np.isfinite(pair).all(axis=0)]
    if pair.shape[1] == 0:
        return Bounds(*[float("nan")] * 4)
    drawn = pair[:, rng.integers(pair.shape[1], size=(draws, pair.shape[1]))].mean(axis=2)
    return _bounds(float(pair[0].mean() / pair[1].mean()), drawn[0] / drawn[1])


def coverage(
    hits: Floats, counts: Floats, *, rng: np.random.Generator, draws: int = 1000
) -> Bounds:
    """Share of targets inside the interval, people drawn with replacement.

    Args:
        hits, counts: targets inside, and all of them, by person, shape (people,).
    """
    if counts.sum() == 0:
        return Bounds(*[float("nan")] * 4)
    drawn = rng.integers(len(hits), size=(draws, len(hits)))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return _bounds(float(hits.sum() / counts.sum()), shares[np.isfinite(shares)])


def as_lists(scores: PersonScores) -> dict[str, list[object]]:
    """The scores as JSON can hold them."""
    return {
        f.name: np.round(v, 5).tolist() if v.dtype.kind == "f" else v.tolist()
        for f in fields(scores)
        for v in [getattr(scores, f.name)]
    }


def from_lists(content: Mapping[str, Sequence[object]]) -> PersonScores:
    """The inverse of `as_lists`."""
    kinds = {"person": np.str_, "windows": np.int64}
    return PersonScores(
        **{
            f.name: np.array(content[f.name], dtype=kinds.get(f.name, np.float64))
            for f in fields(PersonScores)
        }
    )


def _bounds(value: float, drawn: Floats) -> Bounds:
    low, high, upper = np.quantile(drawn, [0.025, 0.975, 0.95])
    return Bounds(value, float(low), float(high), float(upper))


def _sums(which: npt.NDArray[np.intp], values: Floats, size: int) -> npt.NDArray[np.float64]:
    """Sums of the rows of each group; `which` names the group of a row."""
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(size))
    return np.add.reduceat(values[order].astype(np.float64), starts, axis=0)


def _pinball(target: Floats, quantiles: Floats, levels: Sequence[float]) -> Floats:
    """Mean pinball loss over the levels, 0 without a target, shape (n, steps)."""
    loss = np.zeros(target.shape)
    known = np.isfinite(target)
    for index, level in enumerate(levels):
        above = np.where(known, target - quantiles[:, :, index], 0.0)
        loss += np.maximum(level * above, (level - 1.0) * above)
    return loss / len(levels)
