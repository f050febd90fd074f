"""The three-month forecast on real records: never learnt from, forecast and reported singly.

Sums over people are made by `over_people` alone, and tables that print them say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.quarter import absolute_errors, covered
from ml.experiments.quarter.records import LongRecord
from ml.models.forecaster import TooLittleData
from ml.models.quarter import METRICS, QuarterForecaster
from ml.models.quarter.days import (
    FIRST_DAYS,
    WEEKS,
    DayTable,
    weekly_figures,
    with_range,
    worn_days,
)

EVERY = 7
"""Days between two forecast origins of one record."""
LEAST_KNOWN_WEEKS = 4
"""Known weeks among the thirteen from which a quarter is scored."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Origins:
    """Forecasts from inside one record, each from the days before its origin alone.

    Attributes:
        day: of the record at which each forecast begins, int64, (n,).
        after: what came, (n, WEEKS + 1, 5), NaN where unknown.
        bounded: by what the cohort chose, (n, WEEKS + 1, 5, 3).
        own: the same, after asking the record's own earlier days.
        mids: candidate → (n, WEEKS + 1, 5).
        carried: share of origins at which own days had each metric carried forward, (5,).
    """

    day: npt.NDArray[np.int64]
    after: Floats
    bounded: Floats
    own: Floats
    mids: dict[str, Floats]
    carried: Floats


def origins(forecaster: QuarterForecaster, days: DayTable, *, weeks: int) -> Origins | None:
    """Every origin with ten worn days before it and enough of the `weeks` weeks after it known."""
    least = min(weeks, LEAST_KNOWN_WEEKS)
    usable, outcomes, alone = [], [], []
    for day in range(FIRST_DAYS, days.days - 7 * least + 1, EVERY):
        after = outcome(days, day, weeks=weeks)
        if np.isfinite(after[:-1, 0]).sum() < least:
            continue
        try:
            told_alone = forecaster.told_by_days(days.between(day - FIRST_DAYS, day))
        except TooLittleData:
            continue  # too few worn days or a flat line: the product refuses there
        usable.append(day)
        outcomes.append(after)
        alone.append(told_alone.bounded)
    if not usable:
        return None
    told = [forecaster.told_by_days(days.between(0, day)) for day in usable]
    each = [forecaster.candidates(t.first) for t in told]
    return Origins(
        day=np.array(usable),
        after=np.stack(outcomes),
        bounded=np.stack(alone),
        own=np.stack([t.bounded for t in told]),
        mids={kind: np.concatenate([e[kind] for e in each]) for kind in each[0]},
        carried=np.mean([[c.served == "carry_forward" for c in t.choices] for t in told], axis=0),
    )


def outcome(days: DayTable, day: int, *, weeks: int = WEEKS) -> Floats:
    """`METRICS` of the weeks from `day` on, and of the quarter where the record reaches so far."""
    rows = np.full((WEEKS + 1, len(METRICS)), np.nan)
    whole = min(weeks, (days.days - day) // 7)
    found = with_range(weekly_figures(days.between(day, day + 7 * whole)))[0]
    rows[:whole] = found[:-1]
    if whole == WEEKS:
        rows[-1] = found[-1]
    return rows


def reported(
    forecaster: QuarterForecaster, records: Sequence[LongRecord], *, weeks: int
) -> list[dict[str, Any]]:
    """One entry per record that reaches so far: errors beside carry-forward's, and coverage."""
    found = []
    for record in records:
        at = origins(forecaster, record.days, weeks=weeks)
        if at is not None:
            found.append(_entry(record, at))
    return found


def over_people(entries: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    """How a way of forecasting does beside carry-forward over people, each counted once.

    `median_ratio` is that of the people's own ratios, which no one person and no one origin can
    move far. `ratio` is of errors summed over people: whoever has the largest decides it.
    `geometric_mean_ratio` weighs a person with hardly any error like one with a large one.
    """
    found = {}
    for metric in METRICS:
        pairs = [e["metrics"][metric]["mae"] for e in entries]
        ours = np.array([mae[way] for mae in pairs])
        theirs = np.array([mae[_BESIDE.get(way, "carry_forward")] for mae in pairs])
        ratios = ours[(ours > 0) & (theirs > 0)] / theirs[(ours > 0) & (theirs > 0)]
        found[metric] = {
            "people": len(ours),
            "median_ratio": _median_ratio(ours, theirs),
            "better": int((ours < theirs - _SAME).sum()),
            "worse": int((ours > theirs + _SAME).sum()),
            "ratio": float(ours.sum() / theirs.sum()),
            "geometric_mean_ratio": float(np.exp(np.log(ratios).mean())),
        }
    return found


def _entry(record: LongRecord, at: Origins) -> dict[str, Any]:
    first = slice(0, 1)
    mids = {
        **at.mids,
        "served": at.bounded[..., 1],
        "own_days": at.own[..., 1],
    }
    mae = {way: _mean(absolute_errors(mid, at.after)) for way, mid in mids.items()}
    for way in ("served", "carry_forward"):
        mae[f"{way}_first"] = _mean(absolute_errors(mids[way][first], at.after[first]))
    hits, own_hits = covered(at.bounded, at.after), covered(at.own, at.after)
    return {
        "record": record.name,
        "condition": record.condition,
        "note": record.note,
        "span_days": record.days.days,
        "worn_days": int(worn_days(record.days)[0]),
        "origins": len(at.day),
        "weeks_known": int(np.isfinite(at.after[:, :-1, 0]).sum()),
        "metrics": {
            m: {
                "mae": {way: float(errors[i]) for way, errors in mae.items()},
                "ratio": {
                    way: _ratio(errors[i], mae[_BESIDE.get(way, "carry_forward")][i])
                    for way, errors in mae.items()
                },
                "carried_by_own_days": float(at.carried[i]),
                "weeks_covered": float(np.nanmean(hits[:, :-1, i])),
                "weeks_covered_own_days": float(np.nanmean(own_hits[:, :-1, i])),
            }
            for i, m in enumerate(METRICS)
        },
    }


_BESIDE = {"served_first": "carry_forward_first", "carry_forward_first": "carry_forward_first"}
_SAME = 1e-9


def _ratio(ours: float, theirs: float) -> float:
    """NaN where carry-forward made no error at all."""
    return float(ours / theirs) if theirs > 0 else float("nan")


def _median_ratio(ours: Floats, theirs: Floats) -> float:
    """Over people; who misses where carry-forward never did counts as worse than anybody."""
    pairs = zip(ours, theirs, strict=True)
    ratios = [o / t if t > 0 else (np.inf if o > _SAME else 1.0) for o, t in pairs]
    median = float(np.median(ratios))
    return median if np.isfinite(median) else float("nan")


def _mean(errors: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        found: Floats = np.nanmean(errors, axis=0)
    return found
