"""How far synthetic glucose days are from real ones: level, spread, shape, pace, time of day.

Every measure is a function of sums over days, so that an interval costs one matrix product:
people are drawn anew on the real side, days on the synthetic one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, of_draws, resampled_weights
from ml.records.cgm.days import GlucoseDays

Floats = npt.NDArray[np.floating]

MEASURES = (
    "sd_ratio",
    "tir_difference",
    "tbr_difference",
    "tar_difference",
    "lag1_difference",
    "mean_difference",
    "rate_wasserstein",
    "rate_ks",
    "agp_distance",
    "day_mean_ks",
    "day_sd_ks",
    "hourly_sd_ratio_worst",
)
"""What `compare_days` reports; see `_measures` for the definition and unit of each."""
_DISTANCES = frozenset({"rate_wasserstein", "rate_ks", "agp_distance", "day_mean_ks", "day_sd_ks"})
HOURLY = ("hourly_mean_difference", "hourly_sd_ratio", "hourly_tir_difference")

_RATE_BINS = np.linspace(-10, 10, 401)  # mg/dL per minute
_GLUCOSE_BINS = np.arange(38, 404, 2.0)  # mg/dL
_SPREAD_BINS = np.arange(0, 182, 2.0)  # mg/dL
_PERCENTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
_HOURS = 24


@dataclass(frozen=True)
class DayComparison:
    """Synthetic days beside real ones.

    Attributes:
        real_days, real_people, synthetic_days: how many were compared.
        figures: interval of each of `MEASURES`.
        hours: each of `HOURLY` per hour of day, shape (24,).
    """

    real_days: int
    real_people: int
    synthetic_days: int
    figures: dict[str, Interval]
    hours: dict[str, Floats]


def compare_days(
    real: GlucoseDays,
    synthetic: GlucoseDays,
    *,
    rng: np.random.Generator,
    draws: int = 500,
    redraw_real: bool = True,
) -> DayComparison:
    """Every measure with its 95 % interval.

    Args:
        real: one person's days are drawn anew by day, those of several by person.
        redraw_real: False where `real` is what the generator was fitted on: then the question is
            whether it learnt these days, and only the synthetic ones are drawn anew.

    Raises:
        ValueError: the steps differ, or one side has no day.
    """
    if real.step_minutes != synthetic.step_minutes:
        raise ValueError(
            f"days of {synthetic.step_minutes} min cannot be compared with days of "
            f"{real.step_minutes} min: bring both to one step"
        )
    if not len(real) or not len(synthetic):
        raise ValueError("a comparison needs at least one real and one synthetic day")
    people = np.unique(real.person).size
    truth = _by_person(_sums(real), real.person) if people > 1 else _sums(real)
    made = _sums(synthetic)
    whole = [np.ones((1, len(side["squares"]))) for side in (truth, made)]
    point = _measures(_drawn(truth, whole[0]), _drawn(made, whole[1]))
    again = resampled_weights(len(truth["squares"]), draws=draws, rng=rng)
    drawn = _measures(
        _drawn(truth, again if redraw_real else whole[0]),
        _drawn(made, resampled_weights(len(made["squares"]), draws=draws, rng=rng)),
    )
    figures = {
        name: of_draws(float(point[name][0]), drawn[name], distance=name in _DISTANCES)
        for name in MEASURES
    }
    hours = {name: point[name][0] for name in HOURLY}
    return DayComparison(len(real), people, len(synthetic), figures, hours)


def coarser(days: GlucoseDays, step_minutes: int) -> GlucoseDays:
    """The same days at a coarser step: means of the readings within it."""
    if step_minutes == days.step_minutes:
        return days
    if step_minutes % days.step_minutes:
        raise ValueError(f"{days.step_minutes} min does not divide {step_minutes} min")
    means = days.mg_dl.reshape(len(days), 1440 // step_minutes, -1).mean(axis=2)
    return GlucoseDays(step_minutes, means.astype(np.float32), days.person, days.day)


def profile(days: GlucoseDays) -> tuple[Floats, Floats, Floats]:
    """What a picture of days shows: percentiles by hour, and the distribution of the rates.

    Returns:
        5/25/50/75/95 % of each hour (24, 5) in mg/dL; middles of the rate bins in mg/dL/min; the
        share of rates up to the end of each bin.
    """
    whole = _drawn(_sums(days), np.ones((1, len(days))))
    middles = (_RATE_BINS[:-1] + _RATE_BINS[1:]) / 2
    return _percentiles(whole["glucose"])[0], middles, _cumulative(whole["rate"])[0]


def lag1(mg_dl: Floats) -> float:
    """Autocorrelation of neighbouring readings within days, each day about its own mean."""
    centred = mg_dl - mg_dl.mean(axis=1, keepdims=True)
    return float((centred[:, :-1] * centred[:, 1:]).sum() / (centred**2).sum())


def context_fid(
    real: GlucoseDays,
    synthetic: GlucoseDays,
    embed: Callable[[GlucoseDays], Floats],
    *,
    rng: np.random.Generator,
    draws: int = 100,
) -> Interval:
    """Fréchet distance between embeddings of real and synthetic days.

    Its interval comes from drawing people and synthetic days anew. The distance is biased upward
    with few days: read it beside that of real days of other people.

    Args:
        embed: days → shape (days, features), not fitted on `real`. Where `synthetic` are the very
            days it was fitted on, as in a floor of training people's own days, the distance
            says what real days get from an encoder that knows them.
    """
    truth, made = embed(real), embed(synthetic)
    names, whose = np.unique(real.person, return_inverse=True)
    drawn = []
    for people, days in zip(
        resampled_weights(names.size, draws=draws, rng=rng),
        resampled_weights(len(made), draws=draws, rng=rng),
        strict=True,
    ):
        drawn.append(frechet_distance(truth, made, people[whose], days))
    return of_draws(frechet_distance(truth, made), np.array(drawn), distance=True)


def frechet_distance(
    first: Floats, second: Floats, weights: Floats | None = None, others: Floats | None = None
) -> float:
    """|μ₁−μ₂|² + tr(C₁ + C₂ − 2(C₁C₂)^½) of two sets of rows, each weighted (all ones if None)."""
    mean, spread = _moments(first, weights)
    mean_2, spread_2 = _moments(second, others)
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    mixed = np.sqrt(np.clip(np.linalg.eigvalsh(root @ spread_2 @ root), 0, None)).sum()
    distance = ((mean - mean_2) ** 2).sum() + np.trace(spread) + np.trace(spread_2) - 2 * mixed
    return float(max(distance, 0.0))


def _moments(rows: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    rows = np.asarray(rows, np.float64)
    share = np.ones(len(rows)) if weights is None else weights
    share = share / share.sum()
    mean = share @ rows
    centred = rows - mean
    return mean, (centred * share[:, None]).T @ centred


def _sums(days: GlucoseDays) -> dict[str, Floats]:
    """What the measures need of each day, as arrays whose first axis is the day."""
    values = days.mg_dl.astype(np.float64)
    mean = values.mean(axis=1, keepdims=True)
    centred = values - mean
    rate = np.diff(values, axis=1) / days.step_minutes
    by_hour = values.reshape(len(days), _HOURS, -1)
    return {
        "readings": np.full(len(days), float(values.shape[1])),
        "below": (values < 70).sum(axis=1).astype(np.float64),
        "above": (values > 180).sum(axis=1).astype(np.float64),
        "products": (centred[:, :-1] * centred[:, 1:]).sum(axis=1),
        "squares": (centred**2).sum(axis=1),
        "hour_sum": by_hour.sum(axis=2),
        "hour_squares": (by_hour**2).sum(axis=2),
        "hour_outside": ((by_hour < 70) | (by_hour > 180)).sum(axis=2).astype(np.float64),
        "rate": _histograms(rate, _RATE_BINS),
        "glucose": np.stack(
            [_histograms(by_hour[:, hour], _GLUCOSE_BINS) for hour in range(_HOURS)], axis=1
        ),
        "day_mean": _histograms(mean, _GLUCOSE_BINS),
        "day_sd": _histograms(centred.std(axis=1, keepdims=True), _SPREAD_BINS),
    }


def _histograms(rows: Floats, edges: Floats) -> Floats:
    """Counts of each row's values between `edges`, outliers in the outer bins."""
    bins = edges.size - 1
    width = edges[1] - edges[0]
    which = np.clip(((rows - edges[0]) / width).astype(np.int64), 0, bins - 1)
    flat = (np.arange(len(rows))[:, None] * bins + which).ravel()
    return np.bincount(flat, minlength=len(rows) * bins).reshape(len(rows), bins).astype(np.float64)


