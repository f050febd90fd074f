"""Continuous glucose: exports of any known device become one typed trace."""

from ml.records.cgm.canonical import canonical_bytes, from_canonical_bytes
from ml.records.cgm.export import to_csv
from ml.records.cgm.formats import FORMATS
from ml.records.cgm.inspection import CgmInspection, inspect, judge
from ml.records.cgm.reading import read_cgm
from ml.records.cgm.trace import CgmTrace, Tally

__all__ = [
    "FORMATS",
    "CgmInspection",
    "CgmTrace",
    "Tally",
    "canonical_bytes",
    "from_canonical_bytes",
    "inspect",
    "judge",
    "read_cgm",
    "to_csv",
]
