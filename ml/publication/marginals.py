"""How often each value occurs in a column: of the synthetic rows from the data, of the real ones
from the report alone."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.publication.columns import number_text
from ml.publication.release import InvalidRelease
from ml.records.tables.schema import Column

_BINS = 24
_MOST_BARS = 24


@dataclass(frozen=True, eq=False)
class Marginal:
    """One column's distribution.

    Attributes:
        labels: of each bin or category.
        edges: of the bins, ascending, one more than labels; None for categories.
        synthetic: share of all rows, 0 to 1; (labels,).
        real: the same of the real rows, NaN where the report suppresses it; None without a report.
        missing: share of the synthetic and of the real rows without a value; NaN as for `real`.
        similarity: of the two distributions, as the report has it.
        ends: the lowest and the highest number, as an axis names them; of bins alone.
    """

    labels: tuple[str, ...]
    edges: npt.NDArray[np.float64] | None
    synthetic: npt.NDArray[np.float64]
    real: npt.NDArray[np.float64] | None
    missing: tuple[float, float]
    similarity: float | None = None
    ends: tuple[str, str] = ("", "")

    @property
    def even(self) -> bool:
        """Whether there are bins, all equally wide, so that the height of a bar is its share."""
        return self.edges is not None and bool(
            np.allclose(np.diff(self.edges), (self.edges[-1] - self.edges[0]) / len(self.labels))
        )


def marginal(
    column: Column, cells: npt.NDArray[np.float64], told: Mapping[str, Any] | None
) -> Marginal:
    """The distribution of `cells`, (rows,), on the bins or categories of the report, if it has any.

    Raises:
        InvalidRelease: the report's figures do not fit the column.
    """
    there = cells[~np.isnan(cells)]
    if column.numeric:
        edges, ends = _edges(column, told)
        counts = np.histogram(np.clip(there, edges[0], edges[-1]), bins=edges)[0]
        labels = _ranges(column, edges)
    else:
        edges, ends = None, ("", "")
        counts = np.bincount(there.astype(np.intp), minlength=len(column.categories))
        labels = tuple(map(_label, column.categories))
    return Marginal(
        labels=labels,
        edges=edges,
        synthetic=counts / cells.size,
        real=_real(column, labels, told),
        missing=(1 - there.size / cells.size, _real_missing(told)),
        similarity=None if told is None else told.get("similarity"),
        ends=ends,
    )


def shortened(shown: Marginal) -> Marginal:
    """With the most frequent categories only, in their order, where there are very many."""
    if shown.edges is not None or len(shown.labels) <= _MOST_BARS:
        return shown
    kept = np.sort(np.argsort(-shown.synthetic, kind="stable")[:_MOST_BARS])
    return replace(
        shown,
        labels=tuple(shown.labels[position] for position in kept),
        synthetic=shown.synthetic[kept],
        real=None if shown.real is None else shown.real[kept],
    )


def _edges(
    column: Column, told: Mapping[str, Any] | None
) -> tuple[npt.NDArray[np.float64], tuple[str, str]]:
    if told is not None and "edges" in told:
        try:
            edges = np.array(told["edges"], dtype=np.float64)
        except (TypeError, ValueError):
            raise _misfit(column, "has edges that are no numbers") from None
        if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
            raise _misfit(column, "has edges that do not ascend")
        reach = (max(edges[0], column.minimum), min(edges[-1], column.maximum))
        return edges, (f"{reach[0]:.6g}", f"{reach[1]:.6g}")
    low, high = column.minimum, column.maximum
    ends = (number_text(low, column.decimals), number_text(high, column.decimals))
    if column.kind == "integer":
        values = round((high - low) / column.step) + 1
        wide = column.step * -(-values // _BINS)
        bins = -(-values * column.step // wide)
        return low - column.step / 2 + wide * np.arange(bins + 1.0), ends
    if column.constant:
        return np.array([low - 0.5, high + 0.5]), ends
    return np.linspace(low, high, _BINS + 1), ends


def _ranges(column: Column, edges: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """What lies in each bin: for whole numbers the lowest and the highest that can."""
    if column.kind != "integer":
        return tuple(f"{low:.6g} to {high:.6g}" for low, high in itertools.pairwise(edges))
    found = []
    for at, (low, high) in enumerate(itertools.pairwise(edges)):
        first = math.ceil((low - column.minimum) / column.step)
        last = math.ceil((high - column.minimum) / column.step) - 1
        if at == edges.size - 2:
            last = math.floor((high - column.minimum) / column.step)
        ends = [
            round(min(max(column.minimum + column.step * step, column.minimum), column.maximum))
            for step in (first, last)
        ]
        found.append(f"{ends[0]} to {ends[1]}" if ends[0] < ends[1] else f"{ends[0]}")
    return tuple(found)


def _real(
    column: Column, labels: tuple[str, ...], told: Mapping[str, Any] | None
) -> npt.NDArray[np.float64] | None:
    if told is None or told.get("real") is None:
        return None
    try:
        real = np.array(
            [np.nan if each is None else each for each in told["real"]], dtype=np.float64
        )
    except (TypeError, ValueError):
        raise _misfit(column, "has real figures that are no numbers") from None
    if not column.numeric:
        real = _in_order(column, labels, told, real)
    if real.size != len(labels):
        raise _misfit(column, f"has {real.size} real figures for {len(labels)} bins")
    if np.nanmin(real, initial=0) < 0 or np.nanmax(real, initial=0) > 1:
        raise _misfit(column, "has real figures that are no shares between 0 and 1")
    return real


def _in_order(
    column: Column,
    labels: tuple[str, ...],
    told: Mapping[str, Any],
    real: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    named = [_label(category) for category in told.get("categories", ())]
    if len(named) != real.size:
        raise _misfit(column, f"has {real.size} real figures for {len(named)} categories")
    found = dict(zip(named, real.tolist(), strict=True))
    return np.array([found.get(label, np.nan) for label in labels])


def _real_missing(told: Mapping[str, Any] | None) -> float:
    kept = (told or {}).get("missing")
    share = kept.get("real") if isinstance(kept, Mapping) else None
    return float(share) if isinstance(share, int | float) else float("nan")


def _label(category: object) -> str:
    return str(category).lower() if isinstance(category, bool) else str(category)


def _misfit(column: Column, what: str) -> InvalidRelease:
    return InvalidRelease(f"the report's marginal of column {column.name!r} {what}")
