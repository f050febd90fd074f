"""The Merkle-Patricia root that commits to a list: of a block's transactions, or its receipts."""

from collections.abc import Sequence

from backend.crypto import rlp
from backend.crypto.keccak import keccak

EMPTY_ROOT = keccak(b"\x80")

_Entry = tuple[tuple[int, ...], bytes]


def ordered_root(values: Sequence[bytes]) -> bytes:
    """The root of the trie that holds `values[n]` under the key `rlp(n)`."""
    if not values:
        return EMPTY_ROOT
    entries = [(_nibbles(rlp.encode(at)), value) for at, value in enumerate(values)]
    return keccak(rlp.encode(_node(sorted(entries), 0)))


def _node(entries: list[_Entry], depth: int) -> rlp.Item:
    """The node over `entries`, which are sorted and share their first `depth` nibbles."""
    first = entries[0][0]
    if len(entries) == 1:
        return [_compact(first[depth:], leaf=True), entries[0][1]]
    shared = depth
    while first[shared] == entries[-1][0][shared]:
        shared += 1
    if shared > depth:
        return [_compact(first[depth:shared], leaf=False), _reference(entries, shared)]
    branches: list[rlp.Item] = []
    for nibble in range(16):
        below = [entry for entry in entries if entry[0][depth] == nibble]
        branches.append(_reference(below, depth + 1) if below else b"")
    return [*branches, b""]


def _reference(entries: list[_Entry], depth: int) -> rlp.Item:
    """A node of 32 bytes or more is named by its hash; a smaller one stands there itself."""
    node = _node(entries, depth)
    encoded = rlp.encode(node)
    return node if len(encoded) < 32 else keccak(encoded)


def _compact(nibbles: tuple[int, ...], *, leaf: bool) -> bytes:
    """Hex-prefix encoding: flags for leaf and odd length, then the nibbles."""
    flag = 2 * leaf + len(nibbles) % 2
    padded = (flag, *nibbles) if len(nibbles) % 2 else (flag, 0, *nibbles)
    return bytes(high * 16 + low for high, low in zip(padded[::2], padded[1::2], strict=True))


def _nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(part for byte in key for part in (byte >> 4, byte & 15))
