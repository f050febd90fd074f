"""How figures and tables of the page are written."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.experiments.rare.honest import REAL
from ml.experiments.rare.protocol import ARMS, SDV

Row = Mapping[str, Any]
TRAINED = ("runs", "epochs (steps)")
"""Columns that say how often and how long, for `trained`."""
NAMES = {
    "accuracy": "accuracy",
    "recall": "recall",
    "recall_at_specificity": "recall, matched",
    "f1": "F1",
    "auprc": "AUPRC",
    "auroc": "AUROC",
    "brier": "Brier",
    "ece": "ECE",
}


def trained(row: Row) -> tuple[str, str]:
    """Number and numbers of runs, epochs and steps; SDV does not tell its steps."""
    first, last = row["run_numbers"]
    steps = "" if row["arm"] in SDV else f" ({row['steps']:,.0f})"
    long = f"{row['epochs']}{steps}" if row["epochs"] else "–"
    return f"{row['runs']} ({first}–{last})", long


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Real rows first, then arms from the simplest on."""
    order = [REAL, *ARMS]
    return sorted(rows, key=lambda row: order.index(row["arm"]))


def text(figure: Sequence[float | None], digits: int, *, sign: bool = False) -> str:
    """A figure with its interval, a dash where there is none."""
    value, low, high = figure
    form = f"{'+' if sign else ''}.{digits}f"
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{value:{form}}"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"


def points(figure: Sequence[float | None]) -> str:
    """A difference of shares in percentage points."""
    return text([None if each is None else 100 * each for each in figure], 1, sign=True)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)
