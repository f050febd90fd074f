"""Change one's password, knowing the present one."""

from dataclasses import dataclass, field, replace

from backend.crypto.passwords import hash_password
from backend.domain.credentials import new_password
from backend.domain.errors import CredentialsRefused
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.confirm_password import confirm_password
from backend.use_cases.start_session import StartedSession, start_session


@dataclass(frozen=True)
class ChangePassword:
    account_id: AccountId
    password: str = field(repr=False)
    new_password: str = field(repr=False)


def change_password(command: ChangePassword, *, ports: Ports) -> StartedSession:
    """A fresh session; every other session of the account is over."""
    wanted = new_password(command.new_password, field="new_password")
    confirmed = confirm_password(command.account_id, command.password, ports=ports)
    password_hash = hash_password(wanted)
    with ports.database.write() as unit:
        account = unit.accounts.by_id(command.account_id)
        if account is None or account.password_hash != confirmed.password_hash:
            raise CredentialsRefused("the password has just been changed: log in with the new one")
        changed = replace(account, password_hash=password_hash)
        unit.accounts.update(changed)
        unit.sessions.end_all(account.id)
        return start_session(changed, unit=unit, ports=ports)
