"""Merkle trees as OpenZeppelin's libraries build and verify them, and the leaves of lineages.

Leaves sorted, pairs sorted, Keccak-256: the tree of `StandardMerkleTree` and of `MerkleProof.sol`.
A leaf binds chain and contract (ADR 0004) and is hashed twice, so that no inner node passes for
one.
"""

from collections.abc import Sequence

from backend.crypto.keccak import keccak
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.identifiers import ContentDigest, WalletAddress

MOST_WINDOWS = 2**32 - 1

_HASH_BYTES = 32
_LINEAGE_TYPE = keccak(b"LineageLeaf(bytes32 digest,uint8 codec,uint8 kind,uint32 windows)")


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves of 32 bytes in any order; one leaf is its own root."""
    return _tree(_sorted(leaves))[0]


def proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The siblings from `leaves[index]` up to the root."""
    if not 0 <= index < len(leaves):
        raise InvalidField("leaves", f"there is no leaf {index} among {len(leaves)}")
    ordered = _sorted(leaves)
    tree = _tree(ordered)
    at = len(tree) - 1 - ordered.index(leaves[index])
    siblings = []
    while at > 0:
        siblings.append(tree[at + 1 if at % 2 else at - 1])
        at = (at - 1) // 2
    return tuple(siblings)


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the leaf is under the root, as `MerkleProof.verify` answers."""
    for sibling in proof:
        leaf = _pair(leaf, sibling)
    return leaf == root


def lineage_leaf(
    *, chain_id: int, registry: WalletAddress, digest: ContentDigest, kind: Kind, windows: int
) -> bytes:
    """One contribution of a cohort: registered digest, kind, and how many windows learnt from."""
    if not 0 <= windows <= MOST_WINDOWS:
        raise InvalidField("windows", f"a leaf stands for 0 to {MOST_WINDOWS} windows")
    words = (
        _word(chain_id),
        bytes.fromhex(registry[2:]).rjust(32, b"\0"),
        _LINEAGE_TYPE,
        digest.sha256,
        _word(digest.codec),
        _word(kind),
        _word(windows),
    )
    return keccak(keccak(b"".join(words)))


def _sorted(leaves: Sequence[bytes]) -> list[bytes]:
    if not leaves:
        raise InvalidField("leaves", "a tree has at least one leaf")
    if any(len(leaf) != _HASH_BYTES for leaf in leaves):
        raise InvalidField("leaves", f"a leaf is a hash of {_HASH_BYTES} bytes")
    return sorted(leaves)


def _tree(ordered: list[bytes]) -> list[bytes]:
    """The nodes from the root down; the leaves stand at the end, in reverse."""
    tree = [b""] * (len(ordered) - 1) + ordered[::-1]
    for at in range(len(ordered) - 2, -1, -1):
        tree[at] = _pair(tree[2 * at + 1], tree[2 * at + 2])
    return tree


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def _word(number: int) -> bytes:
    return int(number).to_bytes(32, "big")
