"""What a former recorder left unsettled is given up once lost, and done by the present one."""

import pytest

from backend.domain.contribution import Contribution, Status
from backend.domain.transaction import Transaction, TxPurpose, TxStatus
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from tests.fakes.chain import RELAYER, FakeChain
from tests.fakes.contracts import Revoke
from tests.relaying import Service
from tests.signing import Contributor

LOSSES = ("its nonce is spent", "its account is empty", "its fees are too low")


def fake_of(service: Service) -> FakeChain:
    assert isinstance(service.ports.chain, FakeChain)
    return service.ports.chain


def sealed(service: Service) -> Contribution:
    return service.sealed(service.account(service.consenting()))


def lose(service: Service, loss: str, row: Contribution) -> None:
    """The job sends its transaction, which is not mined; then another account is recorder."""
    fake = fake_of(service)
    service.network.stop_mining()
    if loss == "its account is empty":
        fake.emptied.add(RELAYER)
    assert service.run_one()
    if loss == "its nonce is spent":
        fake.act(Revoke(), RELAYER)
    if loss == "its fees are too low":
        fake.base_fee *= 50
    fake.hand_over(Contributor().wallet)
    service.network.start_mining()
    service.network.clock.advance(service.ports.policy.stuck_after_s + 1)


def latest(service: Service, purpose: TxPurpose, row: Contribution) -> Transaction:
    with service.ports.database.read() as unit:
        found = unit.transactions.latest(purpose, row.id)
    assert found is not None
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_a_registration_that_was_lost_is_made_by_the_present_recorder(
    fake_service: Service, loss: str
) -> None:
    row = sealed(fake_service)
    lose(fake_service, loss, row)
    lost = fake_service.transaction(row)
    fake_service.work()
    assert fake_service.stored(lost).status is TxStatus.DISPLACED
    assert len(fake_service.stored(lost).versions) == 1
    assert fake_service.row(row).status is Status.ANCHORED
    assert fake_service.transaction(row).signer == fake_service.ports.chain.relayer
    assert fake_service.dead() == []


@pytest.mark.parametrize("loss", LOSSES)
def test_an_erasure_mark_that_was_lost_is_made_by_the_present_recorder(
    fake_service: Service, loss: str
) -> None:
    row = sealed(fake_service)
    fake_service.work()
    erase_contribution(EraseContribution(row.account_id, row.id), ports=fake_service.ports)
    lose(fake_service, loss, row)
    lost = latest(fake_service, TxPurpose.MARK_ERASED, row)
    assert lost.signer == RELAYER
    fake_service.work()
    assert fake_service.stored(lost).status is TxStatus.DISPLACED
    assert fake_service.row(row).status is Status.ERASED
    registration = fake_service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased


def test_what_was_given_up_and_is_mined_all_the_same_changes_nothing(
    fake_service: Service,
) -> None:
    row = sealed(fake_service)
    lose(fake_service, "its fees are too low", row)
    lost = fake_service.transaction(row)
    fake_service.work()
    before = fake_service.row(row)
    fake_of(fake_service).base_fee = 10**9
    fake_service.network.mine(3)
    confirmation = fake_service.ports.chain.confirmation(lost.versions[0].hash)
    assert confirmation is not None and not confirmation.succeeded
    fake_service.settle_down()
    assert fake_service.row(row) == before
