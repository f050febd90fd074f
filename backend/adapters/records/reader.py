"""Record kinds → readers. A kind without one is refused by name."""

from datetime import datetime
from typing import Protocol

from backend.adapters.records import cgm, vitals
from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary
from backend.domain.errors import UnreadableRecord
from backend.ports.records import ReadRecord


class _KindReader(Protocol):
    """What the module of one kind offers."""

    def read(self, data: bytes, *, zone: str, received_at: datetime) -> ReadRecord: ...
    def inspect(self, data: bytes, *, zone: str | None, received_at: datetime) -> RecordSummary: ...
    def export(self, canonical: bytes) -> bytes: ...


_READERS: dict[Kind, _KindReader] = {Kind.CGM: cgm, Kind.VITALS: vitals}


class MlRecordReader:
    """Implements `ports.records.RecordReader`; numpy and pandas are loaded with the first file."""

    def read(self, data: bytes, kind: Kind, *, zone: str, received_at: datetime) -> ReadRecord:
        """The record with everything needed to seal it and to know it again."""
        return _reader(kind).read(data, zone=zone, received_at=received_at)

    def inspect(
        self, data: bytes, kind: Kind, *, zone: str | None, received_at: datetime
    ) -> RecordSummary:
        """What was understood; nothing is kept."""
        return _reader(kind).inspect(data, zone=zone, received_at=received_at)

    def export(self, canonical: bytes, kind: Kind) -> bytes:
        """The trace as the CSV of its kind."""
        return _reader(kind).export(canonical)


def _reader(kind: Kind) -> _KindReader:
    if kind not in _READERS:
        known = " and ".join(one.name.lower() for one in _READERS)
        raise UnreadableRecord(
            f"{kind.name.lower()} records cannot be contributed to this release: only {known} can"
        )
    return _READERS[kind]
