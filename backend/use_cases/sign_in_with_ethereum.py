"""Log in with one's own wallet (EIP-4361)."""

from dataclasses import dataclass, field

from backend.crypto.sign_in import Audience, SignIn, verified_sign_in
from backend.crypto.tokens import token_hash
from backend.domain.errors import CredentialsRefused, NotFound
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.start_session import StartedSession, start_session


@dataclass(frozen=True)
class SignedMessage:
    """What the wallet signed, its signature, and for whom it must have been signed."""

    message: str
    signature: str = field(repr=False)
    audience: Audience


@dataclass(frozen=True)
class SignInWithEthereum:
    signed: SignedMessage
    replaces: str | None = field(default=None, repr=False)


def sign_in_with_ethereum(command: SignInWithEthereum, *, ports: Ports) -> StartedSession:
    """A fresh session, `CredentialsRefused`, or `NotFound` for a wallet without account.

    An unknown wallet leaves the nonce untaken, so that the same message can sign up.
    """
    signer = signer_of(command.signed, ports=ports)
    with ports.database.write() as unit:
        take_nonce(signer, unit=unit, ports=ports)
        account = unit.accounts.by_wallet(signer.wallet)
        if account is None or account.custodial:
            raise NotFound("no account belongs to this wallet: sign up at /api/siwe/signup first")
        if command.replaces is not None:
            unit.sessions.end(token_hash(command.replaces))
        return start_session(account, unit=unit, ports=ports)


def signer_of(signed: SignedMessage, *, ports: Ports) -> SignIn:
    """Who signed; the nonce is still to be taken."""
    return verified_sign_in(
        signed.message, signed.signature, signed.audience, now=ports.clock.now()
    )


def take_nonce(signer: SignIn, *, unit: UnitOfWork, ports: Ports) -> None:
    """Use the nonce up, or `CredentialsRefused` when it was used or never given out."""
    if not unit.challenges.take(signer.nonce, ports.clock.now()):
        raise CredentialsRefused(
            "the sign-in message was used before or is out of date: ask for a new one"
        )
