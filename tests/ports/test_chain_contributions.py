"""Registering, paying and erasing through the Chain port, on the fake and the real contracts."""

import pytest

from backend.domain.consent import Kind, Purpose
from backend.domain.errors import (
    AlreadyErasedOnChain,
    AlreadyRegistered,
    ConsentNotInForceOnChain,
    DailyCapReached,
    EpochCapReached,
    NotRegisteredOnChain,
    RegistryPaused,
)
from tests.networks import Network
from tests.signing import Contributor, send, some_digest

DAY = 86_400


def test_a_contribution_is_registered_and_paid_in_one_transaction(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    digest, sent = somebody.contribute(network, quality=5_000)
    registration = network.chain.registration_of(digest)
    event = network.chain.registered_in(sent.hash)
    assert registration is not None and event is not None
    assert (registration.contributor, registration.kind) == (somebody.wallet, Kind.CGM)
    assert not registration.erased
    expected = network.chain.schedule().reward(Kind.CGM, 5_000, training=True)
    assert event.reward == expected == network.chain.balance_of(somebody.wallet)
    assert (event.digest, event.quality) == (digest, 5_000)


def test_the_registration_of_a_digest_is_found_without_its_transaction(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    digest, sent = somebody.contribute(network)
    somebody.contribute(network)
    assert network.chain.registration_event(digest) == network.chain.registered_in(sent.hash)
    assert network.chain.registration_event(some_digest()) is None


def test_a_contribution_for_care_alone_is_registered_unpaid(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network, purposes=Purpose.CARE)
    digest, sent = somebody.contribute(network)
    event = network.chain.registered_in(sent.hash)
    assert event is not None and event.reward.base_units == 0
    assert network.chain.registration_of(digest) is not None
    assert network.chain.balance_of(somebody.wallet).base_units == 0


def test_a_contribution_without_a_consent_is_refused(network: Network) -> None:
    with pytest.raises(ConsentNotInForceOnChain):
        Contributor().contribute(network)


def test_a_kind_that_was_not_consented_to_is_refused(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network, kinds=frozenset({Kind.IMAGE}))
    with pytest.raises(ConsentNotInForceOnChain):
        somebody.contribute(network, kind=Kind.CGM)


def test_a_revoked_consent_is_refused(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    somebody.revoke(network)
    with pytest.raises(ConsentNotInForceOnChain):
        somebody.contribute(network)


def test_a_consent_that_has_ended_is_refused(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    network.pass_time(31 * DAY)
    with pytest.raises(ConsentNotInForceOnChain):
        somebody.contribute(network)


def test_a_digest_is_registered_at_most_once(network: Network) -> None:
    somebody, other = Contributor(), Contributor()
    somebody.consent(network)
    other.consent(network)
    digest, _ = somebody.contribute(network)
    for wallet in (somebody.wallet, other.wallet):
        with pytest.raises(AlreadyRegistered):
            network.chain.register_call(digest, Kind.CGM, wallet, 10_000)


def test_the_daily_cap_holds_until_the_next_utc_day(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    for _ in range(3):
        somebody.contribute(network)
    with pytest.raises(DailyCapReached):
        somebody.contribute(network, quality=1)
    network.pass_time(DAY)
    somebody.contribute(network)


def test_a_contribution_that_is_not_paid_meets_no_cap(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    for _ in range(3):
        somebody.contribute(network)
    somebody.contribute(network, quality=0)


def test_the_epoch_cap_holds_until_the_next_epoch(network: Network) -> None:
    people = [Contributor() for _ in range(7)]
    for person in people:
        person.consent(network)
    paid = [person for person in people for _ in range(3)][:20]
    for person in paid:
        person.contribute(network)
    with pytest.raises(EpochCapReached):
        people[-1].contribute(network)
    network.pass_time(network.chain.schedule().epoch_length_s)
    people[-1].contribute(network)


def test_pausing_stops_registering_and_nothing_else(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    digest, _ = somebody.contribute(network)
    network.pause()
    with pytest.raises(RegistryPaused):
        somebody.contribute(network)
    send(network, network.chain.mark_erased_call(digest))
    somebody.revoke(network)
    somebody.consent(network)
    network.unpause()
    somebody.contribute(network)


def test_an_erasure_is_marked_once_and_the_digest_stays_spent(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    digest, _ = somebody.contribute(network)
    send(network, network.chain.mark_erased_call(digest))
    registration = network.chain.registration_of(digest)
    assert registration is not None and registration.erased
    with pytest.raises(AlreadyErasedOnChain):
        network.chain.mark_erased_call(digest)
    with pytest.raises(AlreadyRegistered):
        network.chain.register_call(digest, Kind.CGM, somebody.wallet, 10_000)


def test_a_digest_that_was_never_registered_cannot_be_marked(network: Network) -> None:
    with pytest.raises(NotRegisteredOnChain):
        network.chain.mark_erased_call(some_digest())


def test_a_contributor_can_mark_an_erasure_without_the_service(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    digest, _ = somebody.contribute(network)
    network.mark_erased_directly(somebody.key, digest)
    registration = network.chain.registration_of(digest)
    assert registration is not None and registration.erased


def test_a_balance_is_what_was_paid(network: Network) -> None:
    somebody = Contributor()
    assert network.chain.balance_of(somebody.wallet).base_units == 0
    somebody.consent(network)
    somebody.contribute(network, kind=Kind.VITALS)
    somebody.contribute(network, kind=Kind.IMAGE)
    rates = network.chain.schedule().rates
    assert network.chain.balance_of(somebody.wallet) == rates[Kind.VITALS] + rates[Kind.IMAGE]
