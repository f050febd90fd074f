"""The part of the datasheet that shows every column, and glucose over the day."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.publication.columns import ColumnDescription, describe_columns
from ml.publication.drawings import bars, histogram, profile
from ml.publication.long_days import GLUCOSE, MINUTE, SERIES
from ml.publication.marginals import Marginal, marginal, shortened
from ml.publication.markup import Html, element, grid, joined, named, paragraph
from ml.publication.release import InvalidRelease, Release
from ml.publication.words import Words
from ml.records.tables.schema import Column
from ml.records.tables.table import Table

_LEVELS = (5, 25, 50, 75, 95)
_HIDDEN = "hidden"
_SHARES = "Shares are of all rows."
_SOME = (
    "Real ones come from the report; one that is hidden has fewer than 20 people behind it, or "
    "would tell how many are behind another."
)
_BUDGET = (
    "No real share is shown: the generator has a privacy budget, and a real share would count "
    "against it."
)
_NONE = (
    "No real share is shown: the report gives none, as where fewer than 20 people are behind each."
)


def column_table(release: Release, table: Table) -> Html:
    """What every column is."""
    described = describe_columns(table.schema, release.meanings())
    return grid(
        "Columns",
        ("column", "what it is", "unit", "values", "missing"),
        [_row(each, table.column(each.name)) for each in described],
        class_="stacked",
    )


def distributions(release: Release, table: Table) -> Html:
    """A figure of every column, with its numbers; for glucose days the profile first."""
    told = release.report.get("marginals") or {}
    columns = [each for each in table.schema.columns if release.kind == "vitals" or _read(each)]
    drawn = [marginal(each, table.column(each.name), told.get(each.name)) for each in columns]
    over = _told_profile(release) if release.kind == "cgm" else None
    real = _any(over) or any(map(_has_real, drawn))
    words = release.meanings()
    figures = [_figure(*each, words, compared=real) for each in zip(columns, drawn, strict=True)]
    first = [_profile(table, over)] if release.kind == "cgm" else []
    private = release.published_card()["epsilon"] is not None
    why = _SOME if real else _BUDGET if private else _NONE
    return joined(
        [
            _key(real=real),
            paragraph(f"{_SHARES} {why}"),
            *first,
            element("div", *figures, class_="plots"),
        ]
    )


def _any(real: npt.NDArray[np.float64] | None) -> bool:
    return real is not None and bool(np.isfinite(real).any())


def _has_real(shown: Marginal) -> bool:
    """Whether anything real is shown of the column, its missing cells included."""
    return _any(shown.real) or bool(np.isfinite(shown.missing[1]))


def _key(*, real: bool) -> Html:
    bar = element("rect", x=0, y=0, width=32, height=12, class_="made")
    line = element("line", x1=0, x2=32, y1=6, y2=6, class_="real")
    signs = ((bar, "filled: synthetic"), (line, "line or tick: real"))
    told = [
        element("span", element("svg", shape, viewBox="0 0 32 12", aria_hidden="true"), text)
        for shape, text in signs[: 2 if real else 1]
    ]
    return element("p", *told, class_="key")


def _row(each: ColumnDescription, cells: Any) -> tuple[str | Html, ...]:
    notes = [each.meaning] if each.meaning else []
    if each.target:
        notes.append("The column to be predicted")
    if each.determined_by:
        notes.append(f"Determined by {each.determined_by}")
    missing = float(np.isnan(cells).mean())
    share = f"{missing:.1%}" if each.missing else "never"
    meaning = "; ".join(notes) or "not described"
    return named(each.name), meaning, each.unit or "none", each.values, share


def _read(column: Column) -> bool:
    return column.name not in (SERIES, MINUTE)


def _figure(column: Column, whole: Marginal, words: Words, *, compared: bool) -> Html:
    """With `compared` other columns have real shares, so that one that has none says so."""
    unit = words.get(column.name, ("", ""))[1]
    shown = shortened(whole)
    title = f"Distribution of {column.name}"
    drawn = (histogram if shown.even else bars)(shown, title)
    caption = joined([named(column.name), f" ({unit})" if unit else ""])
    return element(
        "figure",
        element("figcaption", caption),
        drawn,
        *_remarks(shown, compared=compared),
        element("details", element("summary", "Numbers"), _numbers(shown, column.name)),
    )


def _remarks(shown: Marginal, *, compared: bool) -> list[Html]:
    said = [f"{shown.missing[0]:.1%} without a value"] if shown.missing[0] > 0 else []
    if isinstance(shown.similarity, int | float):
        said.append(f"similarity to real rows {shown.similarity:.4g} (1: equal)")
    if compared and shown.real is not None and not _has_real(shown):
        said.append("real shares hidden")
    return [element("small", "; ".join(said))] if said else []


def _numbers(shown: Marginal, name: str) -> Html:
    real = [np.nan] * len(shown.labels) if shown.real is None else shown.real.tolist()
    sides = [*zip(shown.labels, shown.synthetic.tolist(), real, strict=True)]
    if shown.missing[0] > 0 or shown.missing[1] > 0:
        sides.append(("no value", *shown.missing))
    head = ("value", "synthetic", "real")[: 3 if _has_real(shown) else 2]
    rows = [
        (label, *(_HIDDEN if np.isnan(s) else f"{s:.2%}" for s in both[: len(head) - 1]))
        for label, *both in sides
    ]
    return grid(f"Shares of {name}", head, rows)


def _told_profile(release: Release) -> npt.NDArray[np.float64] | None:
    """Percentiles of real readings by hour as the report has them, (24, 5), NaN suppressed."""
    told = release.report.get("profile")
    if not isinstance(told, Mapping) or told.get("real") is None:
        return None
    try:
        bands = np.array(
            [[np.nan if cell is None else cell for cell in row] for row in told["real"]],
            dtype=np.float64,
        )
    except (TypeError, ValueError):
        bands = np.empty(0)
    if bands.shape != (24, len(_LEVELS)):
        raise InvalidRelease("the report's profile is not five percentiles of each of 24 hours")
    return bands


def _profile(table: Table, real: npt.NDArray[np.float64] | None) -> Html:
    minute = table.column(MINUTE).astype(np.int64) % 1440
    hour, glucose = minute // 60, table.column(GLUCOSE)
    hours = np.unique(hour)
    bands = np.stack([np.percentile(glucose[hour == each], _LEVELS) for each in hours])
    theirs = np.full_like(bands, np.nan) if real is None else real[hours]
    sides = ("synthetic", "real")[: 2 if _any(real) else 1]
    rows = [
        (f"{each:02d}:00", *map(_level, (*ours, *band)[: len(sides) * len(_LEVELS)]))
        for each, ours, band in zip(hours, bands, theirs, strict=True)
    ]
    title = "Glucose over the day (mg/dL)"
    drawn = profile(hours + 0.5, bands, theirs, "Percentiles of glucose by hour of the day")
    head = ("hour", *(f"{side} {level} %" for side in sides for level in _LEVELS))
    return element(
        "figure",
        element("figcaption", title),
        element("div", drawn, class_="wide", tabindex="0", role="region", aria_label=title),
        paragraph(_of_bands(real)),
        element("details", element("summary", "Numbers"), grid("Percentiles by hour", head, rows)),
        class_="whole",
    )


def _level(glucose: float) -> str:
    return _HIDDEN if np.isnan(glucose) else f"{glucose:.0f}"


def _of_bands(real: npt.NDArray[np.float64] | None) -> str:
    """What the profile shows, and why it shows no more."""
    said = "Synthetic: median, band of half of the readings, lighter band of 5 to 95 %."
    if real is None or not _any(real):
        return said
    whole = np.isfinite(real).all(axis=0)
    dashed = [
        f"{level} %" for level, known in zip(_LEVELS, whole, strict=True) if known and level != 50
    ]
    lines = ["median as a line"] if whole[_LEVELS.index(50)] else []
    lines += [f"{', '.join(dashed)} as dashes"] if dashed else []
    drawn = f"{said} Real: {'; '.join(lines) or 'see the numbers'}."
    if whole.all():
        return drawn
    return f"{drawn} The other percentiles are hidden: fewer than 20 people would lie beyond them."
