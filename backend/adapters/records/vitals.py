"""Vital signs in JSON or CSV, as the service contributes them."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary
from backend.domain.errors import UnreadableRecord
from backend.ports.records import ReadRecord

if TYPE_CHECKING:
    from ml.records.vitals import ReadVitals


def read(data: bytes, *, zone: str, received_at: datetime) -> ReadRecord:
    """The trace with everything needed to seal it and to know it again.

    A trace that says too little to be told from a stranger's is known again to its own account.
    """
    from ml.records import vitals

    understood = _read(data, zone, received_at)
    canonical = vitals.canonical_bytes(understood.trace)
    known = vitals.fingerprints(understood.trace)
    digests = (hashlib.sha256(data).digest(), hashlib.sha256(canonical).digest())
    return ReadRecord(
        canonical=canonical,
        summary=_summary(understood),
        exact=digests if known.everywhere else (),
        own=() if known.everywhere else digests,
        shingles=tuple(sorted(known.shingles)),
        duplicate_at=known.duplicate_at,
    )


def inspect(data: bytes, *, zone: str | None, received_at: datetime) -> RecordSummary:
    """What was understood, and which columns would be left out; nothing is kept."""
    return _summary(_read(data, zone, received_at))


def export(canonical: bytes) -> bytes:
    """The trace as CSV: UTC, local time, and every variable with its unit in the name."""
    from ml.records import vitals

    return vitals.to_csv(vitals.from_canonical_bytes(canonical))


def _read(data: bytes, zone: str | None, received_at: datetime) -> "ReadVitals":
    from ml.records import errors, vitals

    try:
        return vitals.read_vitals(data, zone=zone, received_at=received_at)
    except errors.UnreadableRecord as fault:
        raise UnreadableRecord(str(fault), line=fault.line) from fault


def _summary(understood: "ReadVitals") -> RecordSummary:
    from ml.records import vitals

    quality = vitals.judge(understood.trace)
    return RecordSummary(
        kind=Kind.VITALS,
        fields=vitals.inspect(understood.trace, understood.left_out).to_dict(),
        quality=quality.basis_points,
        quality_parts={name: round(part, 4) for name, part in vars(quality).items()},
    )
