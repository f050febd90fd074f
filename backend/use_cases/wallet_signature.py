"""A message signed by a person's own wallet, checked as the consent registry will check it."""

from dataclasses import dataclass, field
from datetime import datetime

from backend.crypto.typed_data import TypedData, recover_signer
from backend.domain.errors import (
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentSignerMismatch,
)
from backend.domain.identifiers import WalletAddress
from backend.ports import Ports


@dataclass(frozen=True)
class WalletSignature:
    """What an own wallet signed: nonce and deadline of the prepared message, and 65 bytes."""

    nonce: int
    deadline: datetime
    signature: bytes = field(repr=False)


def check_deadline(deadline: datetime, ports: Ports) -> None:
    """Refuse a message that the registry would find too late."""
    if ports.clock.now() > deadline:
        raise ConsentDeadlinePassed(
            f"the message could be submitted until {deadline:%Y-%m-%d %H:%M:%S} UTC: sign a new one"
        )


def check_nonce(*, expected: int, given: int) -> None:
    """Refuse a message that was used, or that a grant or revoke has overtaken."""
    if given != expected:
        raise ConsentNonceMismatch(
            f"the message was signed for nonce {given}, the registry is at {expected}: it was used "
            "already, or a grant or revoke came in between; sign a new one"
        )


def check_signer(typed: TypedData, signature: bytes, wallet: WalletAddress) -> None:
    """Refuse a signature that is not the wallet's, over this message, chain and contract."""
    signer = recover_signer(typed, normal_signature(signature))
    if signer != wallet:
        raise ConsentSignerMismatch(
            f"the signature is by {signer}, not by {wallet}, or over another message, chain or "
            "contract: sign the prepared message with the account's wallet"
        )


def normal_signature(signature: bytes) -> bytes:
    """With 27 or 28 as its last byte, where some wallets write 0 or 1."""
    if len(signature) == 65 and signature[64] < 2:
        return signature[:64] + bytes([signature[64] + 27])
    return signature
