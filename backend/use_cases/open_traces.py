"""Opening sealed traces, a person's own or a cohort's, for something that is computed from them."""

from collections.abc import Iterable, Sequence

from backend.crypto.sealing import SealContext, open_sealed
from backend.domain.consent import Kind
from backend.domain.contribution import Contribution
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    NotEnoughData,
    PayloadTooLarge,
    SealBroken,
)
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.read_contribution import READABLE

Unopened = ContentMissing | ContentMismatch | SealBroken
"""What repeating does not mend: bytes that are gone for good, are others, or do not open."""


def glucose_records(unit: UnitOfWork, account_id: AccountId) -> list[Contribution]:
    """The CGM records of this account that can be opened, or `NotEnoughData` without any."""
    found = [
        row
        for row in unit.contributions.of_account(account_id)
        if row.kind is Kind.CGM and row.status in READABLE
    ]
    if not found:
        raise NotEnoughData(
            "no CGM record of yours is here to learn or to tell anything from",
            needs="contribute a CGM export of at least 10 days at /api/contributions",
            reasons=("no_records",),
        )
    return found


def open_traces(
    rows: Iterable[Contribution], *, actor: str, purpose: str, ports: Ports
) -> list[bytes]:
    """Their canonical traces; each opening is in the access log before it happens."""
    traces = []
    for row in rows:
        note_access(NoteAccess(row.account_id, actor, row.id, purpose), ports=ports)
        traces.append(_opened(row, ports))
    return traces


def open_together(
    rows: Sequence[Contribution], *, actor: str, purpose: str, ports: Ports
) -> list[bytes | Unopened]:
    """The same for records of many people: all are in their logs before the first is opened.

    Of one that cannot be opened, by what was sealed or kept of it, the error comes in its place.
    An outage is not such an error: it is raised.
    """
    now = ports.clock.now()
    with ports.database.write() as unit:
        for row in sorted(rows, key=lambda one: (one.account_id, one.id)):
            unit.access_log.append(
                row.account_id, at=now, actor=actor, subject=row.id, purpose=purpose
            )
    return [_opened_or_why_not(row, ports) for row in rows]


def _opened_or_why_not(row: Contribution, ports: Ports) -> bytes | Unopened:
    try:
        return _opened(row, ports)
    except (ContentMissing, ContentMismatch, SealBroken) as fault:
        return fault


def _opened(row: Contribution, ports: Ports) -> bytes:
    key = ports.keys.open(row.key_id)
    try:
        envelope = ports.content.get(row.cid, limit=row.size)
    except PayloadTooLarge as larger:
        raise ContentMismatch(
            f"the content store has more bytes for {row.cid} than were sealed: do not trust it"
        ) from larger
    context = SealContext(row.id, row.account_id, row.kind)
    return open_sealed(envelope, key=key, context=context)
