"""The report's figures as tables: value, interval, n and what it is held against, in words too."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml.publication.explanations import Explanation, explained, in_order
from ml.publication.markup import Content, Html, element, grid, joined, paragraph

_COMPARED = {
    "baseline": "simple baseline",
    "ceiling": "other real people",
    "perfect": "perfect",
    "strangers": "strangers",
}
"""What a value is held against; a table has the columns that some figure of its section fills."""
NOTHING = "none"
WITHHELD = "not shown"
_UNEXPLAINED = "No explanation of this figure is kept; report.json has it as it was measured."
_UNTOLD = "Not shown: it could not be had, or would tell of too few people."

Named = tuple[str, Mapping[str, Any], Explanation | None]
"""A figure's name for people, what the report says of it, and its explanation."""


def figure_table(caption: str, section: Mapping[str, Any], *, rows: str = "rows") -> Html:
    """A table of every figure of one section of a report; a sentence when there is none.

    Args:
        rows: what one instance of the dataset is called.
    """
    figures = list(_figures(section, ""))
    if not figures:
        return paragraph(
            f"{caption}: nothing was reported. If there is a reason, it is among the limits."
        )
    beside = [name for name in _COMPARED if any(name in _given(each) for each in figures)]
    cells = [
        (
            _measure(each),
            number(each[1]["value"], WITHHELD),
            _interval(each),
            _n(each, rows),
            *(_beside(name, each) for name in beside),
        )
        for each in figures
    ]
    head = ("measure", "value", "interval", "n", *(_COMPARED[name] for name in beside))
    return joined([*_won(figures), grid(caption, head, cells, class_="stacked figures")])


def number(value: Any, without: str = NOTHING) -> str:
    """A figure of a report for people: whole numbers whole, others to four digits.

    Args:
        without: what stands for a value that is not there.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return without
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return str(value)


def _short(value: float, aim: float) -> float:
    """How far from the best; of two, the lesser is the better."""
    if math.isfinite(aim):
        return abs(value - aim)
    return value if aim < 0 else -value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _won(figures: list[Named]) -> list[Html]:
    """In words, how the section did against the simple baseline."""
    better = [
        _short(told["value"], found.aim) < _short(told["baseline"], found.aim)
        for _, told, found in figures
        if found is not None and _is_number(told.get("value")) and _is_number(told.get("baseline"))
    ]
    if not better:
        return []
    return [
        paragraph(
            f"Better than the simple baseline: {sum(better)} of {len(better)} figures that have "
            "one. Where a figure is no better, shuffled real values without any model would have "
            "served as well."
        )
    ]


def _figures(section: Mapping[str, Any], before: str) -> Iterator[Named]:
    for name in in_order(section):
        told = section[name]
        label = f"{before}{name}".replace("_", " ")
        if isinstance(told, Mapping) and "value" in told:
            yield label, told, explained(name)
        elif isinstance(told, Mapping):
            yield from _figures(told, f"{before}{name}: ")
        elif not isinstance(told, list | tuple):
            yield label, {"value": told}, explained(name)


def _given(figure: Named) -> set[str]:
    _, told, found = figure
    given = {name for name in _COMPARED if told.get(name) is not None}
    return given | ({"strangers"} if found is not None and found.strangers is not None else set())


def _measure(figure: Named) -> Content:
    label, told, found = figure
    said = [_UNEXPLAINED if found is None else found.text]
    if number(told["value"], WITHHELD) == WITHHELD:
        said.append(str(told.get("reason") or _UNTOLD))
    if told.get("protocol"):
        said.append(f"How: {told['protocol']}")
    return joined((label, *(element("small", each) for each in said)))


def _interval(figure: Named) -> str:
    _, told, found = figure
    low, high = told.get("low"), told.get("high")
    if low is None and high is None:
        return WITHHELD if told.get("value") is None else NOTHING
    if found is not None and found.exact and low == high:
        return "none: an exact count"
    return f"{number(low, WITHHELD)} to {number(high, WITHHELD)}"


def _n(figure: Named, rows: str) -> str:
    _, told, found = figure
    count = number(told.get("n"))
    if found is None or told.get("n") is None:
        return count
    return f"{count} {found.counts.replace('rows', rows)}"


def _beside(name: str, figure: Named) -> str:
    _, reported, found = figure
    if name == "strangers":
        return NOTHING if found is None or found.strangers is None else found.strangers
    told = reported.get(name)
    if not isinstance(told, Mapping):
        return number(told, NOTHING if reported.get("value") is not None else WITHHELD)
    named, low, high = told.get("name") or told.get("protocol"), told.get("low"), told.get("high")
    interval = "" if low is None and high is None else f" ({number(low)} to {number(high)})"
    said = number(told.get("value")) + interval
    return f"{named}: {said}" if named else said
