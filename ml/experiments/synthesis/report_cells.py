"""How rows and intervals are written in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]


def named_with_seed(row: Row) -> str:
    """The row's label, with its seed where it was trained."""
    return f"{row['label']}, seed {row['seed']}" if row.get("steps", 1) > 1 else row["label"]


def text(interval: Sequence[float], digits: int) -> str:
    """A value, or a value with its bounds."""
    if len(interval) == 1:
        return f"{interval[0]:.{digits}f}"
    value, low, high = (f"{number:.{digits}f}" for number in interval)
    return f"{value} [{low}, {high}]"


def mean(values: Iterable[float]) -> float:
    """Of all of them, once through."""
    return float(np.mean(list(values)))


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)
