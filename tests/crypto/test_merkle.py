"""Merkle trees: OpenZeppelin's known root, full trees by their levels, and no false leaf."""

import random

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.crypto.keccak import keccak
from backend.crypto.merkle import lineage_leaf, proof, root, verify
from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.identifiers import DAG_PB, RAW, ContentDigest, wallet_address

REGISTRY = wallet_address("0x" + "11" * 20)
KNOWN_ROOT = "6deb52b5da8fd108f79fab00341f38d2587896634c646ee52e49f845680a70c8"
"""Of StandardMerkleTree over the letters a to f as strings, in OpenZeppelin's own tests."""
LETTERS = [keccak(keccak(encode(["string"], [letter]))) for letter in "abcdef"]
LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def test_the_known_root_of_openzeppelin_is_found() -> None:
    assert root(LETTERS).hex() == KNOWN_ROOT


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
def test_a_full_tree_has_the_root_of_its_levels(count: int) -> None:
    leaves = [keccak(bytes([number])) for number in range(count)]
    level = sorted(leaves)
    while len(level) > 1:
        level = [keccak(b"".join(sorted(level[at : at + 2]))) for at in range(0, len(level), 2)]
    assert root(leaves) == level[0]


@settings(max_examples=60, deadline=None)
@given(LEAVES, st.integers(0, 2**32))
def test_every_leaf_proves_itself_and_order_does_not_matter(leaves: list[bytes], seed: int) -> None:
    whole = root(leaves)
    assert all(verify(whole, leaf, proof(leaves, at)) for at, leaf in enumerate(leaves))
    shuffled = list(leaves)
    random.Random(seed).shuffle(shuffled)
    assert root(shuffled) == whole


@settings(max_examples=60, deadline=None)
@given(LEAVES, st.binary(min_size=32, max_size=32), st.data())
def test_what_is_not_under_the_root_is_not_proved(
    leaves: list[bytes], other: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    path = proof(leaves, at)
    if other != leaves[at]:
        assert not verify(root(leaves), other, path)
    changed = bytes([leaves[at][0] ^ 1]) + leaves[at][1:]
    assert root([*leaves[:at], changed, *leaves[at + 1 :]]) != root(leaves)


@pytest.mark.parametrize("leaves", [[], [b"short"], [bytes(32), bytes(33)]])
def test_leaves_that_make_no_tree_are_refused(leaves: list[bytes]) -> None:
    with pytest.raises(InvalidField):
        root(leaves)
    with pytest.raises(InvalidField):
        proof(leaves, 0)


def test_a_proof_of_a_leaf_that_is_not_there_is_refused() -> None:
    for index in (-1, len(LETTERS)):
        with pytest.raises(InvalidField):
            proof(LETTERS, index)


def leaf(**changes: object) -> bytes:
    given = {
        "chain_id": 1337,
        "registry": REGISTRY,
        "digest": ContentDigest(b"\x22" * 32, RAW),
        "kind": Kind.CGM,
        "windows": 4,
    }
    return lineage_leaf(**{**given, **changes})  # type: ignore[arg-type]


def test_a_lineage_leaf_is_the_double_hash_of_its_abi_encoding() -> None:
    kind_of_leaf = keccak(b"LineageLeaf(bytes32 digest,uint8 codec,uint8 kind,uint32 windows)")
    encoded = encode(
        ["uint256", "address", "bytes32", "bytes32", "uint8", "uint8", "uint32"],
        [1337, REGISTRY, kind_of_leaf, b"\x22" * 32, RAW, 0, 4],
    )
    assert leaf() == keccak(keccak(encoded))


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1},
        {"registry": wallet_address("0x" + "33" * 20)},
        {"digest": ContentDigest(b"\x23" * 32, RAW)},
        {"digest": ContentDigest(b"\x22" * 32, DAG_PB)},
        {"kind": Kind.VITALS},
        {"windows": 5},
    ],
)
def test_a_leaf_binds_every_field(change: dict[str, object]) -> None:
    assert leaf(**change) != leaf()


@pytest.mark.parametrize("windows", [-1, 2**32])
def test_a_leaf_of_less_than_no_windows_or_too_many_is_refused(windows: int) -> None:
    with pytest.raises(InvalidField):
        leaf(windows=windows)