def _by_person(sums: dict[str, Floats], person: npt.NDArray[np.str_]) -> dict[str, Floats]:
    names, whose = np.unique(person, return_inverse=True)
    owner = (whose == np.arange(names.size)[:, None]).astype(np.float64)
    return {name: np.tensordot(owner, values, 1) for name, values in sums.items()}


def _drawn(sums: dict[str, Floats], weights: Floats) -> dict[str, Floats]:
    """The sums of each draw: first axis draws."""
    return {name: np.tensordot(weights, values, 1) for name, values in sums.items()}


def _measures(real: dict[str, Floats], made: dict[str, Floats]) -> dict[str, Floats]:
    """Each of `MEASURES` (shape (draws,)) and of `HOURLY` (shape (draws, 24)).

    sd_ratio: SD of all synthetic readings over that of the real ones. *_difference: synthetic −
    real; shares of readings in, below and above 70–180 mg/dL, `lag1`, mg/dL of the mean.
    rate_*: distance between distributions of the rate of change, Wasserstein in mg/dL/min.
    agp_distance: mean |difference| of the 5/25/50/75/95 percentiles of each hour, mg/dL.
    day_*_ks: Kolmogorov distance of the days' means and SDs. hourly_sd_ratio_worst: the SD ratio
    farthest from 1 in any hour.
    """
    shapes = [_shape(side) for side in (real, made)]
    truth, ours = shapes
    ratio = ours["hour_sd"] / np.maximum(truth["hour_sd"], 1e-9)
    farthest = np.abs(np.log(np.maximum(ratio, 1e-9))).argmax(axis=1)
    agp = [_percentiles(side["glucose"]) for side in (real, made)]
    rate = _cumulative(made["rate"]) - _cumulative(real["rate"])
    means = _cumulative(made["day_mean"]) - _cumulative(real["day_mean"])
    spreads = _cumulative(made["day_sd"]) - _cumulative(real["day_sd"])
    return {
        "sd_ratio": ours["sd"] / truth["sd"],
        "tir_difference": ours["tir"] - truth["tir"],
        "tbr_difference": ours["tbr"] - truth["tbr"],
        "tar_difference": ours["tar"] - truth["tar"],
        "lag1_difference": ours["lag1"] - truth["lag1"],
        "mean_difference": ours["mean"] - truth["mean"],
        "rate_wasserstein": np.abs(rate).sum(axis=1) * (_RATE_BINS[1] - _RATE_BINS[0]),
        "rate_ks": np.abs(rate).max(axis=1),
        "agp_distance": np.abs(agp[1] - agp[0]).mean(axis=(1, 2)),
        "day_mean_ks": np.abs(means).max(axis=1),
        "day_sd_ks": np.abs(spreads).max(axis=1),
        "hourly_sd_ratio_worst": np.take_along_axis(ratio, farthest[:, None], axis=1)[:, 0],
        "hourly_mean_difference": ours["hour_mean"] - truth["hour_mean"],
        "hourly_sd_ratio": ratio,
        "hourly_tir_difference": ours["hour_tir"] - truth["hour_tir"],
    }


