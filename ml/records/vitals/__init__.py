"""Vital signs: a person's row or series of measurements becomes one typed trace."""

from ml.records.vitals.canonical import canonical_bytes, from_canonical_bytes
from ml.records.vitals.export import to_csv
from ml.records.vitals.fingerprints import VitalsFingerprints, fingerprints
from ml.records.vitals.inspection import VitalsInspection, inspect
from ml.records.vitals.left_out import LeftOut
from ml.records.vitals.quality import judge
from ml.records.vitals.reading import ReadVitals, read_vitals
from ml.records.vitals.table import vitals_table
from ml.records.vitals.trace import VitalsTrace
from ml.records.vitals.vocabulary import VOCABULARY

__all__ = [
    "VOCABULARY",
    "LeftOut",
    "ReadVitals",
    "VitalsFingerprints",
    "VitalsInspection",
    "VitalsTrace",
    "canonical_bytes",
    "fingerprints",
    "from_canonical_bytes",
    "inspect",
    "judge",
    "read_vitals",
    "to_csv",
    "vitals_table",
]
