"""Show people what the service holds about them."""

from backend.domain.account import Profile
from backend.domain.errors import NotAuthenticated
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.note_access import NoteAccess, note_access
from backend.use_cases.sealed_profile import PROFILE, opened_profile


def show_profile(account_id: AccountId, *, ports: Ports) -> Profile:
    """One's own profile; the opening is in the access log before it happens."""
    return open_own_profile(account_id, "shown to its owner", ports=ports)


def open_own_profile(account_id: AccountId, purpose: str, *, ports: Ports) -> Profile:
    """The profile of the caller themselves, opened for this purpose."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None:
        raise NotAuthenticated("the account is gone: sign up again")
    note_access(NoteAccess(account_id, account_id, PROFILE, purpose), ports=ports)
    return opened_profile(account, ports=ports)
