"""Proofs that an account, or a word of a contract's storage, is what a block's hash commits to.

A Merkle-Patricia proof is the path of nodes from the root to the value, or to where it would be
(Yellow Paper, appendix D; EIP-1186).
"""

from collections.abc import Sequence

from backend.crypto import rlp
from backend.crypto.keccak import keccak
from backend.crypto.ordered_trie import EMPTY_ROOT
from backend.domain.evidence import AccountProof, Address, SlotProof

WORD_BYTES = 32


class ProofBroken(ValueError):
    """The nodes do not lead from the root to any answer."""


class StateProofs:
    """Checks proofs against one state root; nodes that many share are hashed once."""

    def __init__(self, state_root: bytes) -> None:
        self._state_root = state_root
        self._nodes: dict[bytes, tuple[bytes, rlp.Item]] = {}

    def account(self, proof: AccountProof) -> bool:
        """Whether the account has exactly this nonce, balance, storage and code."""
        stated: list[rlp.Item] = [proof.nonce, proof.balance, proof.storage_root, proof.code_hash]
        found = self._value(self._state_root, keccak(proof.address), proof.nodes)
        return found == rlp.encode(stated)

    def slot(self, storage_root: bytes, proof: SlotProof) -> bool:
        """Whether the storage holds exactly this word there, 0 where it holds nothing."""
        found = self._value(storage_root, keccak(proof.slot), proof.nodes)
        return found == (rlp.encode(proof.value) if proof.value else None)

    def _value(self, root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
        """What the trie holds under `key`, or `ProofBroken`."""
        path = key.hex()
        left = list(nodes)
        at: rlp.Item = root
        if root == EMPTY_ROOT and (not left or left == [b"\x80"]):
            return None
        while True:
            node = self._node(at, left)
            if len(node) == 17:
                child, path = node[int(path[0], 16)], path[1:]
            else:
                is_leaf, shared = _compact(node[0])
                if is_leaf or not path.startswith(shared):
                    found = is_leaf and path == shared
                    return _end(left, node[1] if found else None)
                child, path = node[1], path[len(shared) :]
            if child == b"":
                return _end(left, None)
            at = child

    def _node(self, reference: rlp.Item, left: list[bytes]) -> Sequence[rlp.Item]:
        """The node behind a reference: the next of the proof by its hash, or a small one itself."""
        if isinstance(reference, bytes):
            if not left:
                raise ProofBroken("the path ends before its value")
            data = left.pop(0)
            digest, node = self._nodes.get(data) or self._keep(data)
            if digest != reference:
                raise ProofBroken("a node has another hash than the one above it names")
        else:
            node = reference
        if isinstance(node, bytes | int) or len(node) not in (2, 17):
            raise ProofBroken("a node is neither a branch nor a path")
        return node

    def _keep(self, data: bytes) -> tuple[bytes, rlp.Item]:
        try:
            kept = keccak(data), rlp.decode(data)
        except ValueError as error:
            raise ProofBroken("a node is no encoded list") from error
        self._nodes[data] = kept
        return kept


def mapping_slot(key: bytes | Address, slot: int) -> bytes:
    """Where a Solidity mapping at `slot` keeps the value of `key`."""
    return keccak(key.rjust(WORD_BYTES, b"\0") + slot.to_bytes(WORD_BYTES, "big"))


def plain_slot(slot: int) -> bytes:
    """Where a variable at `slot` lies."""
    return slot.to_bytes(WORD_BYTES, "big")


def _compact(part: rlp.Item) -> tuple[bool, str]:
    """Whether it is a leaf, and the nibbles of a path (hex-prefix encoding)."""
    if not isinstance(part, bytes) or not part or part[0] >> 4 > 3:
        raise ProofBroken("a path is malformed")
    digits = part.hex()
    return part[0] >> 4 >= 2, digits[1:] if part[0] >> 4 & 1 else digits[2:]


def _end(left: Sequence[bytes], value: rlp.Item | None) -> bytes | None:
    if left or not (value is None or isinstance(value, bytes)):
        raise ProofBroken("the path goes on behind its value")
    return value
