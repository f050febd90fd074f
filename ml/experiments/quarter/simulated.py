"""The three-month forecast on simulated people whom nothing was learnt from."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ml.evaluation.quarter import MetricScore, absolute_errors, covered, explained, ratio_to, score
from ml.experiments.forecast_windows import SharedPerson
from ml.experiments.ship_quarter import simulated_quarters
from ml.models.quarter import METRICS, QuarterCohort, QuarterForecaster
from ml.models.quarter.days import FIRST_DAYS, day_table, figures, weekly_figures, with_range
from ml.simulation.cohort import simulate_cohort

RIDDLESWORTH = {"tir": 0.85, "tbr": 0.76, "tar": 0.85, "gmi": 0.85, "cv": 0.70}
"""R² of fourteen days with the three months they lie in, n = 257, type 1 (Diabetes Technol Ther
20, 2018); .84-.86 for mean, TIR and TAR."""
OWN_HISTORY = 28
"""Days before the fourteen in the test of the choice by own days."""


def anchors(*, people: int, rng: np.random.Generator) -> dict[str, Any]:
    """R² of fourteen days with three months in the simulated type 1 group, beside the literature.

    `inside`: the last fourteen of ninety-one days with all of them, as published; `ahead`: with
    the ninety-one days that follow, which is what a forecast can use.
    """
    made = simulate_cohort(people, rng=rng, days=105, mix={"t1d": 1.0}, prefix="anchor")
    days = day_table(made.mg_dl)
    whole, inside, first, after = (
        with_range(figures(days.between(*span)))
        for span in ((0, 91), (77, 91), (0, FIRST_DAYS), (FIRST_DAYS, 105))
    )
    return {
        "people": people,
        "population": {m: _mean_sd(whole[:, i]) for i, m in enumerate(METRICS)},
        "inside": {m: explained(inside[:, i], whole[:, i]) for i, m in enumerate(METRICS)},
        "ahead": {m: explained(first[:, i], after[:, i]) for i, m in enumerate(METRICS)},
        "published_inside": RIDDLESWORTH,
    }


def strangers(*, people: int, rng: np.random.Generator) -> QuarterCohort:
    """Test people, none of whom is in the cohort that is learnt from."""
    return simulated_quarters(people, rng=rng, prefix="stranger")


def require_strangers(people: QuarterCohort, learnt: QuarterCohort) -> None:
    """Raises `SharedPerson` when somebody's name or days are among those that were learnt from.

    Days as well as names: the same draws under another prefix are the same people.
    """
    known = {days.tobytes() for days in learnt.first.mean}
    again = np.array([days.tobytes() in known for days in people.first.mean], dtype=bool)
    if shared := int((again | np.isin(people.person, learnt.person)).sum()):
        raise SharedPerson(f"{shared} of {len(people)} test people are among those learnt from")


def tested(
    forecaster: QuarterForecaster, people: QuarterCohort, *, rng: np.random.Generator
) -> dict[str, Any]:
    """Every table about simulated people: served, by candidate, condition, week and days worn."""
    after = with_range(weekly_figures(people.after))
    told = forecaster.predict_people(people.first)
    each = forecaster.candidates(people.first)
    carried = each["carry_forward"]
    base = absolute_errors(carried, after)
    hits = covered(told, after)
    return {
        "people": len(people),
        "served": [
            _row(s, choice.candidate)
            for s, choice in zip(
                score(METRICS, told, carried, after, rng=rng), forecaster.choices, strict=True
            )
        ],
        "candidates": {
            kind: {
                m: _interval(ratio_to(absolute_errors(mid, after)[:, i], base[:, i], rng=rng))
                for i, m in enumerate(METRICS)
            }
            for kind, mid in each.items()
        },
        "by_condition": {
            str(group): {
                m: float(np.nanmean(hits[people.group == group][:, :-1, i]))
                for i, m in enumerate(METRICS)
            }
            for group in np.unique(people.group)
        },
        "covered_by_week": {m: np.nanmean(hits[..., i], 0).tolist() for i, m in enumerate(METRICS)},
        "days_worn": [_from_fewer(forecaster, people, after, fewer, rng) for fewer in range(5)],
    }


def own_days(
    forecaster: QuarterForecaster, *, people: int, rng: np.random.Generator
) -> dict[str, Any]:
    """What asking a person's own held-out days adds: people with four weeks before the fourteen."""
    start = OWN_HISTORY + FIRST_DAYS
    made = simulate_cohort(people, rng=rng, days=start + 91, prefix="own")
    days = day_table(made.mg_dl)
    after = with_range(weekly_figures(days.between(start, start + 91)))
    fortnight = days.between(start - FIRST_DAYS, start)
    worn = (fortnight.wear >= 0.7).sum(axis=1) >= 10
    told = [
        forecaster.told_by_days(days.take(np.array([i])).between(0, start))
        for i in np.flatnonzero(worn)
    ]
    mid = np.stack([t.bounded[..., 1] for t in told])
    hits = covered(np.stack([t.bounded for t in told]), after[worn])
    carried = absolute_errors(forecaster.candidates(fortnight)["carry_forward"], after)[worn]
    by_cohort = absolute_errors(forecaster.predict_people(fortnight)[..., 1], after)[worn]
    by_own = absolute_errors(mid, after[worn])
    return {
        "people": int(worn.sum()),
        "metrics": {
            m: {
                "carried_for": float(
                    np.mean([t.choices[i].served == "carry_forward" for t in told])
                ),
                "ratio_by_cohort": _interval(ratio_to(by_cohort[:, i], carried[:, i], rng=rng)),
                "ratio_by_own_days": _interval(ratio_to(by_own[:, i], carried[:, i], rng=rng)),
                "weeks_covered": float(np.nanmean(hits[:, :-1, i])),
            }
            for i, m in enumerate(METRICS)
        },
    }


