"""What happens on chain past the service reaches it, once, and strangers' affairs do not."""

from datetime import timedelta

from backend.domain.chain_events import (
    ContributionRegistered,
)
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.consent_record import ConsentStatus
from backend.domain.contribution import Status
from backend.domain.money import TokenAmount
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from backend.use_cases.grant_consent import ConsentTerms, GrantConsent, grant_consent
from backend.use_cases.revoke_consent import RevokeConsent, revoke_consent
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import NOWHERE
from tests.relaying import Service
from tests.signing import Contributor, send, some_digest


def test_a_revocation_past_us_reaches_the_list(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    end = service.ports.clock.now() + timedelta(days=30)
    terms = ConsentTerms(frozenset(Kind), ALL_PURPOSES, end)
    grant_consent(GrantConsent(account.id, terms), ports=service.ports)
    service.work()
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    service.catch_up()
    assert service.consents(account) == [ConsentStatus.REVOKED]


def test_a_consent_past_us_reaches_the_list_and_can_be_revoked(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody, custodial=True)
    grant = somebody.grant(service.network)
    service.network.grant_directly(grant, somebody.sign(service.network, grant))
    service.network.mine(2)
    service.catch_up()
    assert service.consents(account) == [ConsentStatus.IN_FORCE]
    revoke_consent(RevokeConsent(account.id), ports=service.ports)
    service.work()
    assert service.consents(account) == [ConsentStatus.REVOKED]


def test_following_the_same_blocks_again_changes_nothing(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    for _ in range(2):
        grant = somebody.grant(service.network)
        service.network.grant_directly(grant, somebody.sign(service.network, grant))
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    service.catch_up()
    before = service.consents(account)
    assert before == [ConsentStatus.REPLACED, ConsentStatus.REVOKED]
    with service.ports.database.write() as unit:
        unit.cursor.rewind(0)
    service.catch_up()
    assert service.consents(account) == before


def test_an_erasure_marked_past_us_erases_the_record(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    row = service.sealed(service.account(somebody))
    service.work()
    service.network.mark_erased_directly(somebody.key, row.digest)
    service.settle_down()
    assert service.row(row).status is Status.ERASED
    assert service.ports.keys.state(row.key_id) == "destroyed"
    assert not service.content.holds(row.cid)


def test_what_was_rejected_and_lands_all_the_same_is_marked_as_erased(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    row = service.sealed(account)
    service.work()
    assert service.row(row).status is Status.REJECTED
    somebody.consent(service.network)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    service.settle_down()
    registration = service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased
    assert service.row(row).status is Status.ERASED


def test_what_was_erased_and_lands_afterwards_is_marked_too(service: Service) -> None:
    somebody = Contributor()
    account = service.account(somebody)
    row = service.sealed(account)
    erase_contribution(EraseContribution(account.id, row.id), ports=service.ports)
    service.work()
    assert service.row(row).status is Status.ERASED
    somebody.consent(service.network)
    call = service.ports.chain.register_call(row.digest, row.kind, row.contributor, row.quality)
    send(service.network, call)
    service.settle_down()
    registration = service.ports.chain.registration_of(row.digest)
    assert registration is not None and registration.erased


def test_events_about_strangers_are_none_of_our_business(service: Service) -> None:
    somebody = Contributor()
    somebody.consent(service.network)
    digest, _ = somebody.contribute(service.network)
    service.network.mark_erased_directly(somebody.key, digest)
    service.network.revoke_directly(somebody.key)
    service.network.mine(2)
    service.catch_up()
    assert service.unfinished() == []


def test_a_registration_of_nothing_known_is_only_told(fake_service: Service) -> None:
    fake = fake_service.ports.chain
    assert isinstance(fake, FakeChain)
    wallet = Contributor().wallet
    fake.plant(
        ContributionRegistered(NOWHERE, 1, some_digest(), wallet, Kind.CGM, 1, TokenAmount(1))
    )
    fake.mine(2)
    fake_service.catch_up()
    assert fake_service.unfinished() == []
