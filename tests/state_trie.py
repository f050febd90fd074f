"""Builds Merkle-Patricia tries and their proofs, as a node does: plain, for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.crypto import rlp
from backend.crypto.keccak import keccak


@dataclass(frozen=True)
class Node:
    """A built node: `path` is what a leaf or extension skips, `below` what hangs on it."""

    item: rlp.Item
    path: str
    below: Mapping[str, "Node"]

    @property
    def encoded(self) -> bytes:
        return rlp.encode(self.item)

    @property
    def reference(self) -> rlp.Item:
        """How its parent names it."""
        return self.item if len(self.encoded) < 32 else keccak(self.encoded)


class Trie:
    """A trie over hashed keys that never changes."""

    def __init__(self, items: Mapping[bytes, bytes]) -> None:
        """`items` by their keys as they are; a value is its own encoding."""
        entries = sorted((keccak(key).hex(), value) for key, value in items.items())
        self._top = _build(entries) if entries else None

    @property
    def root(self) -> bytes:
        return keccak(b"\x80" if self._top is None else self._top.encoded)

    def proof(self, key: bytes) -> tuple[bytes, ...]:
        """The nodes from the root towards `key`, whether or not it is there."""
        path, node = keccak(key).hex(), self._top
        nodes: list[bytes] = []
        while node is not None:
            if not nodes or len(node.encoded) >= 32:
                nodes.append(node.encoded)
            if not path.startswith(node.path):
                break
            path = path[len(node.path) :]
            step = path[:1] if len(node.below) > 1 or "" not in node.below else ""
            path, node = path[len(step) :], node.below.get(step)
        return tuple(nodes)


def _build(entries: Sequence[tuple[str, bytes]]) -> Node:
    """The node over sorted entries of (what is left of the key, value)."""
    first, last = entries[0][0], entries[-1][0]
    if len(entries) == 1:
        return Node([_compact(first, 2), entries[0][1]], first, {})
    shared = 0
    while first[shared] == last[shared]:
        shared += 1
    if shared:
        child = _build([(path[shared:], value) for path, value in entries])
        item: rlp.Item = [_compact(first[:shared], 0), child.reference]
        return Node(item, first[:shared], {"": child})
    below = {
        digit: _build([(path[1:], value) for path, value in entries if path[0] == digit])
        for digit in sorted({path[0] for path, _ in entries})
    }
    branches: list[rlp.Item] = [
        below[digit].reference if digit in below else b"" for digit in "0123456789abcdef"
    ]
    return Node([*branches, b""], "", below)


def _compact(path: str, flag: int) -> bytes:
    odd = len(path) % 2
    return bytes.fromhex(f"{flag + odd}{'' if odd else '0'}{path}")
