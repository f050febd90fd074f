"""Show what is understood of a file, without keeping anything of it."""

from dataclasses import dataclass

from backend.domain.consent import Kind
from backend.domain.contribution import RecordSummary
from backend.domain.errors import PayloadTooLarge
from backend.ports import Ports


@dataclass(frozen=True, repr=False)
class InspectRecord:
    data: bytes
    kind: Kind
    zone: str | None


def inspect_record(command: InspectRecord, *, ports: Ports) -> RecordSummary:
    """The summary, with or without a zone, or `UnreadableRecord`."""
    if len(command.data) > ports.policy.upload_limit:
        raise PayloadTooLarge("the file is too large: export a shorter period")
    return ports.records.inspect(
        command.data, command.kind, zone=command.zone, received_at=ports.clock.now()
    )