def _shape(sums: dict[str, Floats]) -> dict[str, Floats]:
    readings = sums["readings"]
    hourly = readings[:, None] / _HOURS
    mean = sums["hour_sum"].sum(axis=1) / readings
    hour_mean = sums["hour_sum"] / hourly
    hour_variance = sums["hour_squares"] / hourly - hour_mean**2
    below, above = sums["below"] / readings, sums["above"] / readings
    return {
        "mean": mean,
        "sd": np.sqrt(np.maximum(sums["hour_squares"].sum(axis=1) / readings - mean**2, 1e-12)),
        "tir": 1 - below - above,
        "tbr": below,
        "tar": above,
        "lag1": sums["products"] / np.maximum(sums["squares"], 1e-12),
        "hour_mean": hour_mean,
        "hour_sd": np.sqrt(np.maximum(hour_variance, 0)),
        "hour_tir": 1 - sums["hour_outside"] / hourly,
    }


def _cumulative(histogram: Floats) -> Floats:
    total = np.cumsum(histogram, axis=-1)
    return total / total[..., -1:]


def _percentiles(glucose: Floats) -> Floats:
    """`_PERCENTILES` of each hour in mg/dL, shape (draws, 24, 5), from histograms."""
    share = _cumulative(glucose)
    before = np.concatenate([np.zeros_like(share[..., :1]), share[..., :-1]], axis=-1)
    found = []
    for level in _PERCENTILES:
        bin_ = (share >= level).argmax(axis=-1)[..., None]
        low = np.take_along_axis(before, bin_, -1)[..., 0]
        high = np.take_along_axis(share, bin_, -1)[..., 0]
        part = (level - low) / np.maximum(high - low, 1e-12)
        found.append(_GLUCOSE_BINS[bin_[..., 0]] + part * (_GLUCOSE_BINS[1] - _GLUCOSE_BINS[0]))
    return np.stack(found, axis=-1)
