"""The report's figures as tables: value, interval, n, baseline, and how each was measured."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml.publication.markup import Content, Html, element, grid, joined, paragraph

_HEAD = ("measure", "value", "interval", "n", "baseline")
_NONE = "–"


def figure_table(caption: str, section: Mapping[str, Any]) -> Html:
    """A table of every figure of one section of a report; a sentence when there is none."""
    rows = list(_rows(section, ""))
    if not rows:
        return paragraph(f"{caption}: nothing was reported.")
    return grid(caption, _HEAD, rows)


def number(value: Any) -> str:
    """A figure of a report for people: whole numbers whole, others to four digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return str(value)


def _rows(section: Mapping[str, Any], before: str) -> Iterator[tuple[Content, ...]]:
    for name, told in section.items():
        label = f"{before}{name}".replace("_", " ")
        if isinstance(told, Mapping) and "value" in told:
            yield (
                _measure(label, told),
                number(told["value"]),
                _interval(told),
                number(told.get("n")),
                _baseline(told.get("baseline")),
            )
        elif isinstance(told, Mapping):
            yield from _rows(told, f"{before}{name}: ")
        elif not isinstance(told, list | tuple):
            yield (label, number(told), _NONE, _NONE, _NONE)


def _measure(label: str, told: Mapping[str, Any]) -> Content:
    protocol = told.get("protocol")
    if not protocol:
        return label
    return joined((label, element("small", str(protocol))))


def _interval(told: Mapping[str, Any]) -> str:
    low, high = told.get("low"), told.get("high")
    if low is None and high is None:
        return _NONE
    return f"{number(low)} to {number(high)}"


def _baseline(told: Any) -> str:
    if not isinstance(told, Mapping):
        return number(told)
    name, interval = told.get("name") or told.get("protocol"), _interval(told)
    figure = number(told.get("value")) + (f" ({interval})" if interval != _NONE else "")
    return f"{name}: {figure}" if name else figure
