"""Many at once: one nonce each, one transaction for one subject, whatever the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backend.domain.transaction import Transaction, TxStatus
from backend.use_cases.relay_transactions import (
    settle_all,
)
from tests.networks import FakeNetwork
from tests.relaying import Service, fresh_id, service_on


def at_once(count: int, relay: Callable[[], Transaction]) -> list[Transaction]:
    """Relay from that many threads."""
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(relay) for _ in range(count)]]


def all_confirm(service: Service, transactions: list[Transaction]) -> bool:
    for _ in range(5):
        settle_all(ports=service.ports)
        service.network.mine(2)
    assert settle_all(ports=service.ports) == 0
    return {service.stored(each).status for each in transactions} == {TxStatus.CONFIRMED}


def test_twenty_at_once_get_twenty_nonces_and_all_confirm(service: Service) -> None:
    somebody = service.consenting()
    # As between two blocks of a real network. Mining each transaction as it comes, Ganache 7.9.2
    # now and then leaves one in its queue for good; then it is replaced once it counts as stuck.
    service.network.stop_mining()
    transactions = at_once(20, lambda: service.relay(somebody))
    nonces = sorted(transaction.nonce for transaction in transactions)
    assert nonces == list(range(nonces[0], nonces[0] + 20))
    service.network.start_mining()
    assert all_confirm(service, transactions)


def test_no_nonce_races_on_either_database(
    fake_network: FakeNetwork, database_url: str, tmp_path: Path
) -> None:
    with service_on(fake_network, database_url, tmp_path) as service:
        somebody = service.consenting()
        transactions = at_once(12, lambda: service.relay(somebody))
        nonces = sorted(transaction.nonce for transaction in transactions)
        assert nonces == list(range(nonces[0], nonces[0] + 12))
        assert all_confirm(service, transactions)


def test_the_same_subject_from_everywhere_is_one_transaction_on_either_database(
    fake_network: FakeNetwork, database_url: str, tmp_path: Path
) -> None:
    with service_on(fake_network, database_url, tmp_path) as service:
        somebody = service.consenting()
        fake_network.stop_mining()
        subject = fresh_id()
        transactions = at_once(12, lambda: service.relay(somebody, subject=subject))
        assert len({transaction.id for transaction in transactions}) == 1
        assert len(service.under_way()) == 1
