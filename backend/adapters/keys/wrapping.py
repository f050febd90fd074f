"""A key under another key: AES-256-GCM with a random nonce, bound to what the key is for."""

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
MASTER_ID_BYTES = 16
_NONCE_BYTES = 12
_FINGERPRINT_BYTES = 12


class WrapBroken(Exception):
    """The wrapped bytes do not open under this master key for this use."""


class MasterUnknown(Exception):
    """No master key of this id is here."""


class LocalMasterKey:
    """A master key in this process's memory."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes, context: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
        """nonce ‖ ciphertext ‖ tag. A random nonce is good for 2³² wraps of one master."""
        nonce = random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key, or `WrapBroken`."""
        if len(wrapped) != _NONCE_BYTES + KEY_BYTES + 16:
            raise WrapBroken
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except InvalidTag as error:
            raise WrapBroken from error


def master_id(generation: int, key: bytes) -> bytes:
    """16 bytes: the generation, so that ids sort by age, and a fingerprint of the key."""
    digest = hashlib.sha256(b"VitalMint master key id\0" + key).digest()
    return generation.to_bytes(4, "big") + digest[:_FINGERPRINT_BYTES]
