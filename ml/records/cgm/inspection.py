"""What was understood of a glucose file, in figures that say nothing of a person's glucose."""

from dataclasses import dataclass

from ml.records.cgm.rhythm import Rhythm, measure
from ml.records.cgm.trace import CgmTrace
from ml.records.quality import Quality, cgm_quality

_DAY = 86_400


@dataclass(frozen=True)
class CgmInspection:
    """The figures that `vitalmint inspect` shows.

    Attributes:
        format: name of the device format.
        unit: unit of the file.
        zone: IANA zone it was read with, or None.
        readings: distinct glucose readings, censored ones included; LibreView's scans count,
            strips and calibrations do not.
        low, high: readings that the file writes as a word (``Low``, ``High``). LibreView writes
            40 or 2.2 instead: such floors are censored in the trace and are not counted here.
        duplicates: rows that repeat a reading.
        cadence: median step in minutes of the readings that the sensor keeps by itself.
        gaps: steps longer than 2.5 cadences.
        start, end: wall time of first and last reading, ISO without offset.
        coverage: readings / (span / cadence + 1), at most 1.
        quality: score from 0 to 1, see `ml.records.quality`.
    """

    format: str
    unit: str
    zone: str | None
    readings: int
    low: int
    high: int
    duplicates: int
    cadence: float
    gaps: int
    start: str
    end: str
    coverage: float
    quality: float

    def to_dict(self) -> dict[str, str | int | float | None]:
        """The same as JSON types, in the order above."""
        return dict(vars(self))


def inspect(trace: CgmTrace) -> CgmInspection:
    """What was understood of the file that `trace` came from."""
    rhythm = measure(trace)
    return CgmInspection(
        format=trace.format,
        unit=trace.unit,
        zone=trace.zone,
        readings=len(trace),
        low=trace.tally.low,
        high=trace.tally.high,
        duplicates=trace.tally.duplicates,
        cadence=round(rhythm.cadence / 60, 3),
        gaps=rhythm.gaps,
        start=str(trace.local[0]),
        end=str(trace.local[-1]),
        coverage=round(rhythm.coverage, 4),
        quality=_judge(rhythm).basis_points / 10_000,
    )


def judge(trace: CgmTrace) -> Quality:
    """The parts behind `CgmInspection.quality`, to show a patient why it is what it is."""
    return _judge(measure(trace))


def _judge(rhythm: Rhythm) -> Quality:
    return cgm_quality(
        span_days=rhythm.span / _DAY,
        coverage=rhythm.coverage,
        gaps=rhythm.gaps,
        implausible_share=rhythm.implausible_share,
    )
