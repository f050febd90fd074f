"""Keyed fingerprints: they recognise a reading again and tell nobody what it was."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

SIZE = 16


def keyed(fingerprints: Iterable[bytes], key: bytes) -> tuple[bytes, ...]:
    """HMAC-SHA256 of each, cut to 128 bits, sorted and without repeats."""
    keyed_once = HMAC(key, SHA256())

    def one(fingerprint: bytes) -> bytes:
        mac = keyed_once.copy()
        mac.update(fingerprint)
        return mac.finalize()[:SIZE]

    return tuple(sorted({one(fingerprint) for fingerprint in fingerprints}))
