"""The figures as pictures, each beside a CSV of what it shows. No real day is drawn."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ml.experiments.synthesis.targets import named

_LEVELS = (5, 25, 50, 75, 95)
_REAL = "real, held-out people"


def draw(result: Mapping[str, Any], out: Path) -> list[Path]:
    """Sample days, profiles by hour, rates of change, distances to training days; all files."""
    out.mkdir(parents=True, exist_ok=True)
    label = result["settings"]["cohort"]["name"]
    rows = [_first(result, name) for name in (label, f"{label}-without-ada", "gaussian_days")]
    shown = [row for row in rows if row]
    return [
        *(_days(shown, out) if shown else ()),
        *_profiles(result, shown, out),
        *_rates(result, shown, out),
        *_distances(result, [*shown, _first(result, "block_bootstrap")], out),
    ]


def _first(result: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    found = named(result["cohort"], label)
    return found[0] if found else {}


def _days(rows: Sequence[Mapping[str, Any]], out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(10, 2.6 * len(rows)), layout="constrained")
    table: list[Sequence[object]] = []
    for axes, row in zip(_stacked(figure, len(rows)), rows, strict=True):
        for number, day in enumerate(row["shown"]):
            hours = np.arange(len(day)) * 24 / len(day)
            axes.plot(hours, day, linewidth=0.9)
            table += [
                (row["label"], number, round(float(hour), 3), value)
                for hour, value in zip(hours, day, strict=True)
            ]
        axes.axhspan(70, 180, color="green", alpha=0.06)
        axes.set(title=f"{row['label']}: first synthetic days", xlim=(0, 24), ylim=(30, 400))
        axes.set_ylabel("mg/dL")
    figure.axes[-1].set_xlabel("hour of day")
    head = ("generator", "day", "hour", "mg_dl")
    return _written(figure, head, table, out / "cgm_synthesis_days")


def _profiles(
    result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], out: Path
) -> tuple[Path, Path]:
    sides = [(_REAL, result["real"]), *((row["label"], row["picture"]) for row in rows)]
    figure = Figure(figsize=(3.4 * len(sides), 3.4), layout="constrained")
    table: list[Sequence[object]] = []
    hours = np.arange(24) + 0.5
    for axes, (name, picture) in zip(
        np.atleast_1d(figure.subplots(1, len(sides), sharey=True)), sides, strict=True
    ):
        bands = np.array(picture["percentiles"])
        axes.fill_between(hours, bands[:, 0], bands[:, 4], alpha=0.15, color="tab:blue")
        axes.fill_between(hours, bands[:, 1], bands[:, 3], alpha=0.3, color="tab:blue")
        axes.plot(hours, bands[:, 2], color="tab:blue")
        axes.set(title=name, xlabel="hour of day", xlim=(0, 24))
        axes.title.set_fontsize(9)
        table += [(name, hour, *bands[hour]) for hour in range(24)]
    figure.axes[0].set_ylabel("5, 25, 50, 75, 95 %, mg/dL")
    head = ("days", "hour", *(f"percentile_{level}" for level in _LEVELS))
    return _written(figure, head, table, out / "cgm_synthesis_profiles")


def _rates(
    result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], out: Path
) -> tuple[Path, Path]:
    sides = [(_REAL, result["real"]), *((row["label"], row["picture"]) for row in rows)]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    table: list[Sequence[object]] = []
    for name, picture in sides:
        axes.plot(picture["rates"], picture["rate_share"], label=name)
        table += [
            (name, rate, share)
            for rate, share in zip(picture["rates"], picture["rate_share"], strict=True)
        ]
    axes.set(xlabel="rate of change, mg/dL/min", ylabel="share of rates below", xlim=(-3, 3))
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    head = ("days", "rate_mg_dl_per_minute", "share_below")
    return _written(figure, head, table, out / "cgm_synthesis_rates")


def _distances(
    result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], out: Path
) -> tuple[Path, Path]:
    sides = [(_REAL, result["real"]["distances"])]
    sides += [(row["label"], row["picture"]["distances"]) for row in rows if row]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    levels = np.arange(0, 101, 5)
    table: list[Sequence[object]] = []
    for name, distances in sides:
        axes.plot(distances, levels, label=name)
        table += [(name, int(level), value) for level, value in zip(levels, distances, strict=True)]
    axes.set(
        xlabel="distance to the nearest training day (shifted, level out; SDs of the day)",
        ylabel="% of days nearer",
    )
    axes.xaxis.label.set_fontsize(8)
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    return _written(
        figure, ("days", "percent_nearer", "distance"), table, out / "cgm_synthesis_distances"
    )


def _stacked(figure: Figure, count: int) -> Sequence[Axes]:
    return list(np.atleast_1d(figure.subplots(count, 1, sharex=True)))


def _written(
    figure: Figure, head: Sequence[str], table: Sequence[Sequence[object]], stem: Path
) -> tuple[Path, Path]:
    image, data = stem.with_suffix(".png"), stem.with_suffix(".csv")
    FigureCanvasAgg(figure)
    figure.savefig(image, dpi=90)
    with data.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(table)
    return image, data
