"""Show people their journal, or one entry of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from backend.domain.errors import InvalidField, NotFound
from backend.domain.identifiers import AccountId, JournalEntryId, KeyId, journal_entry_id
from backend.domain.journal import JournalEntry
from backend.ports import Ports
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_journal import JOURNAL, opened_entry

LARGEST_PAGE = 500
SHOWN = "journal shown"


@dataclass(frozen=True)
class ListJournal:
    """`since` belongs to the range, `until` does not; `after` is the page before's `next`."""

    account_id: AccountId
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, repr=False)
class JournalPage:
    """Entries, the latest first; `next` leads on, None at the end."""

    entries: list[JournalEntry]
    next: str | None


def list_journal(command: ListJournal, *, ports: Ports) -> JournalPage:
    """A page of what happened in the range; one line in the access log stands for all of it."""
    if not 1 <= command.limit <= LARGEST_PAGE:
        raise InvalidField("limit", f"a page has 1 to {LARGEST_PAGE} entries")
    since, until = _aware("since", command.since), _aware("until", command.until)
    start = None if command.after is None else _place(command.after)
    found = [
        entry
        for entry in open_journal(command.account_id, SHOWN, ports=ports)
        if (since is None or entry.event.at >= since)
        and (until is None or entry.event.at < until)
        and (start is None or _order(entry) < start)
    ]
    page = found[: command.limit]
    more = len(found) > len(page)
    return JournalPage(page, _cursor(page[-1]) if more else None)


def show_journal_entry(
    account_id: AccountId, entry_id: JournalEntryId, *, ports: Ports
) -> JournalEntry:
    """One entry, or `NotFound`, also for another person's; its opening is in the access log."""
    with ports.database.read() as unit:
        row = unit.journal.by_id(account_id, entry_id)
    if row is None:
        raise not_found()
    note_access(NoteAccess(account_id, account_id, JOURNAL, "entry shown"), ports=ports)
    return opened_entry(row, key=ports.keys.open(KeyId(account_id))).entry


def open_journal(
    account_id: AccountId, purpose: str, *, ports: Ports, actor: str | None = None
) -> list[JournalEntry]:
    """The whole journal, the latest event first; written to the access log before it is opened."""
    with ports.database.read() as unit:
        rows = unit.journal.of_account(account_id)
    if not rows:
        return []
    note_access(NoteAccess(account_id, actor or account_id, JOURNAL, purpose), ports=ports)
    key = ports.keys.open(KeyId(account_id))
    return sorted((opened_entry(row, key=key).entry for row in rows), key=_order, reverse=True)


def not_found() -> NotFound:
    """The same for an entry that was deleted, never was, or is another person's."""
    return NotFound("you have no journal entry of this id: list yours at /api/journal")


def _order(entry: JournalEntry) -> tuple[datetime, str]:
    return entry.event.at, entry.id


def _cursor(entry: JournalEntry) -> str:
    return f"{int(entry.event.at.timestamp())}-{entry.id}"


def _place(cursor: str) -> tuple[datetime, str]:
    seconds, _, entry_id = cursor.partition("-")
    try:
        return datetime.fromtimestamp(int(seconds), UTC), journal_entry_id(entry_id)
    except (ValueError, OverflowError, OSError, InvalidField) as error:
        raise InvalidField("after", "after is the `next` of the page before") from error


def _aware(field: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.utcoffset() is None:
        raise InvalidField(field, f"{field} needs its offset from UTC, as in 2026-11-22T00:00:00Z")
    return moment
