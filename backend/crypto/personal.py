"""Sealing of personal columns: nonce 12 | AES-256-GCM, bound to account and column."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.domain.errors import SealBroken
from backend.domain.identifiers import AccountId


def seal_personal(
    plaintext: bytes, *, key: bytes, nonce: bytes, account_id: AccountId, column: str
) -> bytes:
    """One column's value under the account's own 32-byte key and a fresh 12-byte nonce."""
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _associated(account_id, column))


def open_personal(sealed: bytes, *, key: bytes, account_id: AccountId, column: str) -> bytes:
    """The value, or `SealBroken` when it belongs to another account, column or key."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], _associated(account_id, column))
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"column {column} of account {account_id} does not open") from error


def _associated(account_id: AccountId, column: str) -> bytes:
    return b"VitalMint personal " + bytes.fromhex(account_id) + column.encode()
