"""Values of `ml` as the domain's: plain numbers, sentences and moments."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from backend.domain.errors import NotEnoughData
from backend.domain.glucose import (
    METRICS,
    PERCENTILES,
    Assessment,
    Band,
    Choice,
    Finding,
    GlucoseProfile,
    GlucoseSummary,
    Month,
    Quarter,
    Scenario,
    Week,
)
from ml.records.cgm import readiness
from ml.records.cgm.agp import Agp
from ml.records.cgm.grid import GlucoseGrid
from ml.records.cgm.mage import mage
from ml.records.cgm.metrics import grid_metrics
from ml.records.cgm.risk import glucose_risk
from ml.records.cgm.wear import wear

_OF_SENSOR_AND_CLOCK = frozenset({"stuck", "compression_low", "doubled_time", "clock_change"})


def moment_of(value: np.datetime64) -> datetime:
    """An aware moment in UTC."""
    return datetime.fromtimestamp(int(value.astype("datetime64[s]").astype(np.int64)), UTC)


def assessment_of(found: readiness.Readiness) -> Assessment:
    """The same findings in the domain's words."""
    return Assessment(
        days_worn=found.days_worn,
        wear=round(found.wear, 4),
        enough=found.enough,
        widened=found.widened,
        reasons=_findings(found.reasons),
        notes=_findings(found.notes),
        needs=found.needs,
    )


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    """As it is kept inside a model."""
    pairs = {
        name: [[finding.code, finding.sentence] for finding in getattr(assessment, name)]
        for name in ("reasons", "notes")
    }
    return {**vars(assessment), **pairs}


def assessment_from(content: Mapping[str, Any]) -> Assessment:
    """The inverse of `assessment_json`."""
    found = {
        name: tuple(Finding(code, sentence) for code, sentence in content[name])
        for name in ("reasons", "notes")
    }
    return Assessment(**{**content, **found})


def quarter_of(told: Mapping[str, Any]) -> Quarter:
    """What `QuarterForecast.to_dict` gave, in the domain's words."""
    return Quarter(
        first_day=date.fromisoformat(told["first_day"]),
        worn_days=told["worn_days"],
        widened=told["widened"],
        served=told["served"],
        reason=told["reason"],
        so_far=dict(told["so_far"]),
        total=_bands(told["quarter"]),
        weeks=tuple(
            Week(week["week"], date.fromisoformat(week["first_day"]), _bands(week))
            for week in told["weeks"]
        ),
        months=tuple(_month(month) for month in told["agp"]),
        scenarios=tuple(
            Scenario(path["source"], path["step_minutes"], _rows(path["mg_dl"]))
            for path in told["scenarios"]
        ),
        choices=tuple(
            Choice(**{**choice, "figures": dict(choice["figures"])}) for choice in told["choices"]
        ),
        note=told["note"],
    )


def told_of_newer(kept: Assessment, found: readiness.Readiness) -> Assessment:
    """What was found at the training, with what newer readings show of sensor and clock."""
    newer = tuple(
        one
        for one in _findings(found.reasons) + _findings(found.notes)
        if one.code in _OF_SENSOR_AND_CLOCK and one not in kept.notes
    )
    return replace(kept, notes=kept.notes + newer)


def believed(grid: GlucoseGrid, found: readiness.Readiness) -> GlucoseGrid:
    """The readings that say something of the person; `NotEnoughData` where none does."""
    left = readiness.trusted(grid, found)
    if not left.observed.any():
        raise NotEnoughData(
            " ".join(one.sentence for one in found.reasons or found.notes),
            needs=found.needs or "a record of another sensor",
            reasons=tuple(one.code for one in found.reasons),
        )
    return left


def summary_of(grid: GlucoseGrid, found: readiness.Readiness) -> GlucoseSummary:
    """The figures of a grid's trusted readings; span, readings and wear are of the sensor."""
    left = believed(grid, found)
    figures = grid_metrics(left)
    real = left.mg_dl[left.observed]
    risk = glucose_risk(real)
    excursions = mage(left.mg_dl)
    return GlucoseSummary(
        first=moment_of(grid.moments[0]),
        last=moment_of(grid.moments[-1]),
        days=round(len(grid) * grid.step_minutes / 1440, 2),
        days_worn=found.days_worn,
        readings=int(grid.observed.sum()),
        wear=round(wear(grid).share, 4),
        mean_mg_dl=round(figures.mean, 1),
        sd_mg_dl=round(figures.sd, 1),
        cv=round(figures.cv, 4),
        gmi=round(figures.gmi, 2),
        tir=round(figures.tir, 4),
        tbr=round(figures.tbr, 4),
        tbr_very_low=round(figures.tbr_very_low, 4),
        tar=round(figures.tar, 4),
        tar_very_high=round(figures.tar_very_high, 4),
        lbgi=round(risk.lbgi, 2),
        hbgi=round(risk.hbgi, 2),
        mage_mg_dl=round(float(excursions), 1) if np.isfinite(excursions) else None,
        notes=_findings(found.reasons) + _findings(found.notes),
    )


def profile_of(grid: GlucoseGrid, found: Agp, bin_minutes: int) -> GlucoseProfile:
    """The profile with None where a bin holds nothing."""
    rows = [
        tuple(round(float(value), 1) for value in row) if np.isfinite(row).all() else None
        for row in found.percentiles
    ]
    return GlucoseProfile(
        first=moment_of(grid.moments[0]),
        last=moment_of(grid.moments[-1]),
        days=round(len(grid) * grid.step_minutes / 1440, 2),
        bin_minutes=bin_minutes,
        percentiles_mg_dl=tuple(rows),
        counts=tuple(int(count) for count in found.counts),
    )


def _findings(found: tuple[readiness.Finding, ...]) -> tuple[Finding, ...]:
    return tuple(Finding(one.code, one.sentence) for one in found)


def _bands(row: Mapping[str, Any]) -> dict[str, Band]:
    return {metric: Band(**row[metric]) for metric in METRICS}


def _month(month: Mapping[str, Any]) -> Month:
    columns = [month[f"p{percentile}"] for percentile in PERCENTILES]
    return Month(month["month"], month["step_minutes"], tuple(zip(*columns, strict=True)))


def _rows(values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values)
