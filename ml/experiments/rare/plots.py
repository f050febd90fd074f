"""The figures as pictures, each beside a CSV of what it shows. No real row is drawn."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ml.experiments.rare.classifiers import CLASSIFIERS, LIGHTGBM
from ml.experiments.rare.protocol import NONE
from ml.experiments.rare.sets import HEART
from ml.experiments.rare.targets import CHANCE

Row = Mapping[str, Any]
_COLOURS = {"lightgbm": "tab:blue", "logistic": "tab:orange"}


def draw(result: Row, out: Path) -> list[Path]:
    """Negative control, differences, learning curves, paper beside honest, TSTR; all files."""
    out.mkdir(parents=True, exist_ok=True)
    return [
        *_negative(result["negative_control"], out),
        *_differences(result, out),
        *_paper(result, out),
        *_curves(result, out),
        *_tstr(result, out),
    ]


def _negative(rows: Sequence[Row], out: Path) -> tuple[Path, Path]:
    figure = Figure(figsize=(7, 0.4 * len(rows) + 1.6), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(*CHANCE, color="green", alpha=0.08)
    axes.axvline(0.5, color="grey", linewidth=0.8)
    table: list[Sequence[object]] = []
    for offset, classifier in zip((-0.15, 0.15), CLASSIFIERS, strict=True):
        for place, row in enumerate(rows):
            interval = row[classifier]["simultaneous"]
            _bar(axes, interval, place + offset, _COLOURS[classifier])
            table.append((row["arm"], classifier, row["runs"], *interval))
        axes.plot([], [], "o-", color=_COLOURS[classifier], label=classifier)
    _named(axes, [row["arm"] for row in rows])
    axes.set(title=f"{HEART}: AUROC, simultaneous intervals", xlim=(0.44, 0.56))
    axes.legend(fontsize="small")
    head = ("arm", "classifier", "runs", "auroc", "low", "high")
    return _written(figure, head, table, out / "rare_disease_negative_control")


def _differences(result: Row, out: Path) -> tuple[Path, Path]:
    names = [each["name"] for each in result["sets"]]
    figure = Figure(figsize=(3.6 * max(len(names), 1), 5), layout="constrained")
    table: list[Sequence[object]] = []
    for axes, name in zip(_row(figure, len(names)), names, strict=False):
        rows = [r for r in result["arms_table"] if r["set"] == name and r["arm"] != NONE]
        axes.axvline(0, color="grey", linewidth=0.8)
        for offset, classifier in zip((-0.15, 0.15), CLASSIFIERS, strict=True):
            for place, row in enumerate(rows):
                apart = row[classifier]["differences"].get(NONE, {})
                if "auprc" in apart:
                    _bar(axes, apart["auprc"], place + offset, _COLOURS[classifier])
                    table.append((name, row["arm"], classifier, apart["runs"], *apart["auprc"]))
        _named(axes, [row["arm"] for row in rows])
        axes.set_title(f"{name}: AUPRC less that of none", fontsize=9)
    head = ("set", "arm", "classifier", "runs", "auprc_difference", "low", "high")
    return _written(figure, head, table, out / "rare_disease_differences")


def _paper(result: Row, out: Path) -> tuple[Path, Path]:
    sides = {
        "synthesis before the split (paper)": result["paper"],
        "inside the training fold (honest)": [r for r in result["curves"] if r["set"] == HEART],
    }
    figure = Figure(figsize=(9, 6), layout="constrained")
    grid = figure.subplots(2, 2, sharey="row")
    table: list[Sequence[object]] = []
    for column, (title, rows) in enumerate(sides.items()):
        for line, score in enumerate(("accuracy", "recall")):
            axes = grid[line, column]
            for arm in dict.fromkeys(row["arm"] for row in rows):
                table += _line(axes, [r for r in rows if r["arm"] == arm], score, title)
            axes.set(title=title, xlabel="rows of the data set", ylabel=score, ylim=(0, 1))
            axes.title.set_fontsize(9)
            axes.grid(alpha=0.3)
    _legend(grid[0, 0])
    head = ("protocol", "set", "arm", "rows", "runs", "score", "value", "low", "high")
    return _written(figure, head, table, out / "rare_disease_paper")


def _curves(result: Row, out: Path) -> tuple[Path, Path]:
    names = list(dict.fromkeys(row["set"] for row in result["curves"]))
    figure = Figure(figsize=(4.5 * max(len(names), 1), 4), layout="constrained")
    table: list[Sequence[object]] = []
    for axes, name in zip(_row(figure, len(names)), names, strict=False):
        rows = [row for row in result["curves"] if row["set"] == name]
        for arm in dict.fromkeys(row["arm"] for row in rows):
            table += _line(axes, [r for r in rows if r["arm"] == arm], "auprc", "honest")
        axes.set(title=name, xlabel="training rows", ylabel="AUPRC")
        axes.grid(alpha=0.3)
        _legend(axes)
    head = ("protocol", "set", "arm", "rows", "runs", "score", "value", "low", "high")
    return _written(figure, head, table, out / "rare_disease_curves")


def _tstr(result: Row, out: Path) -> tuple[Path, Path]:
    names = list(dict.fromkeys(row["set"] for row in result["tstr"]))
    figure = Figure(figsize=(3.6 * max(len(names), 1), 4.5), layout="constrained")
    table: list[Sequence[object]] = []
    for axes, name in zip(_row(figure, len(names)), names, strict=False):
        rows = [row for row in result["tstr"] if row["set"] == name and row["arm"] != "real"]
        axes.axvline(1, color="grey", linewidth=0.8)
        for offset, classifier in zip((-0.15, 0.15), CLASSIFIERS, strict=True):
            for place, row in enumerate(rows):
                ratio = row[classifier]["auprc_ratio"]
                if ratio[0] is not None:
                    _bar(axes, ratio, place + offset, _COLOURS[classifier])
                    table.append((name, row["arm"], classifier, row["runs"], *ratio))
        _named(axes, [row["arm"] for row in rows])
        axes.set_title(f"{name}: TSTR over real AUPRC", fontsize=9)
    head = ("set", "trained_on", "classifier", "runs", "ratio", "low", "high")
    return _written(figure, head, table, out / "rare_disease_tstr")


def _line(axes: Axes, rows: Sequence[Row], score: str, protocol: str) -> list[Sequence[object]]:
    ordered = sorted(rows, key=lambda row: row["size"])
    sizes = [row["rows"] for row in ordered]
    figures = [row[LIGHTGBM][score] for row in ordered]
    axes.plot(sizes, [each[0] for each in figures], "o-", markersize=3, label=ordered[0]["arm"])
    known = [each[1] is not None for each in figures]
    if all(known):
        low, high = ([each[place] for each in figures] for place in (1, 2))
        axes.fill_between(sizes, low, high, alpha=0.12)
    return [
        (protocol, row["set"], row["arm"], row["rows"], row["runs"], score, *figure)
        for row, figure in zip(ordered, figures, strict=True)
    ]


def _bar(axes: Axes, interval: Sequence[float | None], place: float, colour: str) -> None:
    value, low, high = interval
    if value is None:
        return
    if low is not None and high is not None:
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2)
    axes.plot([value], [place], "o", color=colour, markersize=4)


def _named(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.grid(alpha=0.3, axis="x")


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")


def _row(figure: Figure, count: int) -> Sequence[Axes]:
    return list(np.atleast_1d(figure.subplots(1, max(count, 1))))


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
