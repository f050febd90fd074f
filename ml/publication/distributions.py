"""The part of the datasheet that shows every column, and glucose over the day."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.publication.columns import ColumnDescription, describe_columns
from ml.publication.drawings import bars, histogram, profile
from ml.publication.long_days import GLUCOSE, MINUTE, SERIES
from ml.publication.marginals import Marginal, marginal, shortened
from ml.publication.markup import Html, element, grid, joined, paragraph
from ml.publication.release import InvalidRelease, Release
from ml.records.tables.schema import Column
from ml.records.tables.table import Table

_LEVELS = (5, 25, 50, 75, 95)
_SUPPRESSED = (
    "Shares are of all rows. Real ones come from the report, which leaves out those with fewer "
    "than 20 people behind them, and those from which these could be computed."
)


def column_table(release: Release, table: Table) -> Html:
    """What every column is."""
    described = describe_columns(table.schema, release.meanings())
    return grid(
        "Columns",
        ("column", "what it is", "unit", "values", "missing"),
        [_row(each, table.column(each.name)) for each in described],
    )


def distributions(release: Release, table: Table) -> Html:
    """A figure of every column, with its numbers; for glucose days the profile first."""
    told = release.report.get("marginals") or {}
    columns = [each for each in table.schema.columns if release.kind == "vitals" or _read(each)]
    figures = [_figure(each, table, told.get(each.name), release.meanings()) for each in columns]
    first = [_profile(table, _told_profile(release))] if release.kind == "cgm" else []
    return joined(
        [_key(), paragraph(_SUPPRESSED), *first, element("div", *figures, class_="plots")]
    )


def _key() -> Html:
    bar = element("rect", x=0, y=0, width=32, height=12, class_="made")
    line = element("line", x1=0, x2=32, y1=6, y2=6, class_="real")
    signs = [
        element("span", element("svg", shape, viewBox="0 0 32 12", aria_hidden="true"), text)
        for shape, text in ((bar, "filled: synthetic"), (line, "line or tick: real"))
    ]
    return element("p", *signs, class_="key")


def _row(each: ColumnDescription, cells: Any) -> tuple[str | Html, ...]:
    notes = [each.meaning] if each.meaning else []
    if each.target:
        notes.append("The column to be predicted")
    if each.determined_by:
        notes.append(f"Determined by {each.determined_by}")
    missing = float(np.isnan(cells).mean())
    share = f"{missing:.1%}" if each.missing else "never"
    return each.name, "; ".join(notes) or "–", each.unit or "–", each.values, share


def _read(column: Column) -> bool:
    return column.name not in (SERIES, MINUTE)


def _figure(
    column: Column, table: Table, told: Mapping[str, Any] | None, words: Mapping[str, Any]
) -> Html:
    unit = words.get(column.name, ("", ""))[1]
    shown = shortened(marginal(column, table.column(column.name), told))
    title = f"Distribution of {column.name}"
    drawn = (histogram if shown.even else bars)(shown, title)
    caption = f"{column.name} ({unit})" if unit else column.name
    return element(
        "figure",
        element("figcaption", caption),
        drawn,
        *_remarks(shown),
        element("details", element("summary", "Numbers"), _numbers(shown, column.name)),
    )


def _remarks(shown: Marginal) -> list[Html]:
    said = [f"{shown.missing[0]:.1%} without a value"] if shown.missing[0] > 0 else []
    if isinstance(shown.similarity, int | float):
        said.append(f"similarity to real rows {shown.similarity:.4g}")
    return [element("small", "; ".join(said))] if said else []


def _numbers(shown: Marginal, name: str) -> Html:
    real = [np.nan] * len(shown.labels) if shown.real is None else shown.real.tolist()
    sides = [*zip(shown.labels, shown.synthetic.tolist(), real, strict=True)]
    if shown.missing[0] > 0:
        sides.append(("no value", *shown.missing))
    rows = [(label, *("–" if np.isnan(s) else f"{s:.2%}" for s in both)) for label, *both in sides]
    return grid(f"Shares of {name}", ("value", "synthetic", "real"), rows)


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
    rows = [
        (f"{each:02d}:00", *("–" if np.isnan(cell) else f"{cell:.0f}" for cell in (*ours, *band)))
        for each, ours, band in zip(hours, bands, theirs, strict=True)
    ]
    head = ("hour", *(f"{side} {level} %" for side in ("synthetic", "real") for level in _LEVELS))
    return element(
        "figure",
        element("figcaption", "Glucose over the day (mg/dL)"),
        profile(hours + 0.5, bands, theirs, "Percentiles of glucose by hour of the day"),
        paragraph(
            "Synthetic: median, band of half of the readings, lighter band of 5 to 95 %. "
            "Real: median as a line, the same percentiles as dashes."
        ),
        element("details", element("summary", "Numbers"), grid("Percentiles by hour", head, rows)),
        class_="whole",
    )
