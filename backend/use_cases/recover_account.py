"""Get back into an account whose password is lost, with the code shown at sign-up."""

import hmac
from dataclasses import dataclass, field, replace

from backend.crypto.passwords import hash_password
from backend.crypto.tokens import token_hash
from backend.domain.credentials import (
    CODE_BYTES,
    code_text,
    known_login,
    new_password,
    normal_code,
)
from backend.domain.errors import CredentialsRefused
from backend.ports import Ports


@dataclass(frozen=True)
class RecoverAccount:
    id: str
    recovery_code: str = field(repr=False)
    password: str = field(repr=False)


def recover_account(command: RecoverAccount, *, ports: Ports) -> str:
    """The next recovery code. The old one and every session are over, the new password holds."""
    password_hash = hash_password(new_password(command.password))
    given = token_hash(normal_code(command.recovery_code))
    next_code = code_text(ports.random_bytes(CODE_BYTES))
    login = known_login(command.id)
    with ports.database.write() as unit:
        account = None if login is None else unit.accounts.by_login(login)
        expected = None if account is None else account.recovery_hash
        if not hmac.compare_digest(given, expected or "") or account is None:
            raise CredentialsRefused("the id or the recovery code is wrong: check both")
        unit.accounts.update(
            replace(
                account,
                password_hash=password_hash,
                recovery_hash=token_hash(normal_code(next_code)),
            )
        )
        unit.sessions.end_all(account.id)
    return next_code
