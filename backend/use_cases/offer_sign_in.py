"""Give out the message that a wallet signs to sign in (EIP-4361)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.crypto.sign_in import Audience, sign_in_message
from backend.domain.account import SignInChallenge
from backend.domain.identifiers import WalletAddress
from backend.ports import Ports

NONCE_BYTES = 16
OWN_WALLET_WARNING = (
    "The address of your own wallet is public: everyone can link what it does here, for ever, "
    "with whatever else it did or will do, and erasing your account cannot undo that. "
    "An account with id and password has a fresh address instead."
)


@dataclass(frozen=True)
class OfferSignIn:
    wallet: WalletAddress
    audience: Audience


@dataclass(frozen=True)
class SignInOffer:
    message: str
    nonce: str
    expires_at: datetime
    warning: str


def offer_sign_in(command: OfferSignIn, *, ports: Ports) -> SignInOffer:
    """A message whose nonce is good once, for minutes."""
    nonce = ports.random_bytes(NONCE_BYTES).hex()
    now = ports.clock.now()
    expires_at = now + timedelta(seconds=ports.policy.challenge_lifetime_s)
    with ports.database.write() as unit:
        unit.challenges.add(SignInChallenge(nonce, expires_at))
    message = sign_in_message(
        command.wallet, command.audience, nonce=nonce, issued_at=now, expires_at=expires_at
    )
    return SignInOffer(message, nonce, expires_at, OWN_WALLET_WARNING)
