import pytest
from brownie import chain
from conftest import move_to
from messages import ALL_PURPOSES, CARE, CGM, IMAGE, MOTION, TRAINING, VITALS


def test_nothing_is_in_force_for_somebody_who_never_consented(consents, people):
    assert consents.purposesInForce(people.alice, CGM) == 0


def test_the_purposes_are_in_force_from_the_second_of_the_grant(consents, people, consent):
    transaction = consent(people.alice, purposes=CARE | TRAINING)
    assert chain[-1].timestamp == transaction.timestamp
    assert consents.purposesInForce(people.alice, CGM) == CARE | TRAINING


def test_the_purposes_are_in_force_in_the_last_second_before_the_expiry(consents, people, consent):
    expires_at = chain.time() + 1_000
    consent(people.alice, expiresAt=expires_at)
    move_to(expires_at - 1)
    assert consents.purposesInForce(people.alice, CGM) == ALL_PURPOSES


def test_nothing_is_in_force_from_the_expiry_on(consents, people, consent):
    expires_at = chain.time() + 1_000
    consent(people.alice, expiresAt=expires_at)
    move_to(expires_at)
    assert consents.purposesInForce(people.alice, CGM) == 0


def test_nothing_is_in_force_for_another_kind(consents, people, consent):
    consent(people.alice, kinds=1 << VITALS | 1 << IMAGE)
    in_force = {kind: consents.purposesInForce(people.alice, kind) for kind in range(4)}
    assert in_force == {CGM: 0, VITALS: ALL_PURPOSES, MOTION: 0, IMAGE: ALL_PURPOSES}


@pytest.mark.parametrize("kind", [4, 7, 8, 255])
def test_nothing_is_in_force_for_a_kind_that_does_not_exist(consents, people, consent, kind):
    consent(people.alice)
    assert consents.purposesInForce(people.alice, kind) == 0
