"""The forecast table: models × horizons, everybody and each group, beside the linear baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation import forecast as ev
from ml.evaluation.wandering import differences, wandering
from ml.experiments.cohorts import INTERPOLATED, Person
from ml.experiments.forecasting.protocol import NETWORKS, Protocol

Mask = npt.NDArray[np.bool_]
GROUPS = ("all", "t1d", "others", "t1d_not_interpolated")
"""Groups that coverage is told of by hour and band, and asked of."""
DIFFER_LIKE = {"t1d_not_interpolated": "t1d"}
"""Nine people say little of how much people differ: that is taken from the group they are of."""
RATIO_MOST = {"t1d": 1.00, "t1d_not_interpolated": 1.00, "others": 1.02}


def groups_of(everybody: Sequence[Person], scores: ev.PersonScores) -> dict[str, Mask]:
    """Masks over the tested people: all, by type 1 or not, and by cohort."""
    by_name = {person.name: person for person in everybody}
    tested = [by_name[str(name)] for name in scores.person]
    type_1 = np.array([p.condition == "t1d" for p in tested])
    masks = {"all": np.ones(len(tested), bool), "t1d": type_1, "others": ~type_1}
    clean = np.array([p.cohort not in INTERPOLATED for p in tested])
    masks["t1d_not_interpolated"] = type_1 & clean
    for cohort in sorted({p.cohort for p in tested}):
        masks[cohort] = np.array([p.cohort == cohort for p in tested])
    return {name: mask for name, mask in masks.items() if mask.any()}


def table(
    scores: Mapping[str, ev.PersonScores], everybody: Sequence[Person], protocol: Protocol
) -> dict[str, Any]:
    """Group → model → figures, each with its interval."""
    groups = groups_of(everybody, scores["linear"])
    found: dict[str, Any] = {}
    for group, mask in groups.items():
        own = {name: part.take(mask) for name, part in scores.items()}
        models = {name: _figures(own, name, protocol, detailed=group in GROUPS) for name in own}
        if group in GROUPS:
            like = groups[DIFFER_LIKE.get(group, group)]
            like = like if like.sum() > 1 else groups["all"]
            for name, figures in models.items():
                figures["coverage"]["perfect"] = perfect(
                    own[name], scores[name].take(like), protocol
                )
        found[group] = {
            "people": len(own["linear"]),
            "windows": int(own["linear"].windows.sum()),
            "models": models,
        }
    return found


def perfect(
    scores: ev.PersonScores, like: ev.PersonScores, protocol: Protocol
) -> dict[str, dict[str, Any]]:
    """What would be measured of intervals that cover 90 % of everybody, of so many people.

    Args:
        scores: of the people measured; how many outcomes they have in each cell is used.
        like: of the people whose differences in coverage are taken.
    """
    rng = np.random.default_rng(protocol.seed)
    cells = {
        "hours": (scores.hour_counts, like.hour_hits, like.hour_counts),
        "bands": (scores.band_counts, like.band_hits, like.band_counts),
    }
    found = {}
    for part, (counts, *pool) in cells.items():
        between = differences(*(values.sum(axis=2) for values in pool))
        of = wandering(counts.sum(axis=2), between, rng=rng, draws=protocol.bootstraps)
        found[part] = {name: np.round(value, 4).tolist() for name, value in asdict(of).items()} | {
            "variances": {name: round(value, 6) for name, value in asdict(between).items()}
        }
    return found


def _figures(
    own: Mapping[str, ev.PersonScores], name: str, protocol: Protocol, *, detailed: bool
) -> dict[str, Any]:
    """At each horizon; coverage by hour and band if `detailed`."""
    scores = own[name]
    rng, of_prices = (np.random.default_rng(protocol.seed) for _ in range(2))
    _, median = ev.rmse_over_people(scores)
    steps: dict[str, Any] = {}

    def price(values: npt.NDArray[np.float64]) -> dict[str, float]:
        return rounded(ev.bootstrap_mean(values, rng=of_prices, draws=protocol.bootstraps))

    for step, minutes in zip(ev.STEPS, ev.STEP_NAMES, strict=True):

        def bounds(values: npt.NDArray[np.float64]) -> dict[str, float]:
            return rounded(ev.bootstrap_mean(values, rng=rng, draws=protocol.bootstraps))

        steps[minutes] = {
            "rmse_mean": bounds(np.sqrt(scores.mse[:, step])),
            "rmse_median": round(float(median[step]), 2),
            "mae": bounds(scores.mae[:, step]),
            "pinball": bounds(scores.pinball[:, step]),
            "width": price(scores.width[:, step]),
            "coverage": _covered(scores.hits[:, step], scores.counts[:, step], rng, protocol),
        } | {
            f"ratio_to_{other}": rounded(
                ev.paired_ratio(scores, own[other], step, rng=rng, draws=protocol.bootstraps)
            )
            for other in ("linear", "linear_by_condition")
            if other in own
        }
    overall = _covered(scores.hits.sum(axis=1), scores.counts.sum(axis=1), rng, protocol)
    groups = _coverage(scores, rng, protocol) if detailed else {}
    paid = {name: price(_over_steps(getattr(scores, name))) for name in ("width", "pinball")}
    return {"minutes": steps, "coverage": {"overall": overall, **paid, **groups}}


def _coverage(
    scores: ev.PersonScores, rng: np.random.Generator, protocol: Protocol
) -> dict[str, Any]:
    """Over all steps: every hour, every band of the last observed glucose."""

    def by(hits: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
        return [
            _covered(hits[:, i].sum(axis=1), counts[:, i].sum(axis=1), rng, protocol)
            | {"outcomes": int(counts[:, i].sum())}
            for i in range(hits.shape[1])
        ]

    return {
        "hours": by(scores.hour_hits, scores.hour_counts),
        "bands": dict(zip(ev.BAND_NAMES, by(scores.band_hits, scores.band_counts), strict=True)),
        "bands_by_minutes": {
            minutes: dict(
                zip(
                    ev.BAND_NAMES,
                    _shares(scores.band_hits[:, :, step], scores.band_counts[:, :, step]),
                    strict=True,
                )
            )
            for step, minutes in zip(ev.STEPS, ev.STEP_NAMES, strict=True)
        },
    }


def targets(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the issue asks for, what was reached by the best network, and whether it holds.

    Every group answers for itself: what one misses does not vanish among the others. Beside
    coverage is said what would be measured of a perfect forecaster.
    """
    best = best_network(found)
    rows = []
    for group, limit in RATIO_MOST.items():
        for minutes in ev.STEP_NAMES if group in found else ():
            figures = found[group]["models"][best]["minutes"][minutes]["ratio_to_linear"]
            what = f"{best} / linear RMSE, {group}, {minutes} min, 97.5 % bound ≤ {limit:.2f}"
            rows.append(_target(what, figures["high"], figures["high"] <= limit))
    for group in GROUPS:
        if group in found:
            rows += _coverage_targets(best, group, found[group]["models"][best]["coverage"])
    return rows


