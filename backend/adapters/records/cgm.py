"""CGM exports of any known device, as the service contributes them."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary
from backend.domain.errors import UnreadableRecord
from backend.ports.records import ReadRecord

if TYPE_CHECKING:
    from ml.records.cgm import CgmTrace


def read(data: bytes, *, zone: str, received_at: datetime) -> ReadRecord:
    """The trace with everything needed to seal it and to know it again."""
    from ml.records import cgm
    from ml.records.fingerprints import MIN_SHARED, shingles

    trace = _trace(data, zone, received_at)
    canonical = cgm.canonical_bytes(trace)
    found = tuple(sorted(shingles(trace)))
    return ReadRecord(
        canonical=canonical,
        summary=_summary(trace),
        exact=(hashlib.sha256(data).digest(), hashlib.sha256(canonical).digest()),
        shingles=found,
        duplicate_at=min(MIN_SHARED, len(found)),
    )


def inspect(data: bytes, *, zone: str | None, received_at: datetime) -> RecordSummary:
    """What was understood; nothing is kept."""
    return _summary(_trace(data, zone, received_at))


def export(canonical: bytes) -> bytes:
    """The trace as CSV: UTC, local time with offset, mg/dL, and whether it is censored."""
    from ml.records import cgm

    return cgm.to_csv(cgm.from_canonical_bytes(canonical))


def _trace(data: bytes, zone: str | None, received_at: datetime) -> "CgmTrace":
    from ml.records import cgm, errors

    try:
        return cgm.read_cgm(data, zone=zone, received_at=received_at)
    except errors.UnreadableRecord as fault:
        raise UnreadableRecord(str(fault), line=fault.line) from fault


def _summary(trace: "CgmTrace") -> RecordSummary:
    from ml.records import cgm

    quality = cgm.judge(trace)
    return RecordSummary(
        kind=Kind.CGM,
        fields=cgm.inspect(trace).to_dict(),
        quality=quality.basis_points,
        quality_parts={name: round(part, 4) for name, part in vars(quality).items()},
    )
