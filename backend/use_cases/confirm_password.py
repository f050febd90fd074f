"""Ask for the password again before something that a borrowed session must not do."""

from backend.domain.account import Account
from backend.domain.errors import CredentialsRefused
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.log_in import password_holds


def confirm_password(account_id: AccountId, password: str, *, ports: Ports) -> Account:
    """The account, or `CredentialsRefused`; own-wallet accounts have no password to give."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None or not password_holds(account, password):
        raise CredentialsRefused("the password is wrong: nothing was done")
    return account
