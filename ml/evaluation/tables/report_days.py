"""The evaluation report of synthetic glucose days, in the shape of that of a table."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ml.evaluation.statistics import Interval, paired_ratio, weighted_mean
from ml.evaluation.synthesis import compare_days, profile
from ml.evaluation.tables.report import Advance, Told, rounded
from ml.evaluation.tables.report_cells import FEWEST, hidden_cells, shown_shares
from ml.records.cgm.days import HIGHEST, LOWEST, GlucoseDays

Floats = npt.NDArray[np.floating]

GLUCOSE = "glucose_mg_dl"
EDGES = (LOWEST, 54.0, 70.0, 90.0, 110.0, 140.0, 180.0, 220.0, 250.0, 300.0, HIGHEST)
"""mg/dL; the bounds of the consensus among them, and none from anybody's readings."""
PERCENTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
SIDES = ("synthetic", "ceiling", "floor")
STEPS = 3 * len(SIDES)
RANGES = ("tir_difference", "tbr_difference", "tar_difference")
"""Shares in, below and above 70 to 180 mg/dL, the first hidden where another must be."""
TELLING = ("sd_ratio", "mean_difference", "lag1_difference", "hourly_sd_ratio_worst", *RANGES)
"""Figures that, with the synthetic days, give the held-out people's own."""
MOST_DAYS = 5_000
"""Of a side that are compared; of more, so many are drawn."""
_HORIZONS = ("next_step", "hour")
PROTOCOL = (
    "Every figure holds the synthetic days against real days of held-out people, whom neither the "
    "generator nor a network saw. Intervals are 95 % percentile intervals of a bootstrap over "
    "people and synthetic days. Ceiling: the training people's own days against the same held-out "
    "people; for utility the same network trained on as many real days. Baseline: {baseline}."
)
_INDEPENDENT = "days whose every step is drawn on its own from the training days"
_LIMITS = (
    f"Real cells with fewer than {FEWEST} people are not shown, nor those from which they could "
    "be computed; a percentile is shown where at least that many people would lie beyond it.",
    "A generator that copies reaches the ceiling of fidelity: read it with the privacy figures.",
    "Figures are aggregates over real people without noise: a privacy budget of the generator "
    "does not cover them.",
)


class Discriminator(Protocol):
    """How well a network tells two sets of days apart, 0 to ½, on people it never saw."""

    def __call__(
        self, real: GlucoseDays, synthetic: GlucoseDays, *, rng: np.random.Generator
    ) -> Interval: ...


class Forecaster(Protocol):
    """Errors of each test day, mg/dL at the next step and in an hour, (days, 2), once trained."""

    def __call__(
        self, training: GlucoseDays, test: GlucoseDays, *, rng: np.random.Generator
    ) -> Floats: ...


def days_report(
    synthetic: GlucoseDays,
    training: GlucoseDays,
    holdout: GlucoseDays,
    *,
    rng: np.random.Generator,
    progress: Told,
    discriminator: Discriminator | None = None,
    forecaster: Forecaster | None = None,
    baseline: tuple[str, GlucoseDays] | None = None,
    privacy: Mapping[str, Any] | None = None,
    real_counts: Literal["suppressed", "none"] = "suppressed",
    draws: int = 200,
) -> dict[str, Any]:
    """The whole report as JSON values; the same arguments and `rng` give the same report.

    Args:
        discriminator, forecaster: without them their figures are left out, and that is said.
        baseline: words for the simplest sampler, and days of it; `independent_steps` if None.
        privacy: figures of the privacy evidence, taken over as they are.
        real_counts: "none" shows no share and no percentile of real readings.

    Raises:
        ValueError: steps differ, someone is on both sides, or a side has no day.
    """
    _require(synthetic, training, holdout)
    words, floor = baseline or (_INDEPENDENT, independent_steps(training, rng=rng))
    sides = {
        name: _some(days, MOST_DAYS, rng)
        for name, days in zip(SIDES, (synthetic, training, floor), strict=True)
    }
    tell = Advance(progress, STEPS)
    alike = _fidelity(sides, holdout, discriminator, rng, tell, draws)
    useful = {} if forecaster is None else _utility(sides, holdout, forecaster, rng, tell)
    hidden = _hidden(holdout)
    shown = (training, holdout) if real_counts == "suppressed" else ()
    tell.end()
    return {
        "kind": "glucose_days",
        "protocol": PROTOCOL.format(baseline=words),
        "n": {
            "synthetic_days": len(synthetic),
            "training_people": int(np.unique(training.person).size),
            "training_days": len(training),
            "holdout_people": int(np.unique(holdout.person).size),
            "holdout_days": len(holdout),
        },
        "fidelity": {name: figure for name, figure in alike.items() if name not in hidden},
        "utility": useful,
        "privacy": dict(privacy or {}),
        "marginals": {GLUCOSE: _readings(synthetic, shown)},
        "profile": _profile(synthetic, shown),
        "limits": _limits(hidden, discriminator is not None and forecaster is not None),
    }


