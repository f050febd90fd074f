"""The figures as pictures, each beside a CSV of what it shows."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ml.evaluation.forecast import BAND_NAMES, PersonScores, rmse_over_people
from ml.records.cgm.windows import HORIZON_MINUTES


def draw(
    result: Mapping[str, Any], scores: Mapping[str, PersonScores], type_1: np.ndarray, out: Path
) -> list[Path]:
    """Errors by minute, and coverage by hour and band; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    return [*_errors(scores, type_1, out), *_coverage(result, out)]


def _errors(scores: Mapping[str, PersonScores], type_1: np.ndarray, out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(10, 4), layout="constrained")
    rows: list[Sequence[object]] = []
    for axes, (title, mask) in zip(
        figure.subplots(1, 2), (("type 1", type_1), ("others", ~type_1)), strict=True
    ):
        for name, part in scores.items():
            if not mask.any():
                continue
            mean, _ = rmse_over_people(part.take(mask))
            axes.plot(HORIZON_MINUTES, mean, label=name)
            rows += [
                (title, name, minutes, round(float(value), 3))
                for minutes, value in zip(HORIZON_MINUTES, mean, strict=True)
            ]
        axes.set(title=f"{title}, {int(mask.sum())} people", xlabel="minutes ahead")
        axes.set_ylabel("RMSE, mean over people, mg/dL")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    figure.axes[0].legend(fontsize="small")
    head = ("people", "model", "minutes", "rmse_mg_dl")
    return _written(figure, head, rows, out / "cgm_forecast_errors")


def _coverage(result: Mapping[str, Any], out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(10, 4), layout="constrained")
    by_hour, by_band = figure.subplots(1, 2, sharey=True)
    rows: list[Sequence[object]] = []
    models = result["table"]["all"]["models"]
    for name, figures in models.items():
        hours = [hour["value"] for hour in figures["coverage"]["hours"]]
        bands = [figures["coverage"]["bands"][band]["value"] for band in BAND_NAMES]
        by_hour.plot(range(24), hours, label=name)
        by_band.plot(BAND_NAMES, bands, marker="o", label=name)
        rows += [(name, "hour", hour, value) for hour, value in enumerate(hours)]
        rows += [(name, "band", *pair) for pair in zip(BAND_NAMES, bands, strict=True)]
    for axes, label in ((by_hour, "hour of day"), (by_band, "last observed glucose, mg/dL")):
        axes.axhspan(0.85, 0.95, alpha=0.12, color="grey")
        axes.axhline(0.9, color="black", linewidth=0.8)
        axes.set(xlabel=label, ylim=(0.75, 1.0))
        axes.grid(alpha=0.3)
    by_hour.set_ylabel("share of outcomes in the 90 % interval")
    by_hour.legend(fontsize="small")
    head = ("model", "by", "group", "coverage")
    return _written(figure, head, rows, out / "cgm_forecast_coverage")


def _written(
    figure: Figure, head: Sequence[str], rows: Sequence[Sequence[object]], stem: Path
) -> tuple[Path, Path]:
    picture, data = stem.with_suffix(".png"), stem.with_suffix(".csv")
    FigureCanvasAgg(figure).print_png(str(picture), metadata={"Software": None})
    with data.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
    return picture, data
