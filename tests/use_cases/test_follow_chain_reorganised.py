"""Reorganisations: undone, sent again, and settled once more."""

from datetime import timedelta

from backend.domain.chain_events import (
    ContributionRegistered,
)
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Status
from backend.domain.transaction import TxStatus
from backend.use_cases.follow_chain import KEPT, follow_chain
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.fakes.chain import FakeChain
from tests.relaying import Service
from tests.signing import Contributor, send


def test_a_reorganisation_of_two_blocks_ends_in_resubmission(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    service.catch_up()
    mark = service.network.mark()
    service.work()
    anchored, before = service.row(row), service.transaction(row)
    assert anchored.status is Status.ANCHORED
    service.catch_up()
    service.network.reorganise(mark)
    assert service.ports.chain.registration_of(row.digest) is None
    assert follow_chain(ports=service.ports)
    undone = service.row(row)
    assert (undone.status, undone.anchored_at, undone.reward) == (Status.SUBMITTED, None, None)
    service.settle_down()
    again, after = service.row(row), service.transaction(row)
    assert again.status is Status.ANCHORED
    assert again.reward == anchored.reward == service.ports.chain.balance_of(somebody.wallet)
    assert (after.id, after.status) == (before.id, TxStatus.CONFIRMED)
    assert after.block_hash != before.block_hash
    assert registrations(service) == 1


def registrations(service: Service) -> int:
    history = service.ports.history
    events = history.events(history.first_block, history.head().number)
    return sum(isinstance(event, ContributionRegistered) for event in events)


def test_a_transaction_that_a_reorganisation_only_moved_is_settled_again(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    mark = service.network.mark()
    service.work()
    service.catch_up()
    sent = service.transaction(row).versions[-1]
    service.network.reorganise(mark)
    service.ports.chain.broadcast(sent)  # the network itself puts it into the new chain
    service.settle_down()
    assert service.row(row).status is Status.ANCHORED
    assert registrations(service) == 1


def test_a_consent_revoked_in_the_other_branch_rejects_what_was_anchored(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    service.catch_up()
    mark = service.network.mark()
    service.work()
    service.catch_up()
    service.network.reorganise(mark)
    service.network.revoke_directly(somebody.key)
    service.network.clock.advance(60)
    service.settle_down()
    assert service.row(row).status is Status.REJECTED
    assert service.ports.keys.state(row.key_id) == "destroyed"


def test_a_consent_and_a_revocation_are_relayed_again_after_a_reorganisation(
    service: Service,
) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    service.network.mine(2)
    service.catch_up()
    mark = service.network.mark()
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    grant_consent(GrantConsent(account.id, terms), ports=service.ports)
    service.work()
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.work()
    service.catch_up()
    assert service.consents(account) == [ConsentStatus.REVOKED]
    service.network.reorganise(mark)
    assert service.ports.chain.consent_nonce(somebody.wallet) == 0
    assert follow_chain(ports=service.ports)
    assert service.consents(account) == [ConsentStatus.REVOKING]
    service.settle_down()
    assert service.consents(account) == [ConsentStatus.REVOKED]
    assert service.ports.chain.consent_nonce(somebody.wallet) == 2


def test_what_was_taken_over_from_the_chain_is_registered_if_it_is_gone(service: Service) -> None:
    somebody = service.consenting()
    row = service.sealed(service.account(somebody))
    service.network.mine(2)
    service.catch_up()
    mark = service.network.mark()
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    service.work()
    assert service.row(row).transaction_id is None
    service.network.mine(2)
    service.catch_up()
    service.network.reorganise(mark)
    service.settle_down()
    assert service.row(row).status is Status.ANCHORED
    assert registrations(service) == 1


def test_a_reorganisation_deeper_than_remembered_is_followed_from_the_start(
    fake_service: Service,
) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(KEPT + 20)
    fake_service.catch_up()
    fake.reorganise(2)
    fake_service.catch_up()
    number, block_hash = fake_service.followed()[0]
    block = fake.block(number)
    assert block is not None and block.hash == block_hash
    assert number == fake.head().number - 1


def test_a_node_that_lags_is_no_reorganisation(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(10)
    fake_service.catch_up()
    before = fake_service.followed()
    fake.reorganise(fake.height - 3, grow=False)
    assert not follow_chain(ports=fake_service.ports)
    assert fake_service.followed() == before


def test_a_chain_that_stays_shorter_is_one(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    fake.mine(10)
    fake_service.catch_up()
    fake.reorganise(fake.height - 3, grow=False)
    fake_service.network.clock.advance(120)
    fake_service.catch_up()
    assert fake_service.followed()[0][0] <= fake.height