def independent_steps(days: GlucoseDays, *, rng: np.random.Generator) -> GlucoseDays:
    """As many days, each reading that of another day at the same time, with nothing between."""
    rows = rng.integers(len(days), size=days.mg_dl.shape)
    mg_dl = np.take_along_axis(days.mg_dl, rows, axis=0)
    names = np.array([f"independent-{at}" for at in range(len(days))])
    return GlucoseDays(days.step_minutes, mg_dl, names, days.day)


def _fidelity(
    sides: Mapping[str, GlucoseDays],
    holdout: GlucoseDays,
    discriminator: Discriminator | None,
    rng: np.random.Generator,
    tell: Advance,
    draws: int,
) -> dict[str, Any]:
    """Every measure of the synthetic days beside that of the other two sides."""
    found = {}
    for name, days in sides.items():
        tell(f"readings: {name}")
        compared = compare_days(holdout, days, rng=rng, draws=draws if name == "synthetic" else 1)
        found[name] = dict(compared.figures)
        tell(f"discriminator: {name}")
        if discriminator is not None:
            taken = _some(days, len(holdout), rng)
            found[name]["discriminative"] = discriminator(holdout, taken, rng=rng)
    people = int(np.unique(holdout.person).size)
    return {
        name: _figure(
            interval,
            people,
            found["floor"][name].value,
            found["ceiling"][name].value,
            1.0 if "ratio" in name else 0.0,
        )
        for name, interval in found["synthetic"].items()
    }


def _limits(hidden: set[str], judged: bool) -> list[str]:
    limits = [*_LIMITS]
    if hidden:
        limits.append(
            f"{', '.join(sorted(hidden))}: not shown, since fewer than {FEWEST} held-out people "
            "are behind it or behind what it would tell."
        )
    if not judged:
        limits.append("No network judged these days: discriminative score or TSTR is left out.")
    return limits


def _hidden(holdout: GlucoseDays) -> set[str]:
    """Figures that would tell of fewer than `FEWEST` held-out people."""
    people = np.unique(holdout.person).size
    if people < FEWEST:
        return set(TELLING)
    low, high = (holdout.mg_dl < 70).any(axis=1), (holdout.mg_dl > 180).any(axis=1)
    inside = ((holdout.mg_dl >= 70) & (holdout.mg_dl <= 180)).any(axis=1)
    counts = [np.unique(holdout.person[there]).size for there in (inside, low, high)]
    gone = hidden_cells(counts, order=range(len(RANGES)))
    return {name for name, away in zip(RANGES, gone, strict=True) if away}


