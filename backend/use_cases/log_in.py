"""Log in with id and password."""

from dataclasses import dataclass, field, replace

from backend.crypto.passwords import hash_password, needs_rehash, verify_password
from backend.crypto.tokens import token_hash
from backend.domain.account import Account
from backend.domain.credentials import PASSWORD_LENGTH, known_login
from backend.domain.errors import CredentialsRefused
from backend.ports import Ports
from backend.use_cases.start_session import StartedSession, start_session


@dataclass(frozen=True)
class LogIn:
    """`replaces` is the token of the session that the same browser held before."""

    id: str
    password: str = field(repr=False)
    replaces: str | None = field(default=None, repr=False)


def log_in(command: LogIn, *, ports: Ports) -> StartedSession:
    """A fresh session, or `CredentialsRefused` which says nothing about which half was wrong."""
    login = known_login(command.id)
    with ports.database.read() as unit:
        account = None if login is None else unit.accounts.by_login(login)
    if not password_holds(account, command.password) or account is None:
        raise CredentialsRefused("the id or the password is wrong: check both and try again")
    new_hash = account.password_hash
    if new_hash is not None and needs_rehash(new_hash):
        new_hash = hash_password(command.password)
    with ports.database.write() as unit:
        now_stored = unit.accounts.by_id(account.id)
        if now_stored is None or now_stored.password_hash != account.password_hash:
            raise CredentialsRefused("the password has just been changed: log in with the new one")
        if new_hash != account.password_hash:
            now_stored = replace(now_stored, password_hash=new_hash)
            unit.accounts.update(now_stored)
        if command.replaces is not None:
            unit.sessions.end(token_hash(command.replaces))
        return start_session(now_stored, unit=unit, ports=ports)


def password_holds(account: Account | None, password: str) -> bool:
    """Whether this is the account's password; takes as long for an account that is not there."""
    if len(password) > PASSWORD_LENGTH[1]:
        return False
    if account is None or account.password_hash is None:
        hash_password(password)  # the same work as a verification
        return False
    return verify_password(account.password_hash, password)