def best_network(found: Mapping[str, Any]) -> str:
    """The one with the least mean pinball loss over everybody at the three horizons."""
    models = found["all"]["models"]
    return min(NETWORKS, key=lambda name: _mean_pinball(models[name]))


def _coverage_targets(best: str, group: str, cover: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of one group: overall, and the hours and bands that are covered least and most."""
    overall, chance = cover["overall"]["value"], cover["perfect"]
    what = f"{best} 90 % coverage, {group}, 0.88-0.92"
    rows = [_target(what, overall, 0.88 <= overall <= 0.92, chance["hours"]["overall"])]
    for part, of, values in (
        ("an hour", "hours", cover["hours"]),
        ("a band", "bands", list(cover["bands"].values())),
    ):
        shares = [v["value"] for v in values if v["outcomes"] > 0]
        for name, worst in (("least", min(shares)), ("most", max(shares))):
            what = f"{best} {name} coverage of {part}, {group}, 0.85-0.95"
            rows.append(_target(what, worst, 0.85 <= worst <= 0.95, chance[of][name]))
    return rows


def rounded(bounds: ev.Bounds) -> dict[str, float]:
    """Bounds as JSON holds them, fine enough that rounding lets no target hold."""
    return {name: round(value, 6) for name, value in asdict(bounds).items()}


def _target(
    what: str, value: float, holds: bool, chance: Sequence[float] | None = None
) -> dict[str, Any]:
    row = {"target": what, "value": round(value, 6), "holds": bool(holds)}
    return row if chance is None else row | {"perfect": list(chance)}


def _over_steps(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A person's mean over the steps that have a value, NaN where none has, shape (people,)."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1))


def _mean_pinball(figures: Mapping[str, Any]) -> float:
    return float(np.mean([figures["minutes"][m]["pinball"]["value"] for m in ev.STEP_NAMES]))


def _covered(
    hits: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    rng: np.random.Generator,
    protocol: Protocol,
) -> dict[str, Any]:
    found = ev.coverage(hits, counts, rng=rng, draws=protocol.bootstraps // 4)
    return {name: value for name, value in rounded(found).items() if name != "upper"}


def _shares(hits: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]) -> list[float | None]:
    total, inside = counts.sum(axis=0), hits.sum(axis=0)
    return [round(float(h / n), 4) if n else None for h, n in zip(inside, total, strict=True)]
