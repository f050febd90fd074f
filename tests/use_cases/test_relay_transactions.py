"""The relayer's transactions: stored before they are sent, followed, settled with their reason."""

import pytest

from backend.domain.consent import Kind
from backend.domain.errors import (
    AlreadyRegistered,
    ChainUnavailable,
    ConsentNotInForceOnChain,
    DailyCapReached,
)
from backend.domain.transaction import Call, Transaction, TxPurpose, TxStatus
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.relay_transactions import (
    refusal,
    settle,
    settle_all,
    submit,
)
from backend.use_cases.relayer_state import relayer_state
from tests.fakes.chain import FakeChain
from tests.relaying import Service, fresh_id
from tests.signing import Contributor, send, some_digest


def test_a_transaction_is_sent_and_confirmed_at_its_depth(service: Service) -> None:
    transaction = service.relay(service.consenting())
    assert service.stored(transaction).status is TxStatus.SENT
    assert settle(transaction, ports=service.ports).status is TxStatus.SENT
    done = service.settled(transaction)
    assert done.status is TxStatus.CONFIRMED
    assert done.confirmed_hash == done.versions[0].hash
    block = service.ports.history.block(done.block_number or -1)
    assert block is not None and block.hash == done.block_hash


def test_the_same_subject_is_never_sent_twice_while_it_is_under_way(service: Service) -> None:
    somebody, subject = service.consenting(), fresh_id()
    service.network.stop_mining()
    one = service.relay(somebody, subject=subject)
    two = service.relay(somebody, subject=subject)
    assert (one.id, one.nonce) == (two.id, two.nonce)
    service.network.start_mining()


def test_a_refused_call_allocates_nothing(service: Service) -> None:
    with pytest.raises(ConsentNotInForceOnChain):
        service.relay(Contributor())
    assert service.under_way() == []


def test_what_cannot_be_written_with_it_allocates_nothing(service: Service) -> None:
    somebody = service.consenting()

    def refuse(unit: UnitOfWork, transaction: Transaction) -> None:
        raise DailyCapReached("whatever")

    with pytest.raises(DailyCapReached):
        submit(
            TxPurpose.REGISTER,
            "subject",
            lambda: service.ports.chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1),
            ports=service.ports,
            also=refuse,
        )
    assert service.under_way() == []
    nonce = service.ports.chain.next_nonce()
    assert service.relay(somebody).nonce == nonce


def test_a_mined_refusal_is_settled_with_its_reason(service: Service) -> None:
    somebody, digest = service.consenting(), some_digest()
    service.network.stop_mining()
    one = service.relay(somebody, digest=digest)
    two = service.relay(somebody, digest=digest)
    service.network.start_mining()
    assert service.settled(one).status is TxStatus.CONFIRMED
    refused = service.settled(two)
    assert refused.status is TxStatus.REVERTED
    assert isinstance(refusal(refused, ports=service.ports), AlreadyRegistered)


def test_settling_queues_the_job_that_goes_on(service: Service) -> None:
    transaction = service.relay(service.consenting(), subject="a" * 32)
    service.settled(transaction)
    assert [(job.name, job.key) for job in service.unfinished()] == [
        ("anchor_contribution", "a" * 32)
    ]


def test_what_was_stored_and_never_sent_fills_its_nonce_later(service: Service) -> None:
    somebody = service.consenting()
    call = service.ports.chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)
    with service.ports.database.write() as unit:  # as a kill before broadcasting leaves it
        lost = unit.transactions.allocate(
            fresh_id(),  # type: ignore[arg-type]
            signer=service.ports.chain.relayer,
            chain_nonce=service.ports.chain.next_nonce(),
            purpose=TxPurpose.REGISTER,
            subject="lost",
            call=call,
            now=service.ports.clock.now(),
        )
    service.network.stop_mining()
    later = service.relay(somebody)
    assert later.nonce == lost.nonce + 1
    settle_all(ports=service.ports)
    service.network.start_mining()
    service.network.mine(2)
    assert settle_all(ports=service.ports) == 0
    assert service.stored(lost).status is TxStatus.CONFIRMED
    assert service.stored(later).status is TxStatus.CONFIRMED


def test_a_stored_transaction_that_would_be_refused_by_now_still_uses_its_nonce(
    fake_service: Service,
) -> None:
    somebody = fake_service.consenting()
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    call = fake.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)

    def prepare() -> Call:
        fake_service.network.revoke_directly(somebody.key)
        return call

    transaction = submit(TxPurpose.REGISTER, "late", prepare, ports=fake_service.ports)
    done = fake_service.settled(transaction)
    assert done.status is TxStatus.REVERTED
    assert isinstance(refusal(done, ports=fake_service.ports), ConsentNotInForceOnChain)
    other = fake_service.consenting()
    assert fake_service.settled(fake_service.relay(other)).status is TxStatus.CONFIRMED


def test_a_node_that_is_down_leaves_it_stored_and_sent_later(fake_service: Service) -> None:
    somebody = fake_service.consenting()
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.ether = 0
    transaction = fake_service.relay(somebody)
    assert fake_service.stored(transaction).status is TxStatus.PREPARED
    fake.ether = 10**18
    assert settle(transaction, ports=fake_service.ports).status is TxStatus.SENT
    assert fake_service.settled(transaction).status is TxStatus.CONFIRMED


def test_a_node_that_is_down_before_anything_is_stored_is_an_error(fake_service: Service) -> None:
    somebody = fake_service.consenting()
    fake_service.ports.chain.down = True  # type: ignore[attr-defined]
    with pytest.raises(ChainUnavailable):
        fake_service.relay(somebody)
    assert fake_service.under_way() == []


def test_the_relayer_state_tells_balance_and_backlog(service: Service) -> None:
    somebody = service.consenting()
    service.relay(somebody)
    state = relayer_state(ports=service.ports)
    assert state.relayer == service.ports.chain.relayer
    assert state.balance_wei == service.ports.chain.relayer_balance()
    assert (state.unsettled, state.low) == (1, False)
    needy = service.with_policy(low_balance_wei=state.balance_wei + 1)
    assert relayer_state(ports=needy.ports).low


def test_sending_past_the_service_shifts_its_next_nonce(service: Service) -> None:
    somebody = service.consenting()
    first = service.relay(somebody)
    call = service.ports.chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)
    send(service.network, call)
    assert service.relay(somebody).nonce == first.nonce + 2
