"""Write down, before anything is opened, who opens what of whom and why."""

from dataclasses import dataclass

from backend.domain.access import AccessEntry
from backend.domain.identifiers import AccountId
from backend.ports import Ports


@dataclass(frozen=True)
class NoteAccess:
    account_id: AccountId
    actor: str
    subject: str
    purpose: str


def note_access(command: NoteAccess, *, ports: Ports) -> AccessEntry:
    """The entry, committed when this returns."""
    with ports.database.write() as unit:
        return unit.access_log.append(
            command.account_id,
            at=ports.clock.now(),
            actor=command.actor,
            subject=command.subject,
            purpose=command.purpose,
        )