def _utility(
    sides: Mapping[str, GlucoseDays],
    holdout: GlucoseDays,
    forecaster: Forecaster,
    rng: np.random.Generator,
    tell: Advance,
) -> dict[str, Any]:
    """MAE of a network trained on either side, and its ratio to that of real days."""
    size = min(len(sides["synthetic"]), len(sides["ceiling"]))
    errors = {}
    for name, days in sides.items():
        tell(f"forecast: {name}")
        errors[name] = forecaster(_some(days, size, rng), holdout, rng=rng)
    people = int(np.unique(holdout.person).size)
    real = errors["ceiling"]
    found = {}
    for at, horizon in enumerate(_HORIZONS):
        ours, floor = errors["synthetic"][:, at], errors["floor"][:, at]
        value = weighted_mean(holdout.person, ours, rng=rng)
        ratio = paired_ratio(holdout.person, ours, real[:, at], rng=rng)
        found[f"{horizon}_mae"] = _figure(
            value, people, float(floor.mean()), float(real[:, at].mean())
        )
        found[f"{horizon}_mae_ratio"] = _figure(
            ratio, people, float(floor.mean() / real[:, at].mean()), 1.0
        )
    return found


def _readings(synthetic: GlucoseDays, real: tuple[GlucoseDays, ...]) -> dict[str, Any]:
    made = _counted(synthetic).sum(axis=0)
    shares: list[float | None] = [None] * made.size
    if real:
        people = np.concatenate([_by_person(days) for days in real])
        order = [int(at) for at in np.argsort(made, kind="stable")]
        shares = shown_shares(
            (people > 0).sum(axis=0).tolist(), people.sum(axis=0).tolist(), order=order
        )
    return {
        "kind": "continuous",
        "edges": list(EDGES),
        "synthetic": [round(float(share), 6) for share in made / made.sum()],
        "real": shares,
    }


def _profile(synthetic: GlucoseDays, real: tuple[GlucoseDays, ...]) -> dict[str, Any]:
    """Percentiles of each hour, mg/dL."""
    levels = [f"{level:g}" for level in PERCENTILES]
    found: dict[str, Any] = {"percentiles": levels, "synthetic": _bands(synthetic, 0)}
    if not real:
        return found | {"real": [[None] * len(levels) for _ in range(24)]}
    cohort = GlucoseDays(
        synthetic.step_minutes,
        np.concatenate([days.mg_dl for days in real]),
        np.concatenate([days.person for days in real]),
        np.concatenate([days.day for days in real]),
    )
    return found | {"real": _bands(cohort, FEWEST)}


def _bands(days: GlucoseDays, fewest: int) -> list[list[float | None]]:
    people = int(np.unique(days.person).size)
    shown = [min(level, 1 - level) * people >= fewest for level in PERCENTILES]
    return [
        [round(float(v), 0) if there else None for v, there in zip(row, shown, strict=True)]
        for row in profile(days)[0]
    ]


def _counted(days: GlucoseDays) -> Floats:
    """Readings of each day in each bin, (days, bins)."""
    bins = len(EDGES) - 1
    which = np.digitize(days.mg_dl, EDGES[1:-1])
    flat = np.arange(len(days))[:, None] * bins + which
    return np.bincount(flat.ravel(), minlength=len(days) * bins).reshape(len(days), bins)


def _by_person(days: GlucoseDays) -> Floats:
    _, whose = np.unique(days.person, return_inverse=True)
    found = np.zeros((int(whose.max()) + 1, len(EDGES) - 1))
    np.add.at(found, whose, _counted(days))
    return found


def _figure(
    interval: Interval, people: int, baseline: float, ceiling: float, perfect: float | None = None
) -> dict[str, Any]:
    return {
        "value": rounded(interval.value),
        "low": rounded(interval.low),
        "high": rounded(interval.high),
        "n": people,
        "baseline": rounded(baseline),
        "ceiling": rounded(ceiling),
        "perfect": perfect,
    }


def _some(days: GlucoseDays, most: int, rng: np.random.Generator) -> GlucoseDays:
    return days.take(np.sort(rng.permutation(len(days))[:most]))


def _require(synthetic: GlucoseDays, training: GlucoseDays, holdout: GlucoseDays) -> None:
    for days, word in ((synthetic, "synthetic"), (training, "training"), (holdout, "held-out")):
        if not len(days):
            raise ValueError(f"there is no {word} day to report on")
        if days.step_minutes != holdout.step_minutes:
            raise ValueError("synthetic, training and held-out days need one step")
    if np.intersect1d(training.person, holdout.person).size:
        raise ValueError("someone is on both sides: split by person before reporting")
