"""Ask again who is there, before something that a borrowed session must not do."""

from dataclasses import dataclass, field

from backend.domain.account import Account
from backend.domain.errors import CredentialsRefused
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.confirm_password import confirm_password
from backend.use_cases.sign_in_with_ethereum import SignedMessage, signer_of, take_nonce


@dataclass(frozen=True)
class ConfirmIdentity:
    """The password, or for an own wallet a message that it signed just now."""

    account_id: AccountId
    password: str | None = field(default=None, repr=False)
    signed: SignedMessage | None = None


def confirm_identity(command: ConfirmIdentity, *, ports: Ports) -> Account:
    """The account, or `CredentialsRefused`."""
    if command.signed is not None:
        return _confirm_wallet(command.account_id, command.signed, ports=ports)
    return confirm_password(command.account_id, command.password or "", ports=ports)


def _confirm_wallet(account_id: AccountId, signed: SignedMessage, *, ports: Ports) -> Account:
    signer = signer_of(signed, ports=ports)
    with ports.database.write() as unit:
        account = unit.accounts.by_id(account_id)
        if account is None or account.custodial or account.wallet != signer.wallet:
            raise CredentialsRefused("another wallet signed: nothing was done")
        take_nonce(signer, unit=unit, ports=ports)
    return account
