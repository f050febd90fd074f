"""Decoding the 32-byte words that every event of the contracts consists of, strictly."""

from collections.abc import Callable
from functools import partial
from typing import Any

WORD = 32
Reader = Callable[[bytes], Any]


class OutOfRange(Exception):
    """A word that no value of its type has."""


def reader_of(kind: str) -> Reader:
    """What reads one word as the ABI type `kind`; the contracts' events have no other types."""
    if kind == "address":
        return _address
    if kind == "bool":
        return _bool
    if kind == "bytes32":
        return bytes
    if kind.startswith("uint") and kind[4:].isdecimal():
        return partial(_uint, 1 << int(kind[4:]))
    raise ValueError(f"no event of the contracts has a field of the type {kind}")


def _uint(beyond: int, word: bytes) -> int:
    value = int.from_bytes(word, "big")
    if value >= beyond:
        raise OutOfRange
    return value


def _bool(word: bytes) -> bool:
    return _uint(2, word) == 1


def _address(word: bytes) -> str:
    if any(word[:12]):
        raise OutOfRange
    return "0x" + word[12:].hex()
