"""The part of the datasheet that shows every column, and glucose over the day."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.publication.columns import ColumnDescription, describe_columns
from ml.publication.drawings import bars, histogram, profile
from ml.publication.long_days import GLUCOSE, MINUTE, SERIES
from ml.publication.marginals import Marginal, marginal, shortened
from ml.publication.markup import Html, element, grid, joined, paragraph
from ml.publication.release import InvalidRelease, Release
from ml.records.tables.schema import Column
from ml.records.tables.table import Table

_LEVELS = (5, 25, 50, 75, 95)
_KEY = (
    "Filled: share of the synthetic rows that have a value. Line or tick: share of the real rows, "
    "from the report; it is left out where fewer than 20 people stand behind it."
)


def column_table(release: Release, table: Table) -> Html:
    """What every column is."""
    described = describe_columns(table.schema, release.words)
    return grid(
        "Columns",
        ("column", "what it is", "unit", "values", "missing"),
        [_row(each, table.column(each.name)) for each in described],
    )


def distributions(release: Release, table: Table) -> Html:
    """A figure of every column, with its numbers; for glucose days the profile first."""
    told = release.report.get("marginals") or {}
    if not isinstance(told, Mapping):
        raise InvalidRelease("the report's marginals are no columns by name")
    columns = [each for each in table.schema.columns if release.kind == "vitals" or _read(each)]
    figures = [_figure(each, table, told.get(each.name), release.words) for each in columns]
    first = [_profile(table)] if release.kind == "cgm" else []
    return joined([paragraph(_KEY), *first, element("div", *figures, class_="plots")])


def _row(each: ColumnDescription, cells: Any) -> tuple[str | Html, ...]:
    notes = [each.meaning or "–"]
    if each.target:
        notes.append("The column to be predicted.")
    if each.determined_by:
        notes.append(f"Determined by {each.determined_by}.")
    missing = float(np.isnan(cells).mean())
    share = f"{missing:.1%}" if each.missing else "never"
    return each.name, " ".join(notes), each.unit or "–", each.values, share


def _read(column: Column) -> bool:
    return column.name not in (SERIES, MINUTE)


def _figure(
    column: Column, table: Table, told: Mapping[str, Any] | None, words: Mapping[str, Any]
) -> Html:
    unit = words.get(column.name, ("", ""))[1]
    shown = shortened(marginal(column, table.column(column.name), told))
    title = f"Distribution of {column.name}"
    drawn = (bars if shown.edges is None else histogram)(shown, title)
    caption = f"{column.name} ({unit})" if unit else column.name
    return element(
        "figure",
        element("figcaption", caption),
        drawn,
        element("details", element("summary", "Numbers"), _numbers(shown, column.name)),
    )


def _numbers(shown: Marginal, name: str) -> Html:
    real = [None] * len(shown.labels) if shown.real is None else shown.real.tolist()
    rows = [
        (label, f"{share:.2%}", "–" if theirs is None or theirs != theirs else f"{theirs:.2%}")
        for label, share, theirs in zip(shown.labels, shown.synthetic, real, strict=True)
    ]
    if shown.missing > 0:
        rows.append(("missing, of all rows", f"{shown.missing:.2%}", "–"))
    return grid(f"Shares of {name}", ("value", "synthetic", "real"), rows)


def _profile(table: Table) -> Html:
    minute = table.column(MINUTE).astype(np.int64) % 1440
    hour, glucose = minute // 60, table.column(GLUCOSE)
    hours = np.unique(hour)
    bands = np.stack([np.percentile(glucose[hour == each], _LEVELS) for each in hours])
    middles = hours + 0.5
    rows = [
        (f"{each:02d}:00", *(f"{level:.0f}" for level in band))
        for each, band in zip(hours, bands, strict=True)
    ]
    head = ("hour", *(f"{level} %" for level in _LEVELS))
    return element(
        "figure",
        element("figcaption", "Synthetic glucose over the day (mg/dL)"),
        profile(middles, bands, "Percentiles of synthetic glucose by hour of the day"),
        paragraph("Line: median. Darker band: half of the readings. Lighter band: 5 to 95 %."),
        element("details", element("summary", "Numbers"), grid("Percentiles by hour", head, rows)),
        class_="whole",
    )
