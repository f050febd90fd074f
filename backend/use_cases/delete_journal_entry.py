"""Take an entry out of one's journal."""

from dataclasses import dataclass

from backend.domain.identifiers import AccountId, JournalEntryId
from backend.ports import Ports
from backend.use_cases.edit_journal_entry import entry_as_seen
from backend.use_cases.list_journal import not_found


@dataclass(frozen=True)
class DeleteJournalEntry:
    """`expected_version` is the one that the person saw; None takes whatever is there."""

    account_id: AccountId
    entry_id: JournalEntryId
    expected_version: int | None = None


def delete_journal_entry(command: DeleteJournalEntry, *, ports: Ports) -> None:
    """The row is gone; `NotFound` when it was already, `StaleVersion` when it was changed."""
    with ports.database.write() as unit:
        entry_as_seen(unit, command.account_id, command.entry_id, command.expected_version)
        if not unit.journal.delete(command.account_id, command.entry_id):
            raise not_found()
