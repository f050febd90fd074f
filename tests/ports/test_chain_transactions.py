"""Sending and following transactions through the Chain port, on the fake and on Ganache."""

from dataclasses import replace

import pytest

from backend.domain.chain_events import (
    ConsentGranted,
    ConsentRevoked,
    ContributionErased,
    ContributionRegistered,
    TokensMoved,
)
from backend.domain.consent import Kind
from backend.domain.errors import AlreadyRegistered, ConsentNonceMismatch
from backend.domain.identifiers import TxHash
from tests.networks import Network
from tests.signing import Contributor, send, some_digest


def test_a_transaction_that_was_never_sent_has_no_confirmation(network: Network) -> None:
    assert network.chain.confirmation(TxHash("0x" + "77" * 32)) is None


def test_a_confirmation_deepens_with_every_block(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    sent = send(network, network.chain.grant_call(grant, somebody.sign(network, grant)))
    first = network.chain.confirmation(sent.hash)
    network.mine(2)
    later = network.chain.confirmation(sent.hash)
    assert first is not None and later is not None
    assert (first.depth, later.depth) == (1, 3)
    assert first == replace(later, depth=1)
    block = network.history.block(first.block_number)
    assert block is not None and (block.hash, block.time) == (first.block_hash, first.block_time)


def test_a_signature_is_the_same_each_time_and_names_its_hash(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    call = network.chain.grant_call(grant, somebody.sign(network, grant))
    fees = network.chain.suggested_fees()
    one = network.chain.sign(call, nonce=5, fees=fees)
    two = network.chain.sign(call, nonce=5, fees=fees)
    assert (one.hash, one.raw) == (two.hash, two.raw)
    assert network.chain.sign(call, nonce=6, fees=fees).hash != one.hash


def test_sending_again_what_is_mined_or_waiting_changes_nothing(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    network.stop_mining()
    digest = some_digest()
    call = network.chain.register_call(digest, Kind.CGM, somebody.wallet, 10_000)
    sent = send(network, call)
    network.chain.broadcast(sent)
    network.start_mining()
    network.chain.broadcast(sent)
    network.mine()
    confirmation = network.chain.confirmation(sent.hash)
    assert confirmation is not None and confirmation.succeeded
    assert network.chain.balance_of(somebody.wallet) == network.chain.schedule().rates[Kind.CGM]


def test_a_replacement_with_higher_fees_takes_the_place_of_the_first(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    call = network.chain.grant_call(grant, somebody.sign(network, grant))
    network.stop_mining()
    nonce, fees = network.chain.next_nonce(), network.chain.suggested_fees()
    first = network.chain.sign(call, nonce=nonce, fees=fees)
    second = network.chain.sign(call, nonce=nonce, fees=fees.bumped())
    network.chain.broadcast(first)
    network.chain.broadcast(second)
    network.start_mining()
    assert network.chain.confirmation(first.hash) is None
    confirmation = network.chain.confirmation(second.hash)
    assert confirmation is not None and confirmation.succeeded
    network.chain.broadcast(first)
    assert network.chain.next_nonce() == nonce + 1


def test_a_later_nonce_waits_for_the_earlier_one(network: Network) -> None:
    one, two = Contributor(), Contributor()
    calls = []
    for person in (one, two):
        grant = person.grant(network)
        calls.append(network.chain.grant_call(grant, person.sign(network, grant)))
    nonce, fees = network.chain.next_nonce(), network.chain.suggested_fees()
    later = network.chain.sign(calls[1], nonce=nonce + 1, fees=fees)
    network.stop_mining()
    network.chain.broadcast(later)
    network.mine()
    assert network.chain.confirmation(later.hash) is None
    network.chain.broadcast(network.chain.sign(calls[0], nonce=nonce, fees=fees))
    network.mine()
    assert network.chain.confirmation(later.hash) is not None


def test_a_reorganised_transaction_is_not_confirmed_until_it_is_sent_again(
    network: Network,
) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    mark = network.mark()
    sent = send(network, network.chain.grant_call(grant, somebody.sign(network, grant)))
    network.mine()
    network.reorganise(mark)
    assert network.chain.confirmation(sent.hash) is None
    network.chain.broadcast(sent)
    assert network.chain.confirmation(sent.hash) is not None


def test_a_refused_transaction_tells_why(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    call = network.chain.grant_call(grant, somebody.sign(network, grant))
    send(network, call)
    again = send(network, call)
    confirmation = network.chain.confirmation(again.hash)
    assert confirmation is not None and not confirmation.succeeded
    reason = network.chain.revert_reason(again.hash)
    assert isinstance(reason, ConsentNonceMismatch)
    assert network.chain.registered_in(again.hash) is None


def test_of_two_registrations_in_one_block_the_second_tells_why(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    call = network.chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)
    network.stop_mining()
    nonce, fees = network.chain.next_nonce(), network.chain.suggested_fees()
    both = [network.chain.sign(call, nonce=nonce + step, fees=fees) for step in (0, 1)]
    for signed in both:
        network.chain.broadcast(signed)
    network.start_mining()
    first, second = (network.chain.confirmation(signed.hash) for signed in both)
    assert first is not None and second is not None
    assert (first.block_hash, first.succeeded) == (second.block_hash, True)
    assert isinstance(network.chain.revert_reason(both[1].hash), AlreadyRegistered)


def test_the_suggested_fees_are_enough(network: Network) -> None:
    fees = network.chain.suggested_fees()
    assert fees.max_fee > fees.priority_fee > 0
    assert network.chain.relayer_balance() > 0


def test_events_come_in_the_order_in_which_they_happened(network: Network) -> None:
    first = network.history.head().number + 1
    somebody = Contributor()
    somebody.consent(network)
    digest, _ = somebody.contribute(network)
    send(network, network.chain.mark_erased_call(digest))
    network.revoke_directly(somebody.key)
    events = list(network.history.events(first, network.history.head().number))
    kinds = [type(event) for event in events]
    assert kinds == [
        ConsentGranted,
        *(sorted([TokensMoved, ContributionRegistered], key=kinds.index)),
        ContributionErased,
        ConsentRevoked,
    ]
    places = [(event.place.block_number, event.place.log_index) for event in events]
    assert places == sorted(places)
    for event in events:
        block = network.history.block(event.place.block_number)
        assert block is not None and block.hash == event.place.block_hash


def test_only_the_events_of_the_asked_blocks_come(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    height = network.history.head().number
    somebody.contribute(network)
    assert [type(event) for event in network.history.events(height, height)] == [ConsentGranted]
    assert list(network.history.events(height + 100, height + 200)) == []


def test_every_block_names_the_one_before(network: Network) -> None:
    network.mine(3)
    head = network.history.head()
    before = network.history.block(head.number - 1)
    assert before is not None and head.parent_hash == before.hash
    assert network.history.block(head.number + 1) is None
    assert network.history.first_block <= head.number


def test_a_reorganisation_shows_as_another_hash_at_the_same_height(network: Network) -> None:
    mark = network.mark()
    network.mine(2)
    undone = network.history.head()
    network.reorganise(mark)
    standing = network.history.block(undone.number)
    assert standing is not None and standing.hash != undone.hash


def test_the_nonce_of_any_account_counts_what_was_mined_of_it(network: Network) -> None:
    somebody = Contributor()
    assert network.chain.nonce_after_mined(somebody.wallet) == 0
    network.revoke_directly(somebody.key)
    assert network.chain.nonce_after_mined(somebody.wallet) == 1
    assert network.chain.nonce_after_mined(network.chain.relayer) == network.chain.next_nonce()


def test_the_recorder_is_who_relays(network: Network) -> None:
    assert network.chain.recorder() == network.chain.relayer


@pytest.mark.parametrize("blocks", [1, 2])
def test_the_nonce_goes_back_with_a_reorganisation(network: Network, blocks: int) -> None:
    somebody = Contributor()
    nonce = network.chain.next_nonce()
    mark = network.mark()
    for _ in range(blocks):
        somebody.consent(network)
    assert network.chain.next_nonce() == nonce + blocks
    network.reorganise(mark)
    assert network.chain.next_nonce() == nonce
