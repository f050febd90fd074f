"""Consents through the Chain port, on the fake and on the real contracts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.consent import Consent, Kind, Purpose
from backend.domain.errors import (
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentRefused,
    ConsentSignerMismatch,
)
from backend.domain.identifiers import WalletAddress
from tests.networks import Network
from tests.signing import Contributor, send

ANOTHER_CONTRACT = WalletAddress("0x" + "ab" * 20)


def test_nobody_has_consented_to_anything_at_first(network: Network) -> None:
    assert network.chain.consent_of(Contributor().wallet) is None
    assert network.chain.consent_nonce(Contributor().wallet) == 0


def test_a_relayed_grant_is_held_as_it_was_signed(network: Network) -> None:
    somebody = Contributor()
    terms = {"kinds": frozenset({Kind.CGM, Kind.IMAGE}), "purposes": Purpose.CARE | Purpose.SALE}
    grant = somebody.consent(network, custodial=True, **terms)
    held = network.chain.consent_of(somebody.wallet)
    assert held is not None
    assert held == Consent(
        contributor=somebody.wallet,
        custodial=True,
        granted_at=held.granted_at,
        expires_at=grant.expires_at,
        **terms,
    )
    assert held.in_force(network.history.head().time)
    assert network.chain.consent_nonce(somebody.wallet) == 1


def test_a_grant_replaces_the_earlier_one(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    somebody.consent(network, kinds=frozenset({Kind.MOTION}))
    held = network.chain.consent_of(somebody.wallet)
    assert held is not None and held.kinds == {Kind.MOTION}


def test_a_grant_signed_by_another_wallet_is_refused(network: Network) -> None:
    somebody, thief = Contributor(), Contributor()
    grant = somebody.grant(network)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.grant_call(grant, thief.sign(network, grant))


def test_a_grant_signed_for_another_chain_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.grant_call(grant, somebody.sign(network, grant, chain_id=1))


def test_a_grant_signed_for_another_contract_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.grant_call(grant, somebody.sign(network, grant, registry=ANOTHER_CONTRACT))


def test_a_grant_with_one_term_changed_after_signing_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network, purposes=Purpose.CARE)
    changed = replace(grant, purposes=Purpose.CARE | Purpose.SALE)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.grant_call(changed, somebody.sign(network, grant))


def test_a_grant_after_its_deadline_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    signature = somebody.sign(network, grant)
    network.pass_time(3601)
    with pytest.raises(ConsentDeadlinePassed):
        network.chain.grant_call(grant, signature)


def test_a_grant_that_would_have_ended_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network, expires_at=network.clock.now() - timedelta(days=1))
    with pytest.raises(ConsentRefused, match="later end"):
        network.chain.grant_call(grant, somebody.sign(network, grant))


def test_a_replayed_grant_is_refused(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    signature = somebody.sign(network, grant)
    send(network, network.chain.grant_call(grant, signature))
    with pytest.raises(ConsentNonceMismatch):
        network.chain.grant_call(grant, signature)


def test_a_grant_cannot_be_submitted_again_after_a_revoke(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    signature = somebody.sign(network, grant)
    send(network, network.chain.grant_call(grant, signature))
    somebody.revoke(network)
    with pytest.raises(ConsentNonceMismatch):
        network.chain.grant_call(grant, signature)
    assert network.chain.consent_of(somebody.wallet) is None


def test_a_revoke_kills_a_grant_that_was_signed_and_not_submitted(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.grant(network)
    signature = somebody.sign(network, grant)
    network.revoke_directly(somebody.key)
    with pytest.raises(ConsentNonceMismatch):
        network.chain.grant_call(grant, signature)


def test_a_relayed_revocation_ends_the_consent(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    somebody.revoke(network)
    assert network.chain.consent_of(somebody.wallet) is None
    assert network.chain.consent_nonce(somebody.wallet) == 2


def test_a_revocation_by_another_wallet_is_refused(network: Network) -> None:
    somebody, thief = Contributor(), Contributor()
    somebody.consent(network)
    revocation, _ = somebody.revocation(network)
    _, forged = thief.revocation(network, contributor=somebody.wallet, nonce=revocation.nonce)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.revoke_call(revocation, forged)


def test_a_replayed_revocation_is_refused(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    message = somebody.revocation(network)
    send(network, network.chain.revoke_call(*message))
    somebody.consent(network)
    with pytest.raises(ConsentSignerMismatch):
        network.chain.revoke_call(*message)


def test_a_revocation_after_its_deadline_is_refused(network: Network) -> None:
    somebody = Contributor()
    somebody.consent(network)
    message = somebody.revocation(network)
    network.pass_time(3601)
    with pytest.raises(ConsentDeadlinePassed):
        network.chain.revoke_call(*message)


def test_a_consent_outlives_no_reorganisation_that_undoes_it(network: Network) -> None:
    somebody = Contributor()
    mark = network.mark()
    somebody.consent(network)
    network.mine()
    network.reorganise(mark)
    assert network.chain.consent_of(somebody.wallet) is None


def test_an_end_beyond_what_a_date_can_say_is_read_as_the_last_date(network: Network) -> None:
    somebody = Contributor()
    grant = somebody.consent(network)
    last = grant.expires_at.replace(year=9999)
    somebody.consent(network, expires_at=last)
    held = network.chain.consent_of(somebody.wallet)
    assert held is not None and held.expires_at == last
