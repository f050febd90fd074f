"""Show people who opened what of theirs."""

from dataclasses import dataclass

from backend.crypto.hash_chain import first_broken_link
from backend.domain.access import AccessEntry
from backend.domain.identifiers import AccountId
from backend.ports import Ports


@dataclass(frozen=True)
class AccessLogView:
    """All entries, oldest first, and the first one that does not follow from those before."""

    entries: list[AccessEntry]
    broken_at: int | None


def list_access_log(account_id: AccountId, *, ports: Ports) -> AccessLogView:
    """The account's whole chain, checked link by link."""
    with ports.database.read() as unit:
        entries = unit.access_log.of_account(account_id)
    return AccessLogView(entries, first_broken_link(entries))
