"""Sign-in with Ethereum (EIP-4361): the message to sign, and who signed one."""

import importlib
import re
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import ModuleType

from backend.domain.errors import CredentialsRefused
from backend.domain.identifiers import WalletAddress, wallet_address

LONGEST_MESSAGE = 1024
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")
_STATEMENT = "Sign in to VitalMint. The address of this wallet is public and links for ever."


@dataclass(frozen=True)
class Audience:
    """Who asks for the signature: RFC 3986 authority, URI and EIP-155 chain."""

    domain: str
    uri: str
    chain_id: int


@dataclass(frozen=True)
class SignIn:
    """A sign-in whose signature holds. Its nonce must still be taken, once."""

    wallet: WalletAddress
    nonce: str


def sign_in_message(
    wallet: WalletAddress,
    audience: Audience,
    *,
    nonce: str,
    issued_at: datetime,
    expires_at: datetime,
) -> str:
    """The text that the wallet is asked to sign."""
    from eth_utils.address import to_checksum_address

    return "\n".join(
        [
            _first_line(audience),
            str(to_checksum_address(wallet)),
            "",
            _STATEMENT,
            "",
            f"URI: {audience.uri}",
            "Version: 1",
            f"Chain ID: {audience.chain_id}",
            f"Nonce: {nonce}",
            f"Issued At: {issued_at:%Y-%m-%dT%H:%M:%SZ}",
            f"Expiration Time: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        ]
    )


def verified_sign_in(message: str, signature: str, audience: Audience, *, now: datetime) -> SignIn:
    """Who signed, or `CredentialsRefused`: every field is checked but the nonce's freshness."""
    _refuse_early(message, signature, audience)
    siwe = _siwe()
    from eth_keys.exceptions import BadSignature

    try:
        parsed = siwe.SiweMessage.from_message(message)
        parsed.verify(signature, domain=audience.domain, timestamp=now)
    except (siwe.VerificationError, BadSignature, ValueError) as error:
        raise CredentialsRefused(
            "the sign-in message is malformed, out of date or signed by another wallet: "
            "ask for a new one and sign it as it is"
        ) from error
    if parsed.uri != audience.uri or parsed.chain_id != audience.chain_id:
        raise CredentialsRefused(
            "the sign-in message is for another service or chain: sign the one given here"
        )
    return SignIn(wallet_address(parsed.address), parsed.nonce)


@cache
def _siwe() -> ModuleType:
    """The package, imported on first use: it takes most of a second."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its grammars redefine ABNF's core rules
        return importlib.import_module("siwe")


def _first_line(audience: Audience) -> str:
    return f"{audience.domain} wants you to sign in with your Ethereum account:"


def _refuse_early(message: str, signature: str, audience: Audience) -> None:
    """Keep what cannot be ours from the grammar, whose time grows with the square of a text."""
    ours = message.startswith(_first_line(audience) + "\n") and len(message) <= LONGEST_MESSAGE
    if not ours or not _SIGNATURE.fullmatch(signature):
        raise CredentialsRefused(
            "the sign-in message was not given out by this service, or its signature is not "
            "0x and 130 hexadecimal digits: ask for a new message and sign it as it is"
        )
