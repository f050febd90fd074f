"""Keyed fingerprints: they recognise a reading again and tell nobody what it was."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

SIZE = 16


def keyed(label: bytes, fingerprints: Iterable[bytes], key: bytes) -> tuple[bytes, ...]:
    """HMAC-SHA256 of label ‖ each, cut to 128 bits, sorted and without repeats."""
    labelled = HMAC(key, SHA256())
    labelled.update(label)

    def one(fingerprint: bytes) -> bytes:
        mac = labelled.copy()
        mac.update(fingerprint)
        return mac.finalize()[:SIZE]

    return tuple(sorted({one(fingerprint) for fingerprint in fingerprints}))
