"""The relayer's transactions: stored before they are sent, followed, replaced, never doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.domain.consent import Kind
from backend.domain.errors import (
    AlreadyRegistered,
    ChainUnavailable,
    ConsentNotInForceOnChain,
    DailyCapReached,
)
from backend.domain.identifiers import ContentDigest
from backend.domain.transaction import Call, Fees, Transaction, TxPurpose, TxStatus
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.relay_transactions import (
    MOST_OVERPAID,
    refusal,
    send_again,
    settle,
    settle_all,
    submit,
)
from backend.use_cases.relayer_state import relayer_state
from tests.chain_fixture import FakeNetwork
from tests.fakes.chain import FakeChain
from tests.relaying import Service, fresh_id, service_on
from tests.signing import Contributor, send, some_digest


def register(
    service: Service,
    somebody: Contributor,
    *,
    subject: str | None = None,
    digest: ContentDigest | None = None,
    quality: int = 100,
) -> Transaction:
    """Relay one registration."""
    wanted = digest or some_digest()
    return submit(
        TxPurpose.REGISTER,
        subject or fresh_id(),
        lambda: service.ports.chain.register_call(wanted, Kind.CGM, somebody.wallet, quality),
        ports=service.ports,
    )


def consenting(service: Service) -> Contributor:
    somebody = Contributor()
    somebody.consent(service.network)
    return somebody


def stored(service: Service, transaction: Transaction) -> Transaction:
    with service.ports.database.read() as unit:
        found = unit.transactions.by_id(transaction.id)
    assert found is not None
    return found


def settled(service: Service, transaction: Transaction) -> Transaction:
    """Mine, and settle."""
    service.network.mine(2)
    return settle(stored(service, transaction), ports=service.ports)


def test_a_transaction_is_sent_and_confirmed_at_its_depth(service: Service) -> None:
    transaction = register(service, consenting(service))
    assert stored(service, transaction).status is TxStatus.SENT
    assert settle(transaction, ports=service.ports).status is TxStatus.SENT
    done = settled(service, transaction)
    assert done.status is TxStatus.CONFIRMED
    assert done.confirmed_hash == done.versions[0].hash
    block = service.ports.history.block(done.block_number or -1)
    assert block is not None and block.hash == done.block_hash


def test_the_same_subject_is_never_sent_twice_while_it_is_under_way(service: Service) -> None:
    somebody, subject = consenting(service), fresh_id()
    service.network.stop_mining()
    one = register(service, somebody, subject=subject)
    two = register(service, somebody, subject=subject)
    assert (one.id, one.nonce) == (two.id, two.nonce)
    service.network.start_mining()


def test_a_refused_call_allocates_nothing(service: Service) -> None:
    with pytest.raises(ConsentNotInForceOnChain):
        register(service, Contributor())
    assert service.under_way() == []


def test_what_cannot_be_written_with_it_allocates_nothing(service: Service) -> None:
    somebody = consenting(service)

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
    assert register(service, somebody).nonce == nonce


def test_a_mined_refusal_is_settled_with_its_reason(service: Service) -> None:
    somebody, digest = consenting(service), some_digest()
    service.network.stop_mining()
    one = register(service, somebody, digest=digest)
    two = register(service, somebody, digest=digest)
    service.network.start_mining()
    assert settled(service, one).status is TxStatus.CONFIRMED
    refused = settled(service, two)
    assert refused.status is TxStatus.REVERTED
    assert isinstance(refusal(refused, ports=service.ports), AlreadyRegistered)


def test_settling_queues_the_job_that_goes_on(service: Service) -> None:
    transaction = register(service, consenting(service), subject="a" * 32)
    settled(service, transaction)
    assert [(job.name, job.key) for job in service.unfinished()] == [
        ("anchor_contribution", "a" * 32)
    ]


def at_once(count: int, relay: Callable[[], Transaction]) -> list[Transaction]:
    """Relay from that many threads."""
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(relay) for _ in range(count)]]


def all_confirm(service: Service, transactions: list[Transaction]) -> bool:
    for _ in range(5):
        settle_all(ports=service.ports)
        service.network.mine(2)
    assert settle_all(ports=service.ports) == 0
    return {stored(service, each).status for each in transactions} == {TxStatus.CONFIRMED}


def test_twenty_at_once_get_twenty_nonces_and_all_confirm(service: Service) -> None:
    somebody = consenting(service)
    transactions = at_once(20, lambda: register(service, somebody))
    nonces = sorted(transaction.nonce for transaction in transactions)
    assert nonces == list(range(nonces[0], nonces[0] + 20))
    assert all_confirm(service, transactions)


def test_no_nonce_races_on_either_database(
    fake_network: FakeNetwork, database_url: str, tmp_path: Path
) -> None:
    with service_on(fake_network, database_url, tmp_path) as service:
        somebody = consenting(service)
        transactions = at_once(12, lambda: register(service, somebody))
        nonces = sorted(transaction.nonce for transaction in transactions)
        assert nonces == list(range(nonces[0], nonces[0] + 12))
        assert all_confirm(service, transactions)


def test_the_same_subject_from_everywhere_is_one_transaction_on_either_database(
    fake_network: FakeNetwork, database_url: str, tmp_path: Path
) -> None:
    with service_on(fake_network, database_url, tmp_path) as service:
        somebody = consenting(service)
        fake_network.stop_mining()
        subject = fresh_id()
        transactions = at_once(12, lambda: register(service, somebody, subject=subject))
        assert len({transaction.id for transaction in transactions}) == 1
        assert len(service.under_way()) == 1


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
    replaced = settle(stored(service, first), ports=service.ports)
    old, new = stored(service, first).versions
    assert replaced.versions[-1] == new and replaced.nonce == first.nonce
    assert new.fees.max_fee * 10 >= old.fees.max_fee * 11
    assert new.fees.priority_fee * 10 >= old.fees.priority_fee * 11
    service.network.start_mining()
    done = settled(service, first)
    assert (done.status, done.confirmed_hash) == (TxStatus.CONFIRMED, new.hash)
    assert service.ports.chain.consent_of(somebody.wallet) is not None


def test_an_earlier_version_may_confirm_as_well(service: Service) -> None:
    first = register(service, consenting(service))
    with service.ports.database.write() as unit:
        later = service.ports.chain.sign(
            first.call, nonce=first.nonce, fees=first.versions[0].fees.bumped()
        )
        unit.transactions.add_version(first.id, later)
    done = settled(service, first)
    assert (done.status, done.confirmed_hash) == (TxStatus.CONFIRMED, first.versions[0].hash)


def test_fees_are_not_raised_without_end_while_the_chain_stands_still(
    fake_service: Service,
) -> None:
    somebody = consenting(fake_service)
    fake_service.network.stop_mining()
    transaction = register(fake_service, somebody)
    for _ in range(60):
        fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
        settle(stored(fake_service, transaction), ports=fake_service.ports)
    newest = stored(fake_service, transaction).versions[-1]
    suggested = fake_service.ports.chain.suggested_fees()
    assert newest.fees.max_fee <= MOST_OVERPAID * suggested.max_fee


def test_fees_below_a_risen_base_fee_are_raised_to_it(fake_service: Service) -> None:
    somebody = consenting(fake_service)
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake_service.network.stop_mining()
    waiting = register(fake_service, somebody)
    fake.base_fee = 50 * 10**9
    fake_service.network.start_mining()
    fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
    settle(waiting, ports=fake_service.ports)
    assert stored(fake_service, waiting).versions[-1].fees.max_fee >= fake.base_fee
    assert settled(fake_service, waiting).status is TxStatus.CONFIRMED


def test_a_later_nonce_is_not_replaced_while_an_earlier_one_is_missing(
    fake_service: Service,
) -> None:
    somebody = consenting(fake_service)
    fake_service.network.stop_mining()
    earlier, later = register(fake_service, somebody), register(fake_service, somebody)
    fake_service.network.clock.advance(fake_service.ports.policy.stuck_after_s + 1)
    settle(later, ports=fake_service.ports)
    assert len(stored(fake_service, later).versions) == 1
    settle(earlier, ports=fake_service.ports)
    assert len(stored(fake_service, earlier).versions) == 2


def test_what_was_stored_and_never_sent_fills_its_nonce_later(service: Service) -> None:
    somebody = consenting(service)
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
    later = register(service, somebody)
    assert later.nonce == lost.nonce + 1
    settle_all(ports=service.ports)
    service.network.start_mining()
    service.network.mine(2)
    assert settle_all(ports=service.ports) == 0
    assert stored(service, lost).status is TxStatus.CONFIRMED
    assert stored(service, later).status is TxStatus.CONFIRMED


def test_a_stored_transaction_that_would_be_refused_by_now_still_uses_its_nonce(
    fake_service: Service,
) -> None:
    somebody = consenting(fake_service)
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    call = fake.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)

    def prepare() -> Call:
        fake_service.network.revoke_directly(somebody.key)
        return call

    transaction = submit(TxPurpose.REGISTER, "late", prepare, ports=fake_service.ports)
    done = settled(fake_service, transaction)
    assert done.status is TxStatus.REVERTED
    assert isinstance(refusal(done, ports=fake_service.ports), ConsentNotInForceOnChain)
    other = consenting(fake_service)
    assert settled(fake_service, register(fake_service, other)).status is TxStatus.CONFIRMED


def test_a_node_that_is_down_leaves_it_stored_and_sent_later(fake_service: Service) -> None:
    somebody = consenting(fake_service)
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.ether = 0
    transaction = register(fake_service, somebody)
    assert stored(fake_service, transaction).status is TxStatus.PREPARED
    fake.ether = 10**18
    assert settle(transaction, ports=fake_service.ports).status is TxStatus.SENT
    assert settled(fake_service, transaction).status is TxStatus.CONFIRMED


def test_a_node_that_is_down_before_anything_is_stored_is_an_error(fake_service: Service) -> None:
    somebody = consenting(fake_service)
    fake_service.ports.chain.down = True  # type: ignore[attr-defined]
    with pytest.raises(ChainUnavailable):
        register(fake_service, somebody)
    assert fake_service.under_way() == []


def test_what_a_reorganisation_dropped_is_sent_again(service: Service) -> None:
    somebody = consenting(service)
    mark = service.network.mark()
    transaction = register(service, somebody)
    service.network.reorganise(mark)
    assert settle(stored(service, transaction), ports=service.ports).status is TxStatus.SENT
    send_again(ports=service.ports)
    assert settled(service, transaction).status is TxStatus.CONFIRMED


def test_a_nonce_taken_by_something_else_ends_it_without_a_block(service: Service) -> None:
    somebody = consenting(service)
    service.network.stop_mining()
    transaction = register(service, somebody)
    fees = transaction.versions[0].fees
    tripled = Fees(3 * fees.max_fee, 3 * fees.priority_fee)
    chain = service.ports.chain
    other = chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 100)
    chain.broadcast(chain.sign(other, nonce=transaction.nonce, fees=tripled))
    service.network.start_mining()
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)
    ended = settle(stored(service, transaction), ports=service.ports)
    assert ended.status is TxStatus.DISPLACED
    assert "nothing else may send" in refusal(ended, ports=service.ports).message


def test_the_relayer_state_tells_balance_and_backlog(service: Service) -> None:
    somebody = consenting(service)
    register(service, somebody)
    state = relayer_state(ports=service.ports)
    assert state.relayer == service.ports.chain.relayer
    assert state.balance_wei == service.ports.chain.relayer_balance()
    assert (state.unsettled, state.low) == (1, False)
    needy = service.with_policy(low_balance_wei=state.balance_wei + 1)
    assert relayer_state(ports=needy.ports).low


def test_the_transactions_of_an_earlier_recorder_are_still_sent_and_settled(
    fake_service: Service,
) -> None:
    somebody = consenting(fake_service)
    fake_service.network.stop_mining()
    transaction = register(fake_service, somebody)
    fake_service.ports.chain.relayer = somebody.wallet  # type: ignore[misc]
    fake_service.network.clock.advance(86_400)
    settle(stored(fake_service, transaction), ports=fake_service.ports)
    assert len(stored(fake_service, transaction).versions) == 1
    fake_service.network.start_mining()
    assert settled(fake_service, transaction).status is TxStatus.CONFIRMED


def test_sending_past_the_service_shifts_its_next_nonce(service: Service) -> None:
    somebody = consenting(service)
    first = register(service, somebody)
    call = service.ports.chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)
    send(service.network, call)
    assert register(service, somebody).nonce == first.nonce + 2
