"""Write a meal, exercise or insulin into one's journal."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from backend.domain.errors import Conflict, InvalidField, NotAuthenticated
from backend.domain.identifiers import AccountId, JournalEntryId, KeyId, random_id_text
from backend.domain.journal import JournalEntry, JournalEvent, checked_event
from backend.ports import Ports
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_journal import (
    JOURNAL,
    OpenedEntry,
    event_fields,
    opened_entry,
    sealed_entry,
)

MOST_ENTRIES = 20_000
"""Of one account: five years of eleven a day."""
KEY_LENGTH = 128


@dataclass(frozen=True)
class CreateJournalEntry:
    """`request_key` is the caller's own name for this request: sent again, it is answered with
    the entry that it made the first time."""

    account_id: AccountId
    event: JournalEvent = field(repr=False)
    request_key: str | None = field(default=None, repr=False)


def create_journal_entry(command: CreateJournalEntry, *, ports: Ports) -> JournalEntry:
    """The entry as it is kept, sealed under the account's key; the same for a repeated request.

    Raises `InvalidField`, or `Conflict` when the key named another event, or the journal is full.
    """
    now = ports.clock.now().replace(microsecond=0)
    event = checked_event(command.event, now=now)
    entry = JournalEntry(_id(command, ports), event, created_at=now, changed_at=now, version=1)
    opened = OpenedEntry(entry, _digest(event))
    row = sealed_entry(opened, account_id=command.account_id, ports=ports)
    with ports.database.write() as unit:
        if unit.accounts.by_id(command.account_id) is None:
            raise NotAuthenticated("the account is gone: sign up again")
        known = unit.journal.by_id(command.account_id, entry.id)
        if known is None:
            if unit.journal.count(command.account_id) >= MOST_ENTRIES:
                raise Conflict(
                    f"a journal holds {MOST_ENTRIES} entries: export it and delete the oldest"
                )
            if unit.journal.add(row):
                return entry
    return _made_before(command, opened, ports)


def _made_before(command: CreateJournalEntry, asked: OpenedEntry, ports: Ports) -> JournalEntry:
    """What the first request of this key made, in its present state."""
    account_id = command.account_id
    note_access(NoteAccess(account_id, account_id, JOURNAL, "entry sent again"), ports=ports)
    with ports.database.read() as unit:
        row = unit.journal.by_id(account_id, asked.entry.id)
    if row is None:
        raise Conflict("this entry was deleted while it was sent again: use a new Idempotency-Key")
    found = opened_entry(row, key=ports.keys.open(KeyId(account_id)))
    if found.asked != asked.asked:
        raise Conflict("this Idempotency-Key named another entry before: use a new one")
    return found.entry


def _id(command: CreateJournalEntry, ports: Ports) -> JournalEntryId:
    """Random; or from the caller's key by a secret of the account, so that it tells nothing."""
    if command.request_key is None:
        return JournalEntryId(random_id_text(ports.random_bytes(16)))
    if not (1 <= len(command.request_key) <= KEY_LENGTH and command.request_key.isprintable()):
        raise InvalidField("idempotency_key", f"an Idempotency-Key has 1 to {KEY_LENGTH} letters")
    key = ports.keys.open(KeyId(command.account_id))
    said = b"journal entry " + command.request_key.encode()
    return JournalEntryId(random_id_text(hmac.digest(key, said, "sha256")[:16]))


def _digest(event: JournalEvent) -> str:
    fields = json.dumps(event_fields(event), sort_keys=True).encode()
    return hashlib.sha256(fields).hexdigest()
