"""Correct an entry of one's journal."""

from dataclasses import dataclass, field, replace

from backend.domain.errors import StaleVersion
from backend.domain.identifiers import AccountId, JournalEntryId, KeyId
from backend.domain.journal import JournalEntry, JournalEvent, SealedEntry, checked_event
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.list_journal import not_found
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_journal import JOURNAL, OpenedEntry, opened_entry, sealed_entry


@dataclass(frozen=True)
class EditJournalEntry:
    """`expected_version` is the one that the person saw; None takes whatever is there."""

    account_id: AccountId
    entry_id: JournalEntryId
    event: JournalEvent = field(repr=False)
    expected_version: int | None = None


def edit_journal_entry(command: EditJournalEntry, *, ports: Ports) -> JournalEntry:
    """The whole event replaced; when it was created stays.

    Raises `InvalidField`, `NotFound`, or `StaleVersion` when somebody changed it meanwhile.
    """
    now = ports.clock.now().replace(microsecond=0)
    event = checked_event(command.event, now=now)
    account_id = command.account_id
    note_access(NoteAccess(account_id, account_id, JOURNAL, "changed by its owner"), ports=ports)
    with ports.database.write() as unit:
        row = entry_as_seen(unit, account_id, command.entry_id, command.expected_version)
        before = opened_entry(row, key=ports.keys.open(KeyId(account_id)))
        entry = replace(before.entry, event=event, changed_at=now, version=row.version + 1)
        changed = OpenedEntry(entry, before.asked)
        sealed = sealed_entry(changed, account_id=account_id, ports=ports)
        if not unit.journal.update(sealed, expected=row.version):
            raise not_found()
    return entry


def entry_as_seen(
    unit: UnitOfWork, account_id: AccountId, entry_id: JournalEntryId, expected: int | None
) -> SealedEntry:
    """The row when it is there and still of the version that was seen."""
    row = unit.journal.by_id(account_id, entry_id)
    if row is None:
        raise not_found()
    if expected is not None and row.version != expected:
        raise StaleVersion(
            f"the entry is at version {row.version}, not {expected}: look at it again, then change"
        )
    return row
