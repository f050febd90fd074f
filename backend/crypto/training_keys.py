"""Ids of trainings' keys, told from those of records and accounts without any database."""

from hashlib import sha256

from backend.domain.identifiers import KeyId

RANDOM_BYTES = 10
_MARK_BYTES = 6


def training_key_id(random: bytes) -> KeyId:
    """An id of 10 fresh random bytes and the 6 that mark it."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"{RANDOM_BYTES} random bytes are wanted, not {len(random)}")
    return KeyId((random + _mark(random)).hex())


def is_training_key(key_id: KeyId) -> bool:
    """Whether this is such an id; of others, one in 2^48 is."""
    content = bytes.fromhex(key_id)
    return content[RANDOM_BYTES:] == _mark(content[:RANDOM_BYTES])


def _mark(random: bytes) -> bytes:
    return sha256(b"VitalMint training key\0" + random).digest()[:_MARK_BYTES]
