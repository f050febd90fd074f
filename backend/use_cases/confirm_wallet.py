"""Ask an own wallet for a fresh signature before something a borrowed session must not do."""

from backend.domain.account import Account
from backend.domain.errors import CredentialsRefused
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.sign_in_with_ethereum import SignedMessage, signer_of, take_nonce


def confirm_wallet(account_id: AccountId, signed: SignedMessage, *, ports: Ports) -> Account:
    """The account, or `CredentialsRefused` when its own wallet did not sign just now."""
    signer = signer_of(signed, ports=ports)
    with ports.database.write() as unit:
        account = unit.accounts.by_id(account_id)
        if account is None or account.custodial or account.wallet != signer.wallet:
            raise CredentialsRefused("another wallet signed: nothing was done")
        take_nonce(signer, unit=unit, ports=ports)
    return account
