"""The report's figures as tables: value, interval, n, baseline, and how each was measured."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml.publication.markup import Content, Html, element, grid, joined, paragraph

_HEAD = ("measure", "value", "interval", "n")
_COMPARED = ("baseline", "ceiling", "perfect")
"""What a value is held against; a table has the columns that some figure of its section fills."""
_NONE = "–"

READINGS = {
    "exact matches": "Rows that are a training row, cell for cell. Good: 0.",
    "too near": "Rows nearer to a training row than real people are to each other. Good: 0.",
    "near copies": "Share of rows that are almost a training row. Good: 0.",
    "dcr share": "Share of rows whose closest record is in training, not holdout. Good: 0.5.",
    "nndr below": "Share of rows that hug one training row. Good: 0.05 or less.",
    "membership auc": "How well an attacker tells who was learnt from. Good: 0.5.",
    "attribute advantage": "How much more is inferred of people learnt from. Good: 0.",
    "outlier exposure": "Unusual people that the rows give away. Good: 0.",
    "people across split": "People on both sides of the split. Good: 0.",
}
"""How to read the measures that every release is judged by."""


def figure_table(caption: str, section: Mapping[str, Any]) -> Html:
    """A table of every figure of one section of a report; a sentence when there is none."""
    figures = list(_figures(section, ""))
    if not figures:
        return paragraph(f"{caption}: nothing was reported.")
    beside = [name for name in _COMPARED if any(told.get(name) is not None for _, told in figures)]
    rows = [
        (
            _measure(label, told),
            number(told["value"]),
            _interval(told),
            number(told.get("n")),
            *(_beside(told.get(name)) for name in beside),
        )
        for label, told in figures
    ]
    return grid(caption, (*_HEAD, *beside), rows)


def number(value: Any) -> str:
    """A figure of a report for people: whole numbers whole, others to four digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return str(value)


def _figures(section: Mapping[str, Any], before: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, told in section.items():
        label = f"{before}{name}".replace("_", " ")
        if isinstance(told, Mapping) and "value" in told:
            yield label, told
        elif isinstance(told, Mapping):
            yield from _figures(told, f"{before}{name}: ")
        elif not isinstance(told, list | tuple):
            yield label, {"value": told}


def _measure(label: str, told: Mapping[str, Any]) -> Content:
    told_more = [READINGS.get(label.rpartition(": ")[2], ""), str(told.get("protocol") or "")]
    return joined((label, *(element("small", each) for each in told_more if each)))


def _interval(told: Mapping[str, Any]) -> str:
    low, high = told.get("low"), told.get("high")
    if low is None and high is None:
        return _NONE
    return f"{number(low)} to {number(high)}"


def _beside(told: Any) -> str:
    if not isinstance(told, Mapping):
        return number(told)
    name, interval = told.get("name") or told.get("protocol"), _interval(told)
    figure = number(told.get("value")) + (f" ({interval})" if interval != _NONE else "")
    return f"{name}: {figure}" if name else figure
