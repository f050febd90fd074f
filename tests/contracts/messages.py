"""The EIP-712 messages of the consent registry, written from its documentation."""

from typing import Any

from brownie.network.account import LocalAccount
from brownie.network.contract import ProjectContract
from eth_account import Account

CONSENT = [
    {"name": "contributor", "type": "address"},
    {"name": "kinds", "type": "uint8"},
    {"name": "purposes", "type": "uint8"},
    {"name": "custodial", "type": "bool"},
    {"name": "expiresAt", "type": "uint48"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint48"},
]
REVOCATION = [
    {"name": "contributor", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint48"},
]

CGM, VITALS, MOTION, IMAGE = range(4)
ALL_KINDS = 0b1111
CARE, TRAINING, SALE = 1, 2, 4
ALL_PURPOSES = CARE | TRAINING | SALE

FOREVER = 2**48 - 1
ONE_DAY = 86_400


def consent_by(contributor: Any, **changes: Any) -> dict[str, Any]:
    """A consent to everything, unless `changes` say otherwise."""
    consent = {
        "contributor": str(contributor),
        "kinds": ALL_KINDS,
        "purposes": ALL_PURPOSES,
        "custodial": False,
        "expiresAt": FOREVER,
        "nonce": 0,
        "deadline": FOREVER,
    }
    assert not changes.keys() - consent.keys()
    return consent | changes


def fields(consent: dict[str, Any]) -> list[Any]:
    """The message in the order in which the contract takes it."""
    return [consent[field["name"]] for field in CONSENT]


def sign_consent(
    consent: dict[str, Any],
    signer: LocalAccount,
    registry: ProjectContract,
    domain: dict[str, Any] | None = None,
) -> bytes:
    """The signer's signature for this registry on this chain, unless `domain` differs."""
    return _sign("Consent", CONSENT, consent, signer, _domain(registry) | (domain or {}))


def sign_revocation(
    signer: LocalAccount,
    registry: ProjectContract,
    nonce: int,
    deadline: int = FOREVER,
    domain: dict[str, Any] | None = None,
    contributor: Any = None,
) -> bytes:
    """The signer's signature that revokes what they (or `contributor`) consented to."""
    message = {
        "contributor": str(contributor or signer),
        "nonce": nonce,
        "deadline": deadline,
    }
    return _sign("Revocation", REVOCATION, message, signer, _domain(registry) | (domain or {}))


def _domain(registry: ProjectContract) -> dict[str, Any]:
    return {
        "name": "VitalMint ConsentRegistry",
        "version": "1",
        "chainId": 1337,
        "verifyingContract": registry.address,
    }


def _sign(
    name: str,
    types: list[dict[str, str]],
    message: dict[str, Any],
    signer: LocalAccount,
    domain: dict[str, Any],
) -> bytes:
    signed = Account.sign_typed_data(
        signer.private_key, domain_data=domain, message_types={name: types}, message_data=message
    )
    return bytes(signed.signature)
