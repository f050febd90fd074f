"""Keccak-256, the hash of Ethereum (not the SHA-3 of the standard)."""

from eth_hash.auto import keccak as _keccak


def keccak(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of `data`."""
    return _keccak(data)
