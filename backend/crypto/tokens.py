"""Tokens: only their hash is ever stored."""

import hashlib


def token_hash(token: str) -> str:
    """SHA-256 in hexadecimal; enough for tokens with 128 bits or more of randomness."""
    return hashlib.sha256(token.encode()).hexdigest()
