"""What was understood of a vitals file, in figures that say nothing of a person's health."""

from dataclasses import dataclass

import numpy as np

from ml.records.vitals.left_out import LeftOut
from ml.records.vitals.quality import judge
from ml.records.vitals.trace import VitalsTrace


@dataclass(frozen=True)
class VitalsInspection:
    """The figures that `vitalmint inspect` shows.

    Attributes:
        format: ``csv`` or ``json``.
        zone: IANA zone it was read with, or None.
        readings: rows of the trace.
        variables: names of what was taken up, in the vocabulary's order.
        values: cells that hold a value.
        missing: share of cells that hold none.
        start, end: wall time of the first and the last row, ISO without offset; None for a row
            without a time.
        left_out: names of columns that are never kept, and how many look like identity or free
            text; None when every column was taken up.
        quality: score from 0 to 1, see `ml.records.vitals.quality`.
    """

    format: str
    zone: str | None
    readings: int
    variables: str
    values: int
    missing: float
    start: str | None
    end: str | None
    left_out: str | None
    quality: float

    def to_dict(self) -> dict[str, str | int | float | None]:
        """The same as JSON types, in the order above."""
        return dict(vars(self))


def inspect(trace: VitalsTrace, left_out: LeftOut) -> VitalsInspection:
    """What was understood of the file that `trace` came from."""
    empty = np.isnan(trace.values)
    return VitalsInspection(
        format=trace.format,
        zone=trace.zone,
        readings=len(trace),
        variables=", ".join(trace.variables),
        values=int((~empty).sum()),
        missing=round(float(empty.mean()), 4),
        start=None if trace.local is None else str(trace.local[0].astype("M8[s]")),
        end=None if trace.local is None else str(trace.local[-1].astype("M8[s]")),
        left_out=left_out.told(),
        quality=judge(trace).basis_points / 10_000,
    )