def profile_coverage(
    forecaster: QuarterForecaster, *, people: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Share of readings that fall between the 5th and 95th (and 25th and 75th) of the months."""
    made = simulate_cohort(people, rng=rng, days=105, prefix="profile")
    shares: list[list[float]] = []
    for index in range(people):
        record = made.grid(index, last=FIRST_DAYS)
        if (day_table(made.mg_dl[index : index + 1, :FIRST_DAYS]).wear >= 0.7).sum() < 10:
            continue
        bands = forecaster.predict(record, rng=rng, scenarios=0).agp
        for month, (first, last) in enumerate(((14, 44), (44, 74), (74, 105))):
            shares.append([*_inside(made.mg_dl[index, first:last], bands[month])])
    wide, middle = np.mean(shares, axis=0)
    return {"people": people, "between_5_and_95": float(wide), "between_25_and_75": float(middle)}


def _inside(days: np.ndarray, band: np.ndarray) -> tuple[float, float]:
    known = np.isfinite(days)
    wide = (days >= band[:, 0]) & (days <= band[:, 4])
    middle = (days >= band[:, 1]) & (days <= band[:, 3])
    return float(wide[known].mean()), float(middle[known].mean())


def _from_fewer(
    forecaster: QuarterForecaster,
    people: QuarterCohort,
    after: np.ndarray,
    fewer: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    first = people.first.without_first(fewer)
    told = forecaster.predict_people(first, fewer=fewer)
    carried = forecaster.candidates(first)["carry_forward"]
    scores = score(METRICS, told, carried, after, rng=rng)
    width = (told[:, :-1, :, 2] - told[:, :-1, :, 0]).mean(axis=(0, 1))
    return {
        "days": FIRST_DAYS - fewer,
        "ratio": {s.metric: s.ratio.value for s in scores},
        "weeks_covered": {s.metric: s.weeks_covered for s in scores},
        "width": dict(zip(METRICS, width.tolist(), strict=True)),
    }


def _row(of: MetricScore, candidate: str) -> dict[str, Any]:
    return {**asdict(of), "ratio": _interval(of.ratio), "candidate": candidate}


def _interval(of: Any) -> dict[str, float]:
    return {"value": of.value, "low": of.low, "high": of.high}


def _mean_sd(values: np.ndarray) -> dict[str, float]:
    return {"mean": float(np.nanmean(values)), "sd": float(np.nanstd(values))}
