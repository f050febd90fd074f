"""Record kinds → readers. A kind without one is refused by name."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary
from backend.domain.errors import UnreadableRecord
from backend.ports.records import ReadRecord

if TYPE_CHECKING:
    from ml.records.cgm import CgmTrace


class MlRecordReader:
    """Implements `ports.records.RecordReader`; pandas is loaded with the first file."""

    def read(self, data: bytes, kind: Kind, *, zone: str, received_at: datetime) -> ReadRecord:
        """The record with everything needed to seal it and to know it again."""
        from ml.records import cgm
        from ml.records.fingerprints import MIN_SHARED, shingles

        trace = _trace(data, kind, zone, received_at)
        canonical = cgm.canonical_bytes(trace)
        found = tuple(sorted(shingles(trace)))
        return ReadRecord(
            canonical=canonical,
            summary=_summary(kind, trace),
            exact=(hashlib.sha256(data).digest(), hashlib.sha256(canonical).digest()),
            shingles=found,
            duplicate_at=min(MIN_SHARED, len(found)),
        )

    def inspect(
        self, data: bytes, kind: Kind, *, zone: str | None, received_at: datetime
    ) -> RecordSummary:
        """What was understood; nothing is kept."""
        return _summary(kind, _trace(data, kind, zone, received_at))

    def export(self, canonical: bytes, kind: Kind) -> bytes:
        """The trace as CSV: UTC, local time with offset, mg/dL, and whether it is censored."""
        from ml.records import cgm

        return cgm.to_csv(cgm.from_canonical_bytes(canonical))


def _trace(data: bytes, kind: Kind, zone: str | None, received_at: datetime) -> "CgmTrace":
    from ml.records import cgm, errors

    if kind is not Kind.CGM:
        raise UnreadableRecord(
            f"{kind.name.lower()} records cannot be contributed to this release: "
            "only CGM exports can"
        )
    try:
        return cgm.read_cgm(data, zone=zone, received_at=received_at)
    except errors.UnreadableRecord as fault:
        raise UnreadableRecord(str(fault), line=fault.line) from fault


def _summary(kind: Kind, trace: "CgmTrace") -> RecordSummary:
    from ml.records import cgm

    quality = cgm.judge(trace)
    return RecordSummary(
        kind=kind,
        fields=cgm.inspect(trace).to_dict(),
        quality=quality.basis_points,
        quality_parts={name: round(part, 4) for name, part in vars(quality).items()},
    )
