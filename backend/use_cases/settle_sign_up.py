"""Clean up after a sign-up that died between its key and its row."""

from backend.domain.identifiers import AccountId, KeyId
from backend.ports import Ports


def settle_sign_up(account_id: AccountId, *, ports: Ports) -> None:
    """No key of an account that never came to be remains. Safe to repeat."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None:
        ports.keys.destroy(KeyId(account_id))
