"""The links of the access log."""

import hashlib
import json
from datetime import datetime

from backend.domain.access import GENESIS, AccessEntry
from backend.domain.identifiers import AccountId


def entry_hash(
    previous: bytes,
    *,
    account_id: AccountId,
    sequence: int,
    at: datetime,
    actor: str,
    subject: str,
    purpose: str,
) -> bytes:
    """SHA-256 over the previous link and every field of this one, as canonical JSON."""
    fields = [account_id, sequence, at.isoformat(), actor, subject, purpose]
    return hashlib.sha256(previous + json.dumps(fields, ensure_ascii=False).encode()).digest()


def first_broken_link(entries: list[AccessEntry]) -> int | None:
    """The sequence number of the first entry that does not follow, or None when all do."""
    previous = GENESIS
    for expected, entry in enumerate(entries):
        computed = entry_hash(
            previous,
            account_id=entry.account_id,
            sequence=entry.sequence,
            at=entry.at,
            actor=entry.actor,
            subject=entry.subject,
            purpose=entry.purpose,
        )
        if (entry.sequence, entry.previous, entry.hash) != (expected, previous, computed):
            return expected
        previous = entry.hash
    return None
