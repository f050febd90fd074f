from typing import Any

import pytest
from brownie import ZERO_ADDRESS, chain
from conftest import move_to
from messages import CGM, FOREVER, consent_by, fields, sign_consent, sign_revocation
from refusals import SOMEBODY, refused


def test_a_relayed_revoke_after_its_deadline_is_refused(consents, people):
    deadline = chain.time() + 100
    signature = sign_revocation(people.alice, consents, 0, deadline)
    move_to(deadline + 1)
    with refused("ConsentRegistry_DeadlinePassed", deadline):
        revoke(consents, people, signature, deadline)


def test_a_relayed_revoke_signed_by_another_wallet_is_refused(consents, people):
    signature = sign_revocation(people.bob, consents, 0, contributor=people.alice)
    with refused("ConsentRegistry_SignerMismatch", people.alice, people.bob):
        revoke(consents, people, signature)


def test_a_relayed_revoke_submitted_twice_is_refused(consents, people):
    signature = sign_revocation(people.alice, consents, 0)
    revoke(consents, people, signature)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        revoke(consents, people, signature)


@pytest.mark.parametrize("domain", [{"chainId": 1}, {"verifyingContract": "0x" + "11" * 20}])
def test_a_relayed_revoke_signed_for_another_domain_is_refused(consents, people, domain):
    signature = sign_revocation(people.alice, consents, 0, domain=domain)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        revoke(consents, people, signature)


def test_a_relayed_revoke_with_another_deadline_than_signed_is_refused(consents, people):
    signature = sign_revocation(people.alice, consents, 0, FOREVER - 1)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        revoke(consents, people, signature)


def test_a_signed_grant_cannot_be_passed_off_as_a_revoke(consents, people):
    signature = sign_consent(consent_by(people.alice), people.alice, consents)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        revoke(consents, people, signature)


def test_nobody_can_revoke_for_the_zero_address(consents, people):
    with refused("ConsentRegistry_SignerMismatch", ZERO_ADDRESS, ZERO_ADDRESS):
        consents.revokeBySignature(ZERO_ADDRESS, FOREVER, b"\x00" * 65, {"from": people.relayer})


def test_nothing_is_in_force_after_a_relayed_revoke(consents, people, consent):
    consent(people.alice)
    revoke(consents, people, sign_revocation(people.alice, consents, 1))
    assert [consents.purposesInForce(people.alice, kind) for kind in range(4)] == [0, 0, 0, 0]
    assert tuple(consents.consentOf(people.alice)) == (0, 0, False, 0, 0)


def test_a_relayed_revoke_is_announced_with_the_nonce_it_spent(consents, people, consent):
    consent(people.alice)
    transaction = revoke(consents, people, sign_revocation(people.alice, consents, 1))
    assert [dict(event) for event in transaction.events["ConsentRevoked"]] == [
        {"schemaVersion": 1, "contributor": people.alice, "nonce": 1}
    ]


def test_a_relayed_revoke_in_its_last_second_counts(consents, people):
    deadline = chain.time() + 100
    signature = sign_revocation(people.alice, consents, 0, deadline)
    move_to(deadline)
    consents.revokeBySignature.call(people.alice, deadline, signature, {"from": people.relayer})


def test_an_unsubmitted_grant_dies_with_a_relayed_revoke(consents, people):
    message = consent_by(people.alice)
    granted = sign_consent(message, people.alice, consents)
    revoke(consents, people, sign_revocation(people.alice, consents, 0))
    with refused("ConsentRegistry_NonceMismatch", 1, 0):
        consents.grant(fields(message), granted, {"from": people.relayer})


def test_pausing_does_not_stop_a_relayed_revoke(consents, registry, people, consent):
    consent(people.alice)
    registry.pause({"from": people.operator})
    revoke(consents, people, sign_revocation(people.alice, consents, 1))
    assert consents.purposesInForce(people.alice, CGM) == 0


def revoke(consents: Any, people: Any, signature: bytes, deadline: int = FOREVER) -> Any:
    return consents.revokeBySignature(people.alice, deadline, signature, {"from": people.relayer})
