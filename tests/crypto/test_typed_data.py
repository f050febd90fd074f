"""Consent messages: their signer is recovered, and any changed field is another message."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backend.crypto.typed_data import (
    consent_typed_data,
    recover_signer,
    revocation_typed_data,
    sign_typed_data,
)
from backend.crypto.wallets import checksum_address, keystore, wallet_of
from backend.domain.consent import ConsentGrant, ConsentRevocation, Kind, Purpose
from backend.domain.errors import ConsentSignerMismatch
from backend.domain.identifiers import wallet_address

KEY = bytes([7]) * 32
WALLET = wallet_of(KEY)
REGISTRY = wallet_address("0x" + "11" * 20)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
GRANT = ConsentGrant(
    contributor=WALLET,
    kinds=frozenset({Kind.CGM, Kind.VITALS}),
    purposes=Purpose.CARE | Purpose.TRAINING,
    custodial=True,
    expires_at=LATER,
    nonce=3,
    deadline=LATER,
)


def typed(grant: ConsentGrant = GRANT, chain_id: int = 1337) -> dict:
    return consent_typed_data(grant, chain_id=chain_id, registry=REGISTRY)


def test_the_signer_of_a_consent_is_recovered() -> None:
    assert recover_signer(typed(), sign_typed_data(typed(), KEY)) == WALLET


@pytest.mark.parametrize(
    "change",
    [
        {"kinds": frozenset({Kind.CGM})},
        {"purposes": Purpose.CARE},
        {"custodial": False},
        {"expires_at": datetime(2027, 1, 2, tzinfo=UTC)},
        {"nonce": 4},
        {"deadline": datetime(2027, 1, 2, tzinfo=UTC)},
        {"contributor": wallet_address("0x" + "22" * 20)},
    ],
)
def test_a_signature_covers_every_field(change: dict) -> None:
    signature = sign_typed_data(typed(), KEY)
    assert recover_signer(typed(replace(GRANT, **change)), signature) != WALLET


def test_a_signature_for_another_chain_or_contract_is_not_ours() -> None:
    signature = sign_typed_data(typed(), KEY)
    assert recover_signer(typed(chain_id=1), signature) != WALLET
    elsewhere = consent_typed_data(GRANT, chain_id=1337, registry=wallet_address("0x" + "33" * 20))
    assert recover_signer(elsewhere, signature) != WALLET


def test_a_revocation_is_no_consent() -> None:
    revocation = ConsentRevocation(contributor=WALLET, nonce=3, deadline=LATER)
    message = revocation_typed_data(revocation, chain_id=1337, registry=REGISTRY)
    signature = sign_typed_data(message, KEY)
    assert recover_signer(message, signature) == WALLET
    assert recover_signer(typed(), signature) != WALLET


@pytest.mark.parametrize("junk", [b"", b"\x00" * 65, b"\xff" * 65, b"short"])
def test_bytes_that_are_no_signature_are_one_clear_error(junk: bytes) -> None:
    with pytest.raises(ConsentSignerMismatch):
        recover_signer(typed(), junk)


def test_a_kept_wallet_leaves_as_a_keystore_that_opens_with_its_password() -> None:
    from eth_account import Account

    stored = keystore(KEY, "correct horse battery")
    assert bytes(Account.decrypt(stored, "correct horse battery")) == KEY
    assert checksum_address(WALLET).lower() == WALLET
