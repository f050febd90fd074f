"""How good a record of vital signs is, from 0 to 1: a pure formula, monotone in every part.

A trace is worth ``rows x span x breadth x plausibility``:

=============  ========================================  ==========================================
part           formula                                   reads as
=============  ========================================  ==========================================
rows           (rows - 7) / 21, from 0 to 1              28 rows are a full contribution; 7 or less
                                                         earn nothing, since they cannot be told
                                                         from a healthy stranger's
span           (days - 1) / 6, from 0 to 1               a week; a minute-by-minute hour is no more
                                                         than its own day
breadth        signs / 4, at most 1                      the mean number of signs in a row; a column
                                                         more never costs anything
plausibility   1 - share of implausible rows             diastolic not below systolic, or every
                                                         sign as in the row before
=============  ========================================  ==========================================

A product, so that no part can make up for another. A single row, with a time or without, is worth
nothing: it is accepted, sealed and anchored, and cannot be told from another's.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.records.vitals.trace import VitalsTrace

FULL_ROWS = 28
UNPAID_ROWS = 7
FULL_SPAN_DAYS = 7.0
UNPAID_DAYS = 1.0
FULL_SIGNS = 4.0

_DAY = 86_400_000_000


@dataclass(frozen=True)
class Quality:
    """The parts of a score, each from 0 to 1; `score` is their product."""

    rows: float
    span: float
    breadth: float
    plausibility: float

    @property
    def score(self) -> float:
        return self.rows * self.span * self.breadth * self.plausibility

    @property
    def basis_points(self) -> int:
        """The score in ten-thousandths, rounded down: the number that is shown and paid."""
        return int(self.score * 10_000)


def vitals_quality(
    *, rows: int, span_days: float, signs_a_row: float, implausible_share: float
) -> Quality:
    """The quality of a trace; rises with the first three, falls with the last.

    Args:
        rows: moments that hold a sign.
        span_days: days from the first of them to the last, at least 0.
        signs_a_row: how many signs a row has, on average.
        implausible_share: share of rows that no body makes, 0 to 1.
    """
    return Quality(
        rows=_share(rows - UNPAID_ROWS, FULL_ROWS - UNPAID_ROWS),
        span=_share(span_days - UNPAID_DAYS, FULL_SPAN_DAYS - UNPAID_DAYS),
        breadth=_share(signs_a_row, FULL_SIGNS),
        plausibility=1.0 - implausible_share,
    )


def judge(trace: VitalsTrace) -> Quality:
    """The parts of a trace's quality; only rows that hold a sign count."""
    signs = sign_values(trace)
    held = ~np.isnan(signs).all(axis=1)
    rows = int(held.sum())
    days = 0.0
    if rows and trace.moments is not None:
        micros = trace.moments[held].astype(np.int64)
        days = float(micros[-1] - micros[0]) / _DAY
    return vitals_quality(
        rows=rows,
        span_days=days,
        signs_a_row=float((~np.isnan(signs)).sum()) / max(1, rows),
        implausible_share=float(_implausible(trace, signs)[held].mean()) if rows else 0.0,
    )


def sign_values(trace: VitalsTrace) -> npt.NDArray[np.float64]:
    """The columns that are measured again and again, (rows, signs)."""
    places = [at for at, known in enumerate(trace.vocabulary) if known.group == "sign"]
    return trace.values[:, places]


def _implausible(trace: VitalsTrace, signs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    implausible = np.zeros(len(trace), dtype=bool)
    if {"systolic_bp", "diastolic_bp"} <= set(trace.variables):
        implausible |= trace.column("diastolic_bp") >= trace.column("systolic_bp")
    if len(trace) > 1:
        same = (signs[1:] == signs[:-1]) | (np.isnan(signs[1:]) & np.isnan(signs[:-1]))
        implausible[1:] |= same.all(axis=1)
    return implausible


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part) / whole)
