"""Keyed fingerprints: they recognise a reading again and tell nobody what it was."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

SIZE = 16


def keyed(fingerprints: Iterable[bytes], key: bytes) -> tuple[bytes, ...]:
    """HMAC-SHA256 of each, cut to 128 bits, sorted and without repeats."""
    return tuple(sorted({hmac.digest(key, one, sha256)[:SIZE] for one in fingerprints}))
