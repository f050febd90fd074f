"""Proofs of state: what is there, what is not, and nothing else (AUD-1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.crypto import rlp
from backend.crypto.ordered_trie import EMPTY_ROOT
from backend.crypto.state_proofs import ProofBroken, StateProofs, mapping_slot, plain_slot
from backend.domain.evidence import AccountProof, SlotProof
from tests.state_trie import Trie

WORDS = st.dictionaries(
    st.integers(0, 2**16).map(plain_slot), st.integers(1, 2**256 - 1), max_size=40
)


def storage(words: dict[bytes, int]) -> Trie:
    return Trie({slot: rlp.encode(value) for slot, value in words.items()})


def holds(trie: Trie, slot: bytes, value: int, nodes: tuple[bytes, ...] | None = None) -> bool:
    proof = SlotProof(slot, value, trie.proof(slot) if nodes is None else nodes)
    try:
        return StateProofs(EMPTY_ROOT).slot(trie.root, proof)
    except ProofBroken:
        return False


@given(WORDS, st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_every_word_is_proved_and_no_other(words: dict[bytes, int], elsewhere: int) -> None:
    trie = storage(words)
    for slot, value in words.items():
        assert holds(trie, slot, value)
        assert not holds(trie, slot, value ^ 1)
        assert not holds(trie, slot, 0)
    slot = plain_slot(elsewhere)
    assert holds(trie, slot, words.get(slot, 0))


@given(WORDS.filter(bool), st.data())
@settings(max_examples=60, deadline=None)
def test_a_proof_with_any_bit_changed_is_broken(
    words: dict[bytes, int], data: st.DataObject
) -> None:
    trie = storage(words)
    slot, value = data.draw(st.sampled_from(sorted(words.items())))
    nodes = list(trie.proof(slot))
    at = data.draw(st.integers(0, len(nodes) - 1))
    bit = data.draw(st.integers(0, 8 * len(nodes[at]) - 1))
    changed = int.from_bytes(nodes[at], "big") ^ 1 << bit
    nodes[at] = changed.to_bytes(len(nodes[at]), "big")
    assert not holds(trie, slot, value, tuple(nodes))
    assert not holds(trie, slot, 0, tuple(nodes))


def test_a_proof_that_is_cut_short_or_goes_on_is_broken() -> None:
    words = {plain_slot(number): number + 1 for number in range(100)}
    trie = storage(words)
    nodes = trie.proof(plain_slot(7))
    assert len(nodes) > 1
    assert not holds(trie, plain_slot(7), 8, nodes[:-1])
    assert not holds(trie, plain_slot(7), 0, nodes[:-1])
    assert not holds(trie, plain_slot(7), 8, (*nodes, nodes[-1]))
    assert not holds(trie, plain_slot(7), 0, ())


def test_the_proof_of_one_word_is_none_of_another() -> None:
    words = {plain_slot(number): number + 1 for number in range(100)}
    trie = storage(words)
    assert not holds(trie, plain_slot(7), 8, trie.proof(plain_slot(8)))


def test_empty_storage_holds_nothing() -> None:
    trie = storage({})
    assert trie.root == EMPTY_ROOT
    assert holds(trie, plain_slot(0), 0)
    assert holds(trie, plain_slot(0), 0, (b"\x80",))
    assert not holds(trie, plain_slot(0), 1)


def test_an_account_is_proved_whole() -> None:
    address, root, code = b"a" * 20, b"r" * 32, b"c" * 32
    state = Trie({
        address: rlp.encode([1, 0, root, code]),
        b"b" * 20: rlp.encode([5, 10**18, EMPTY_ROOT, code]),
    })  # fmt: skip
    proofs = StateProofs(state.root)
    honest = AccountProof(address, 1, 0, root, code, state.proof(address), ())
    assert proofs.account(honest)
    for wrong in (
        AccountProof(address, 2, 0, root, code, honest.nodes, ()),
        AccountProof(address, 1, 1, root, code, honest.nodes, ()),
        AccountProof(address, 1, 0, code, code, honest.nodes, ()),
        AccountProof(address, 1, 0, root, root, honest.nodes, ()),
    ):
        assert not proofs.account(wrong)


def test_slots_are_where_solidity_puts_them() -> None:
    """An example of Solidity's own manual of layout: keccak256(h(k) . p)."""
    assert mapping_slot(b"\x01", 0).hex() == (
        "ada5013122d395ba3c54772283fb069b10426056ef8ca54750cb9bb552a59e7d"
    )
    assert plain_slot(3) == bytes(31) + b"\x03"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        b"\xb8",
        b"\xc2\x80",
        b"\xf9\x01",
        b"\x80\x80",
        b"\xc1\x81",
    ],
)
def test_what_is_no_encoded_item_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        rlp.decode(data)


ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=20))


@given(ITEMS)
@settings(max_examples=100, deadline=None)
def test_what_was_encoded_is_decoded(item: rlp.Item) -> None:
    assert rlp.decode(rlp.encode(item)) == item
