from messages import ALL_PURPOSES, CGM, consent_by, fields, sign_consent
from refusals import refused


def test_nothing_is_in_force_after_a_revoke(consents, people, consent):
    consent(people.alice)
    consents.revoke({"from": people.alice})
    assert [consents.purposesInForce(people.alice, kind) for kind in range(4)] == [0, 0, 0, 0]
    assert tuple(consents.consentOf(people.alice)) == (0, 0, False, 0, 0)


def test_a_revoke_is_announced_with_the_nonce_it_spent(consents, people, consent):
    consent(people.alice)
    transaction = consents.revoke({"from": people.alice})
    assert [dict(event) for event in transaction.events["ConsentRevoked"]] == [
        {"schemaVersion": 1, "contributor": people.alice, "nonce": 1}
    ]
    assert consents.nonceOf(people.alice) == 2


def test_a_revoke_leaves_the_consents_of_others_alone(consents, people, consent):
    consent(people.alice)
    consents.revoke({"from": people.bob})
    assert consents.purposesInForce(people.alice, CGM) == ALL_PURPOSES


def test_an_unsubmitted_grant_dies_with_a_revoke(consents, people):
    message = consent_by(people.alice)
    signature = sign_consent(message, people.alice, consents)
    consents.revoke({"from": people.alice})
    with refused("ConsentRegistry_NonceMismatch", 1, 0):
        consents.grant(fields(message), signature, {"from": people.relayer})


def test_a_revoke_with_nothing_in_force_still_spends_the_nonce(consents, people):
    transaction = consents.revoke({"from": people.alice})
    assert transaction.events["ConsentRevoked"]["nonce"] == 0
    assert consents.nonceOf(people.alice) == 1


def test_pausing_does_not_stop_a_revoke(consents, registry, people, consent):
    consent(people.alice)
    registry.pause({"from": people.operator})
    consents.revoke({"from": people.alice})
    assert consents.purposesInForce(people.alice, CGM) == 0


def test_a_grant_signed_after_a_revoke_counts(consents, people, consent):
    consent(people.alice)
    consents.revoke({"from": people.alice})
    consent(people.alice)
    assert consents.purposesInForce(people.alice, CGM) == ALL_PURPOSES
    assert consents.nonceOf(people.alice) == 3
