"""EIP-712 messages of the consent registry: built, signed, and their signer recovered."""

from typing import Any

from backend.domain.consent import ConsentGrant, ConsentRevocation
from backend.domain.errors import ConsentSignerMismatch
from backend.domain.identifiers import WalletAddress, wallet_address

TypedData = dict[str, Any]

SIGNATURE_BYTES = 65

_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_CONSENT = [
    {"name": "contributor", "type": "address"},
    {"name": "kinds", "type": "uint8"},
    {"name": "purposes", "type": "uint8"},
    {"name": "custodial", "type": "bool"},
    {"name": "expiresAt", "type": "uint48"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint48"},
]
_REVOCATION = [
    {"name": "contributor", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint48"},
]


def consent_typed_data(grant: ConsentGrant, *, chain_id: int, registry: WalletAddress) -> TypedData:
    """The message a wallet shows and signs to grant a consent."""
    message = {
        "contributor": grant.contributor,
        "kinds": grant.kind_mask,
        "purposes": int(grant.purposes),
        "custodial": grant.custodial,
        "expiresAt": int(grant.expires_at.timestamp()),
        "nonce": grant.nonce,
        "deadline": int(grant.deadline.timestamp()),
    }
    return _typed("Consent", _CONSENT, message, chain_id, registry)


def revocation_typed_data(
    revocation: ConsentRevocation, *, chain_id: int, registry: WalletAddress
) -> TypedData:
    """The message a wallet shows and signs to take its consent back."""
    message = {
        "contributor": revocation.contributor,
        "nonce": revocation.nonce,
        "deadline": int(revocation.deadline.timestamp()),
    }
    return _typed("Revocation", _REVOCATION, message, chain_id, registry)


def sign_typed_data(typed: TypedData, private_key: bytes) -> bytes:
    """65 bytes r | s | v by the wallet of `private_key`."""
    from eth_account import Account

    signed = Account.sign_typed_data(private_key, full_message=typed)
    return bytes(signed.signature)


def recover_signer(typed: TypedData, signature: bytes) -> WalletAddress:
    """The wallet that signed, or `ConsentSignerMismatch` for bytes that are no signature."""
    from eth_account import Account
    from eth_account.messages import encode_typed_data
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    refusal = ConsentSignerMismatch(
        "the signature is not one of a wallet over this message: sign it again"
    )
    if len(signature) != SIGNATURE_BYTES:
        raise refusal
    try:
        signer = Account.recover_message(encode_typed_data(full_message=typed), signature=signature)
    except (BadSignature, ValidationError, ValueError) as error:
        raise refusal from error
    return wallet_address(signer)


def _typed(
    name: str,
    fields: list[dict[str, str]],
    message: dict[str, Any],
    chain_id: int,
    registry: WalletAddress,
) -> TypedData:
    return {
        "types": {"EIP712Domain": _DOMAIN, name: fields},
        "primaryType": name,
        "domain": {
            "name": "VitalMint ConsentRegistry",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": registry,
        },
        "message": message,
    }
