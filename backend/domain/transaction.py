"""A transaction of the relayer: one nonce, every signed version of it kept before it is sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.identifiers import TransactionId, TxHash, WalletAddress


class TxStatus(StrEnum):
    """PREPARED (signed, perhaps not sent) → SENT → CONFIRMED | REVERTED.

    DISPLACED: a transaction that is not ours took the nonce, so this one can never be mined; or
    its signer is no longer the recorder, so that it could only revert.
    """

    PREPARED = "prepared"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    DISPLACED = "displaced"


class TxPurpose(StrEnum):
    GRANT_CONSENT = "grant_consent"
    REVOKE_CONSENT = "revoke_consent"
    REGISTER = "register"
    MARK_ERASED = "mark_erased"


@dataclass(frozen=True)
class Call:
    """What a transaction does: target contract, calldata and gas limit."""

    to: WalletAddress
    data: bytes
    gas: int


@dataclass(frozen=True)
class Fees:
    """EIP-1559 fees in wei."""

    max_fee: int
    priority_fee: int

    def bumped(self) -> "Fees":
        """Raised by 12.5 % and one wei, above the 10 % that nodes ask of a replacement."""
        return Fees(self.max_fee * 9 // 8 + 1, self.priority_fee * 9 // 8 + 1)


@dataclass(frozen=True)
class SignedTransaction:
    """One signed version; `hash` is known and stored before anything is broadcast."""

    hash: TxHash
    raw: bytes
    fees: Fees
    signed_at: datetime


@dataclass(frozen=True)
class Transaction:
    """One nonce of one signer. Any of its `versions` may confirm; only one ever can."""

    id: TransactionId
    signer: WalletAddress
    nonce: int
    purpose: TxPurpose
    subject: str
    call: Call
    status: TxStatus
    created_at: datetime
    versions: tuple[SignedTransaction, ...]
    confirmed_hash: TxHash | None = None
    block_number: int | None = None
    block_hash: str | None = None


@dataclass(frozen=True)
class Confirmation:
    """A mined transaction: where, how deep (1 = in the newest block), and whether it succeeded."""

    hash: TxHash
    block_number: int
    block_hash: str
    block_time: datetime
    depth: int
    succeeded: bool
