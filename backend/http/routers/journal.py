"""The journal: note meals, exercise and insulin, correct them, take them out."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from backend.domain.errors import InvalidField, ZoneMissing
from backend.domain.identifiers import AccountId
from backend.domain.identifiers import journal_entry_id as known_id
from backend.domain.journal import JournalEntry, JournalEvent
from backend.http.guard import GuardedRoute
from backend.http.schemas.journal import EntryShown, EventAsked, JournalShown
from backend.http.session import AccountHere, PortsHere
from backend.ports import Ports
from backend.use_cases.create_journal_entry import CreateJournalEntry
from backend.use_cases.create_journal_entry import create_journal_entry as create
from backend.use_cases.default_zone import default_zone
from backend.use_cases.delete_journal_entry import DeleteJournalEntry
from backend.use_cases.delete_journal_entry import delete_journal_entry as delete
from backend.use_cases.edit_journal_entry import EditJournalEntry
from backend.use_cases.edit_journal_entry import edit_journal_entry as edit
from backend.use_cases.list_journal import LARGEST_PAGE, ListJournal
from backend.use_cases.list_journal import list_journal as list_own
from backend.use_cases.list_journal import show_journal_entry as show

router = APIRouter(prefix="/api/journal", tags=["journal"], route_class=GuardedRoute)

IfMatch = Annotated[
    str | None,
    Header(description="the version that you saw, as in its ETag; the entry changes only if it is"),
]
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="your own name for this request: sent again, it makes no second entry",
    ),
]
_SEEN = re.compile(r'(?:W/)?"?([1-9][0-9]{0,8})"?')


@router.get("", summary="List one's journal")
def list_journal(
    account_id: AccountHere,
    ports: PortsHere,
    since: Annotated[datetime | None, Query(description="from this moment on")] = None,
    until: Annotated[datetime | None, Query(description="before this moment")] = None,
    limit: Annotated[int, Query(description=f"1 to {LARGEST_PAGE}")] = 100,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> JournalShown:
    """The latest first. Opening the journal is written to the access log before it happens."""
    command = ListJournal(account_id, since, until, limit, after)
    return JournalShown.of(list_own(command, ports=ports))


@router.post("", status_code=201, summary="Note a meal, exercise or insulin")
def create_journal_entry(
    body: EventAsked,
    response: Response,
    account_id: AccountHere,
    ports: PortsHere,
    request_key: RequestKey = None,
) -> EntryShown:
    """It is kept sealed under the account's own key, its kind and its time with it."""
    command = CreateJournalEntry(account_id, _event(body, account_id, ports), request_key)
    return _shown(create(command, ports=ports), response)


@router.get("/{entry_id}", summary="Show one entry")
def show_journal_entry(
    entry_id: str, response: Response, account_id: AccountHere, ports: PortsHere
) -> EntryShown:
    """Another person's entry is not found, as one that does not exist."""
    return _shown(show(account_id, known_id(entry_id), ports=ports), response)


@router.put("/{entry_id}", summary="Correct an entry")
def edit_journal_entry(
    entry_id: str,
    body: EventAsked,
    response: Response,
    account_id: AccountHere,
    ports: PortsHere,
    if_match: IfMatch = None,
) -> EntryShown:
    """The whole event is replaced; when it was first noted stays."""
    command = EditJournalEntry(
        account_id, known_id(entry_id), _event(body, account_id, ports), _seen(if_match)
    )
    return _shown(edit(command, ports=ports), response)


@router.delete("/{entry_id}", status_code=204, summary="Take an entry out")
def delete_journal_entry(
    entry_id: str, account_id: AccountHere, ports: PortsHere, if_match: IfMatch = None
) -> None:
    """It is gone when the answer comes; from backups it goes as they do."""
    delete(DeleteJournalEntry(account_id, known_id(entry_id), _seen(if_match)), ports=ports)


def _event(body: EventAsked, account_id: AccountId, ports: Ports) -> JournalEvent:
    zone = body.zone or default_zone(account_id, ports=ports)
    if zone is None:
        raise ZoneMissing("say the zone of your clock, or set one in your account")
    return body.event(zone)


def _shown(entry: JournalEntry, response: Response) -> EntryShown:
    response.headers["ETag"] = f'"{entry.version}"'
    return EntryShown.of(entry)


def _seen(if_match: str | None) -> int | None:
    """The version in an If-Match header; `*` takes whatever is there."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _SEEN.fullmatch(if_match.strip())
    if found is None:
        raise InvalidField("if_match", 'If-Match is the ETag of the entry, such as "1"')
    return int(found[1])
