"""Sign up with one's own wallet (EIP-4361); no password, and nothing of the wallet is kept."""

from dataclasses import dataclass, field

from backend.domain.account import Profile, Role
from backend.domain.errors import AccountExists
from backend.domain.personal import checked_profile
from backend.ports import Ports
from backend.use_cases.create_account import CreatedAccount, NewAccount, create_account
from backend.use_cases.sign_in_with_ethereum import SignedMessage, signer_of, take_nonce
from backend.use_cases.sign_up import refuse_closed_roles


@dataclass(frozen=True)
class SignUpWithEthereum:
    signed: SignedMessage
    role: Role
    profile: Profile = field(repr=False)
    invitation: str | None = field(default=None, repr=False)


def sign_up_with_ethereum(command: SignUpWithEthereum, *, ports: Ports) -> CreatedAccount:
    """The new account, or `CredentialsRefused`, `AccountExists`, `InvalidField`."""
    refuse_closed_roles(command.role, command.invitation)
    profile = checked_profile(command.profile)
    signer = signer_of(command.signed, ports=ports)
    with ports.database.write() as unit:
        if unit.accounts.by_wallet(signer.wallet) is not None:
            raise AccountExists("this wallet has an account: sign in at /api/siwe/login instead")
        take_nonce(signer, unit=unit, ports=ports)
    return create_account(
        NewAccount(
            role=command.role,
            profile=profile,
            own_wallet=signer.wallet,
            invitation=command.invitation,
        ),
        ports=ports,
    )
