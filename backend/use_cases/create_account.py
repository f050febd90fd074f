"""Make an account, wholly or not at all.

A job is queued first that destroys the account's key if no account has come to be once the
reservation has run out. The key is then stored inside the unit of work that adds the row, after
the row was accepted: a taken id leaves no key, and a crash leaves only one which the job destroys.
Signing up gives up after half the reservation, so that it can never meet that job.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from backend.crypto.passwords import hash_password
from backend.crypto.tokens import token_hash
from backend.crypto.wallets import wallet_of
from backend.domain.account import Account, Profile, Role
from backend.domain.credentials import CODE_BYTES, code_text, normal_code
from backend.domain.errors import DatabaseUnavailable
from backend.domain.identifiers import AccountId, JobId, KeyId, WalletAddress, random_id_text
from backend.domain.personal import checked_profile
from backend.ports import Ports
from backend.use_cases.accept_invitation import use_invitation
from backend.use_cases.sealed_profile import WALLET, sealed_column, sealed_profile

SETTLE_SIGN_UP = "settle_sign_up"


@dataclass(frozen=True)
class NewAccount:
    """Either login and password, with a wallet kept here, or the person's own wallet."""

    role: Role
    profile: Profile = field(repr=False)
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    own_wallet: WalletAddress | None = None
    invitation: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CreatedAccount:
    """The account, and the recovery code that is shown this once."""

    account: Account
    recovery_code: str | None = field(repr=False)


def create_account(new: NewAccount, *, ports: Ports) -> CreatedAccount:
    """The stored account; its key is in the keyring when this returns."""
    account_id = AccountId(random_id_text(ports.random_bytes(16)))
    key = ports.random_bytes(32)
    code = None if new.password is None else code_text(ports.random_bytes(CODE_BYTES))
    account = _account(new, account_id, key, code, ports=ports)
    lease = timedelta(seconds=ports.policy.reservation_lease_s)
    started = ports.clock.now()
    with ports.database.write() as unit:
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, SETTLE_SIGN_UP, account_id, started + lease)
    with ports.database.write() as unit:
        unit.accounts.add(account)
        if new.role is Role.GUARDIAN:
            use_invitation(new.invitation, account_id, unit=unit, ports=ports)
        ports.keys.store(KeyId(account_id), key)
        if ports.clock.now() >= started + lease / 2:
            raise DatabaseUnavailable("signing up took too long and was undone: try again")
    return CreatedAccount(account, code)


def _account(
    new: NewAccount, account_id: AccountId, key: bytes, code: str | None, *, ports: Ports
) -> Account:
    profile = checked_profile(new.profile)
    wallet, sealed_wallet = new.own_wallet, None
    if wallet is None:
        private_key = ports.random_bytes(32)
        wallet = wallet_of(private_key)
        sealed_wallet = sealed_column(
            private_key, WALLET, account_id=account_id, key=key, ports=ports
        )
    return Account(
        id=account_id,
        login=new.login,
        role=new.role,
        wallet=wallet,
        custodial=new.own_wallet is None,
        created_at=ports.clock.now(),
        sealed_profile=sealed_profile(profile, account_id=account_id, key=key, ports=ports),
        sealed_wallet=sealed_wallet,
        password_hash=None if new.password is None else hash_password(new.password),
        recovery_hash=None if code is None else token_hash(normal_code(code)),
    )
