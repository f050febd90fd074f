"""The evidence that a release is judged by, the same for every kind of data."""

from ml.evaluation.release.evidence import MEASURES, Measure, ReleaseEvidence

__all__ = ["MEASURES", "Measure", "ReleaseEvidence"]
