"""People: their role, their wallet, and the personal columns that are always sealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.identifiers import AccountId, WalletAddress


class Role(StrEnum):
    PATIENT = "patient"
    GUARDIAN = "guardian"
    RESEARCHER = "researcher"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Profile:
    """The personal columns of the seed's User table; stored only sealed, per account."""

    name: str
    age: int
    address: str
    detailed_address: str
    phone_num: str
    guard_name: str
    guard_phone_num: str
    zone: str | None = None


@dataclass(frozen=True)
class Account:
    """One person's account. `custodial` tells a kept wallet from the person's own."""

    id: AccountId
    login: str | None
    role: Role
    wallet: WalletAddress
    custodial: bool
    created_at: datetime
    sealed_profile: bytes
    sealed_wallet: bytes | None
    password_hash: str | None
    recovery_hash: str | None


@dataclass(frozen=True)
class Session:
    """A login. Only hashes of the cookie's and the CSRF token are stored."""

    token_hash: str
    csrf_hash: str
    account_id: AccountId
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Invitation:
    """A patient's invitation to the person who shall be their guardian."""

    code_hash: str
    patient_id: AccountId
    expires_at: datetime
    accepted_by: AccountId | None


@dataclass(frozen=True)
class SignInChallenge:
    """A nonce given out for one EIP-4361 sign-in, good once and for minutes."""

    nonce: str
    expires_at: datetime
