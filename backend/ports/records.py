"""Reading what people upload."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary


@dataclass(frozen=True, repr=False)
class ReadRecord:
    """A record understood: the canonical trace to seal, its summary, and what identifies it.

    `exact` are unkeyed fingerprints of which one match is a duplicate; `own` are such of which
    one match from the same account is; `shingles` are unkeyed fingerprints of which
    `duplicate_at` matches are. All must be keyed before they are stored.
    """

    canonical: bytes
    summary: RecordSummary
    exact: tuple[bytes, ...]
    shingles: tuple[bytes, ...]
    duplicate_at: int
    own: tuple[bytes, ...] = ()


class RecordReader(Protocol):
    def read(self, data: bytes, kind: Kind, *, zone: str, received_at: datetime) -> ReadRecord:
        """The record in `data`, or `UnreadableRecord` naming line and reason."""
        ...

    def inspect(
        self, data: bytes, kind: Kind, *, zone: str | None, received_at: datetime
    ) -> RecordSummary:
        """What was understood of `data`, with or without a zone, or `UnreadableRecord`."""
        ...

    def export(self, canonical: bytes, kind: Kind) -> bytes:
        """The canonical trace as a plain CSV for the person whose it is."""
        ...
