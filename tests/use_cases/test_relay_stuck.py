"""Transactions that are not mined: replaced, sent again, or displaced, and never at any price."""

from backend.domain.consent import Kind
from backend.domain.transaction import Fees, TxPurpose, TxStatus
from backend.use_cases.relay_transactions import (
    MOST_OVERPAID,
    refusal,
    send_again,
    settle,
    submit,
)
from tests.fakes.chain import FakeChain
from tests.relaying import Service
from tests.signing import Contributor, some_digest


def test_a_stuck_transaction_is_signed_again_with_higher_fees(service: Service) -> None:
    service.network.stop_mining()
    somebody = Contributor()
    grant = somebody.grant(service.network)
    signature = somebody.sign(service.network, grant)
    first = submit(
        TxPurpose.GRANT_CONSENT,
        "subject",
        lambda: service.ports.chain.grant_call(grant, signature),
        ports=service.ports,
    )
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)
    replaced = settle(service.stored(first), ports=service.ports)
    old, new = service.stored(first).versions
    assert replaced.versions[-1] == new and replaced.nonce == first.nonce
    assert new.fees.max_fee * 10 >= old.fees.max_fee * 11
    assert new.fees.priority_fee * 10 >= old.fees.priority_fee * 11
    service.network.start_mining()
    done = service.settled(first)
    assert (done.status, done.confirmed_hash) == (TxStatus.CONFIRMED, new.hash)
    assert service.ports.chain.consent_of(somebody.wallet) is not None


def test_an_earlier_version_may_confirm_as_well(service: Service) -> None:
    first = service.relay(service.consenting())
    with service.ports.database.write() as unit:
        later = service.ports.chain.sign(
            first.call, nonce=first.nonce, fees=first.versions[0].fees.bumped()
        )
        unit.transactions.add_version(first.id, later)
    done = service.settled(first)
    assert (done.status, done.confirmed_hash) == (TxStatus.CONFIRMED, first.versions[0].hash)


def test_fees_are_not_raised_without_end_while_the_chain_stands_still(
    fake_service: Service,
) -> None:
    somebody = fake_service.consenting()
    fake_service.network.stop_mining()
    transaction = fake_service.relay(somebody)
    for _ in range(60):
        fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
        settle(fake_service.stored(transaction), ports=fake_service.ports)
    newest = fake_service.stored(transaction).versions[-1]
    suggested = fake_service.ports.chain.suggested_fees()
    assert newest.fees.max_fee <= MOST_OVERPAID * suggested.max_fee


def test_fees_below_a_risen_base_fee_are_raised_to_it(fake_service: Service) -> None:
    somebody = fake_service.consenting()
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake_service.network.stop_mining()
    waiting = fake_service.relay(somebody)
    fake.base_fee = 50 * 10**9
    fake_service.network.start_mining()
    fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
    settle(waiting, ports=fake_service.ports)
    assert fake_service.stored(waiting).versions[-1].fees.max_fee >= fake.base_fee
    assert fake_service.settled(waiting).status is TxStatus.CONFIRMED


def test_a_later_nonce_is_not_replaced_while_an_earlier_one_is_missing(
    fake_service: Service,
) -> None:
    somebody = fake_service.consenting()
    fake_service.network.stop_mining()
    earlier, later = fake_service.relay(somebody), fake_service.relay(somebody)
    fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
    settle(later, ports=fake_service.ports)
    assert len(fake_service.stored(later).versions) == 1
    settle(earlier, ports=fake_service.ports)
    assert len(fake_service.stored(earlier).versions) == 2


def test_what_a_reorganisation_dropped_is_sent_again(service: Service) -> None:
    somebody = service.consenting()
    mark = service.network.mark()
    transaction = service.relay(somebody)
    service.network.reorganise(mark)
    assert settle(service.stored(transaction), ports=service.ports).status is TxStatus.SENT
    send_again(ports=service.ports)
    assert service.settled(transaction).status is TxStatus.CONFIRMED


def test_a_nonce_taken_by_something_else_ends_it_without_a_block(service: Service) -> None:
    somebody = service.consenting()
    service.network.stop_mining()
    transaction = service.relay(somebody)
    fees = transaction.versions[0].fees
    tripled = Fees(3 * fees.max_fee, 3 * fees.priority_fee)
    chain = service.ports.chain
    other = chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 100)
    chain.broadcast(chain.sign(other, nonce=transaction.nonce, fees=tripled))
    service.network.start_mining()
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)
    ended = settle(service.stored(transaction), ports=service.ports)
    assert ended.status is TxStatus.DISPLACED
    assert "nothing else may send" in refusal(ended, ports=service.ports).message


def test_the_transactions_of_an_earlier_recorder_are_still_sent_and_settled(
    fake_service: Service,
) -> None:
    somebody = fake_service.consenting()
    fake_service.network.stop_mining()
    transaction = fake_service.relay(somebody)
    fake_service.ports.chain.relayer = somebody.wallet  # type: ignore[misc]
    fake_service.network.clock.advance(86_400)
    settle(fake_service.stored(transaction), ports=fake_service.ports)
    assert len(fake_service.stored(transaction).versions) == 1
    fake_service.network.start_mining()
    assert fake_service.settled(transaction).status is TxStatus.CONFIRMED
