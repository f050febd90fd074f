"""The three-month figures as pictures, each beside a CSV of what it shows."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ml.experiments.quarter.real import outcome
from ml.experiments.quarter.records import LongRecord
from ml.models.quarter import METRICS, QuarterForecaster
from ml.models.quarter.days import FIRST_DAYS, WEEKS, figures, with_range, worn_days

_SHOWN = ("tir", "tbr", "gmi", "cv")


def draw(
    result: Mapping[str, Any],
    forecaster: QuarterForecaster,
    records: Sequence[LongRecord],
    out: Path,
) -> list[Path]:
    """Skill, coverage by week, and each long record's weeks; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    written = [*_skill(result, out), *_coverage(result, out)]
    return written + list(_weeks(forecaster, records, out)) if records else written


def _skill(result: Mapping[str, Any], out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    rows: list[Sequence[object]] = []
    for place, row in enumerate(result["simulated"]["served"]):
        of = row["ratio"]
        error = [[of["value"] - of["low"]], [of["high"] - of["value"]]]
        axes.errorbar([place], [of["value"]], yerr=error, fmt="s", color="black", capsize=4)
        rows.append((row["metric"], "simulated people", of["value"], of["low"], of["high"]))
    for entry in result["real"]["quarter"]:
        ratios = [entry["metrics"][m]["ratio"]["served"] for m in METRICS]
        axes.plot(np.arange(len(METRICS)) + 0.15, ratios, "o", label=entry["record"], alpha=0.8)
        rows += [(m, entry["record"], r, "", "") for m, r in zip(METRICS, ratios, strict=True)]
    axes.axhline(1.0, color="grey", linestyle="--")
    axes.set_xticks(range(len(METRICS)), [m.upper() for m in METRICS])
    axes.set(ylabel="error over carry-forward's", title="Below 1 is better than carrying forward")
    axes.legend(fontsize="x-small")
    head = ("metric", "whose", "ratio", "low", "high")
    return _written(figure, head, rows, out / "cgm_quarter_skill")


def _coverage(result: Mapping[str, Any], out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    rows: list[Sequence[object]] = []
    for metric, shares in result["simulated"]["covered_by_week"].items():
        axes.plot(range(1, WEEKS + 1), shares[:-1], marker=".", label=metric.upper())
        rows += [(metric, week + 1, share) for week, share in enumerate(shares[:-1])]
        rows.append((metric, "quarter", shares[-1]))
    axes.axhspan(0.88, 0.92, color="grey", alpha=0.2)
    axes.set(xlabel="week", ylabel="share within the 90 % interval", ylim=(0.8, 1.0))
    axes.set_title(f"{result['simulated']['people']} simulated people never seen")
    axes.legend(fontsize="small", ncols=5)
    return _written(figure, ("metric", "week", "covered"), rows, out / "cgm_quarter_coverage")


def _weeks(
    forecaster: QuarterForecaster, records: Sequence[LongRecord], out: Path
) -> tuple[Path, Path]:
    """Of each long record the first quarter that follows fourteen days with ten worn."""
    figure = Figure(figsize=(13, 2.6 * len(records)), layout="constrained")
    grid = figure.subplots(len(records), len(_SHOWN), squeeze=False)
    rows: list[Sequence[object]] = []
    weeks = np.arange(1, WEEKS + 1)
    for line, record in zip(grid, records, strict=True):
        day = _first_origin(record)
        first = record.days.between(day - FIRST_DAYS, day)
        bounded = forecaster.told_by_days(first).bounded
        came, carried = outcome(record.days, day), with_range(figures(first))[0]
        for axes, metric in zip(line, _SHOWN, strict=True):
            i = METRICS.index(metric)
            low, mid, high = (bounded[:-1, i, part] for part in range(3))
            axes.fill_between(weeks, low, high, alpha=0.25)
            axes.plot(weeks, mid)
            axes.axhline(carried[i], color="grey", linestyle="--")
            axes.plot(weeks, came[:-1, i], "k.")
            axes.set_title(f"{record.name.split('/')[-1][:18]}: {metric.upper()}", fontsize="small")
            axes.set_xticks(range(1, WEEKS + 1, 3))
            rows += [
                (record.name, metric, int(w), *np.round((a, b, c, carried[i], d), 5))
                for w, a, b, c, d in zip(weeks, low, mid, high, came[:-1, i], strict=True)
            ]
    head = ("record", "metric", "week", "low", "mid", "high", "carried_forward", "came")
    return _written(figure, head, rows, out / "cgm_quarter_records")


def _first_origin(record: LongRecord) -> int:
    days = record.days
    return next(
        day
        for day in range(FIRST_DAYS, days.days, 7)
        if int(worn_days(days.between(day - FIRST_DAYS, day))[0]) >= 10
        and np.isfinite(outcome(days, day)[:-1, 0]).sum() >= 4
    )


def _written(
    figure: Figure, head: Sequence[str], rows: Sequence[Sequence[object]], stem: Path
) -> tuple[Path, Path]:
    FigureCanvasAgg(figure)
    picture, data = stem.with_suffix(".png"), stem.with_suffix(".csv")
    figure.savefig(picture, dpi=110)
    with data.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
    return picture, data
