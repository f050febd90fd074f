"""Sealing and opening journal entries: kind, times, amounts and words are one sealed column."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from backend.crypto.personal import open_personal
from backend.domain.identifiers import AccountId, JournalEntryId, KeyId
from backend.domain.journal import (
    ExerciseEntry,
    InsulinEntry,
    InsulinKind,
    Intensity,
    JournalEntry,
    JournalEvent,
    MealEntry,
    SealedEntry,
)
from backend.ports import Ports
from backend.use_cases.sealed_profile import sealed_column

JOURNAL = "journal"
"""The access log's subject when entries are opened."""
_TYPES: dict[str, type[JournalEvent]] = {
    "meal": MealEntry,
    "exercise": ExerciseEntry,
    "insulin": InsulinEntry,
}
_NAMES = {kind: name for name, kind in _TYPES.items()}
_BLOCK = 256
"""Plaintexts are filled up to whole blocks: a bare entry of any kind has the same length."""


@dataclass(frozen=True, repr=False)
class OpenedEntry:
    """An entry, and what tells a repeated request to create it from another one."""

    entry: JournalEntry
    asked: str


def type_of(event: JournalEvent) -> str:
    """meal, exercise or insulin."""
    return _NAMES[type(event)]


def event_fields(event: JournalEvent) -> dict[str, Any]:
    """The event as plain values, its moment in RFC 3339, with its `type`."""
    return {"type": type_of(event), **asdict(event), "at": _moment(event.at)}


def sealed_entry(opened: OpenedEntry, *, account_id: AccountId, ports: Ports) -> SealedEntry:
    """The row of this entry under its account's own key."""
    entry = opened.entry
    content = {
        "event": event_fields(entry.event),
        "created_at": _moment(entry.created_at),
        "changed_at": _moment(entry.changed_at),
        "asked": opened.asked,
    }
    plaintext = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    padded = plaintext.ljust(-(-len(plaintext) // _BLOCK) * _BLOCK)
    sealed = sealed_column(
        padded,
        _column(entry.id),
        account_id=account_id,
        key=ports.keys.open(KeyId(account_id)),
        ports=ports,
    )
    return SealedEntry(entry.id, account_id, entry.version, sealed)


def opened_entry(row: SealedEntry, *, key: bytes) -> OpenedEntry:
    """The entry; whoever opens it writes that to the access log first."""
    plaintext = open_personal(
        row.sealed, key=key, account_id=row.account_id, column=_column(row.id)
    )
    content = json.loads(plaintext)
    entry = JournalEntry(
        id=row.id,
        event=_event(content["event"]),
        created_at=datetime.fromisoformat(content["created_at"]),
        changed_at=datetime.fromisoformat(content["changed_at"]),
        version=row.version,
    )
    return OpenedEntry(entry, content["asked"])


def _event(content: dict[str, Any]) -> JournalEvent:
    fields = {**content, "at": datetime.fromisoformat(content["at"])}
    kind = _TYPES[fields.pop("type")]
    if kind is ExerciseEntry:
        fields["intensity"] = Intensity(fields["intensity"])
    if kind is InsulinEntry:
        fields["kind"] = InsulinKind(fields["kind"])
    return kind(**fields)


def _column(entry_id: JournalEntryId) -> str:
    return f"{JOURNAL} {entry_id}"


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
