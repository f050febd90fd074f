from typing import Any

import pytest
from brownie import ZERO_ADDRESS, ConsentRegistry, chain
from conftest import move_to
from messages import (
    ALL_KINDS,
    ALL_PURPOSES,
    CARE,
    CGM,
    FOREVER,
    IMAGE,
    ONE_DAY,
    SALE,
    TRAINING,
    consent_by,
    fields,
    sign_consent,
)
from refusals import SOMEBODY, refused

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def submit(consents: Any, message: dict[str, Any], signature: bytes, sender: Any) -> Any:
    return consents.grant(fields(message), signature, {"from": sender})


def test_a_grant_after_its_deadline_is_refused(consents, people):
    deadline = chain.time() + 100
    message = consent_by(people.alice, deadline=deadline)
    signature = sign_consent(message, people.alice, consents)
    move_to(deadline + 1)
    with refused("ConsentRegistry_DeadlinePassed", deadline):
        submit(consents, message, signature, people.relayer)


def test_a_grant_submitted_twice_is_refused(consents, people):
    message = consent_by(people.alice)
    signature = sign_consent(message, people.alice, consents)
    submit(consents, message, signature, people.relayer)
    with refused("ConsentRegistry_NonceMismatch", 1, 0):
        submit(consents, message, signature, people.relayer)


def test_a_grant_for_a_nonce_to_come_is_refused(consents, people):
    message = consent_by(people.alice, nonce=1)
    signature = sign_consent(message, people.alice, consents)
    with refused("ConsentRegistry_NonceMismatch", 0, 1):
        submit(consents, message, signature, people.relayer)


@pytest.mark.parametrize("kinds", [0, 0b10000, 0b10001, 255])
def test_a_grant_for_no_kind_or_an_unknown_one_is_refused(consents, people, kinds):
    message = consent_by(people.alice, kinds=kinds)
    signature = sign_consent(message, people.alice, consents)
    with refused("ConsentRegistry_KindsUnknown", kinds):
        submit(consents, message, signature, people.relayer)


@pytest.mark.parametrize("purposes", [0, 0b1000, 0b1001, 255])
def test_a_grant_for_no_purpose_or_an_unknown_one_is_refused(consents, people, purposes):
    message = consent_by(people.alice, purposes=purposes)
    signature = sign_consent(message, people.alice, consents)
    with refused("ConsentRegistry_PurposesUnknown", purposes):
        submit(consents, message, signature, people.relayer)


def test_a_grant_that_has_expired_already_is_refused(consents, people):
    expires_at = chain.time() + 100
    message = consent_by(people.alice, expiresAt=expires_at)
    signature = sign_consent(message, people.alice, consents)
    move_to(expires_at)
    with refused("ConsentRegistry_AlreadyExpired", expires_at):
        consents.grant.call(fields(message), signature, {"from": people.relayer})


def test_a_grant_signed_by_another_wallet_is_refused(consents, people):
    message = consent_by(people.alice)
    signature = sign_consent(message, people.bob, consents)
    with refused("ConsentRegistry_SignerMismatch", people.alice, people.bob):
        submit(consents, message, signature, people.bob)


@pytest.mark.parametrize(
    "elsewhere", ["another chain", "another contract", "another name", "another version"]
)
def test_a_grant_signed_for_another_domain_is_refused(consents, people, elsewhere):
    domain = {
        "another chain": {"chainId": 1},
        "another contract": {
            "verifyingContract": ConsentRegistry.deploy({"from": people.deployer}).address
        },
        "another name": {"name": "ConsentRegistry"},
        "another version": {"version": "2"},
    }[elsewhere]
    message = consent_by(people.alice)
    signature = sign_consent(message, people.alice, consents, domain)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        submit(consents, message, signature, people.relayer)


@pytest.mark.parametrize(
    "field, value",
    [
        ("kinds", 1 << CGM),
        ("purposes", CARE),
        ("custodial", True),
        ("expiresAt", FOREVER - 1),
        ("deadline", FOREVER - 1),
    ],
)
def test_a_grant_of_which_one_field_was_changed_is_refused(consents, people, field, value):
    message = consent_by(people.alice)
    signature = sign_consent(message, people.alice, consents)
    with refused("ConsentRegistry_SignerMismatch", people.alice, SOMEBODY):
        submit(consents, message | {field: value}, signature, people.relayer)


@pytest.mark.parametrize("signature", [b"", b"\x01" * 64, b"\x00" * 65, b"\xff" * 65, b"\x01" * 66])
def test_a_malformed_signature_is_refused(consents, people, signature):
    message = consent_by(people.alice)
    with refused("ConsentRegistry_SignerMismatch", people.alice, ZERO_ADDRESS):
        submit(consents, message, signature, people.relayer)


def test_the_mirrored_signature_of_a_signed_grant_is_refused(consents, people):
    message = consent_by(people.alice)
    signature = sign_consent(message, people.alice, consents)
    s = int.from_bytes(signature[32:64], "big")
    mirrored = signature[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    with refused("ConsentRegistry_SignerMismatch", people.alice, ZERO_ADDRESS):
        submit(consents, message, mirrored, people.relayer)


def test_nobody_can_grant_for_the_zero_address(consents, people):
    message = consent_by(ZERO_ADDRESS)
    with refused("ConsentRegistry_SignerMismatch", ZERO_ADDRESS, ZERO_ADDRESS):
        submit(consents, message, b"\x00" * 65, people.relayer)


def test_a_grant_is_recorded_as_it_was_signed(consents, people, consent):
    expires_at = chain.time() + ONE_DAY
    transaction = consent(
        people.alice,
        kinds=1 << IMAGE,
        purposes=CARE | SALE,
        custodial=True,
        expiresAt=expires_at,
    )
    assert tuple(consents.consentOf(people.alice)) == (
        1 << IMAGE,
        CARE | SALE,
        True,
        transaction.timestamp,
        expires_at,
    )
    assert consents.nonceOf(people.alice) == 1


def test_a_grant_is_announced_with_the_nonce_it_spent(people, consent):
    consent(people.alice)
    transaction = consent(people.alice, purposes=TRAINING, custodial=True, expiresAt=FOREVER - 7)
    assert [dict(event) for event in transaction.events["ConsentGranted"]] == [
        {
            "schemaVersion": 1,
            "contributor": people.alice,
            "kinds": ALL_KINDS,
            "purposes": TRAINING,
            "custodial": True,
            "expiresAt": FOREVER - 7,
            "nonce": 1,
        }
    ]


def test_a_grant_in_its_last_second_counts(consents, people):
    deadline = chain.time() + 100
    message = consent_by(people.alice, deadline=deadline)
    signature = sign_consent(message, people.alice, consents)
    move_to(deadline)
    consents.grant.call(fields(message), signature, {"from": people.relayer})


def test_the_contributor_can_submit_the_grant_themselves(consents, people):
    message = consent_by(people.alice)
    submit(consents, message, sign_consent(message, people.alice, consents), people.alice)
    assert consents.nonceOf(people.alice) == 1


def test_a_later_grant_replaces_the_earlier_one(consents, people, consent):
    consent(people.alice, purposes=ALL_PURPOSES)
    consent(people.alice, purposes=CARE, kinds=1 << CGM)
    assert consents.purposesInForce(people.alice, CGM) == CARE
    assert consents.purposesInForce(people.alice, IMAGE) == 0


def test_a_grant_leaves_the_consents_of_others_alone(consents, people, consent):
    consent(people.alice)
    assert consents.nonceOf(people.bob) == 0
    assert tuple(consents.consentOf(people.bob)) == (0, 0, False, 0, 0)
