"""The hashes that signatures are over are the ones that wallets sign (CON-3)."""

from datetime import UTC, datetime

import pytest

from backend.crypto.signed_messages import (
    consent_hash,
    domain_hash,
    permit_hash,
    revocation_hash,
    signer_of,
)
from backend.crypto.typed_data import consent_typed_data, revocation_typed_data, sign_typed_data
from backend.crypto.wallets import wallet_of
from backend.domain.consent import ConsentGrant, ConsentRevocation, Kind, Purpose
from backend.domain.identifiers import wallet_address

KEY = b"\x11" * 32
WALLET = wallet_of(KEY)
CONTRIBUTOR = bytes.fromhex(WALLET[2:])
REGISTRY = wallet_address("0x" + "ab" * 20)
DOMAIN = domain_hash("VitalMint ConsentRegistry", 1337, b"\xab" * 20)
EXPIRES, DEADLINE = datetime(2030, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed_consent() -> bytes:
    grant = ConsentGrant(WALLET, frozenset({Kind.CGM, Kind.IMAGE}),
                         Purpose.CARE | Purpose.TRAINING, True, EXPIRES, 7, DEADLINE)  # fmt: skip
    return sign_typed_data(consent_typed_data(grant, chain_id=1337, registry=REGISTRY), KEY)


def consented(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "contributor": CONTRIBUTOR,
        "kinds": 0b1001,
        "purposes": 3,
        "custodial": True,
        "expires_at": int(EXPIRES.timestamp()),
        "nonce": 7,
        "deadline": int(DEADLINE.timestamp()),
        "domain": DOMAIN,
    }
    return consent_hash(**(fields | changes))  # type: ignore[arg-type]


def test_a_wallets_consent_is_recovered() -> None:
    assert signer_of(consented(), signed_consent()) == CONTRIBUTOR


@pytest.mark.parametrize(
    "changes",
    [
        {"kinds": 0b1000},
        {"purposes": 7},
        {"custodial": False},
        {"expires_at": int(EXPIRES.timestamp()) + 1},
        {"nonce": 8},
        {"deadline": int(DEADLINE.timestamp()) - 1},
        {"contributor": b"\x12" * 20},
        {"domain": domain_hash("VitalMint ConsentRegistry", 1, b"\xab" * 20)},
        {"domain": domain_hash("VitalMint ConsentRegistry", 1337, b"\xac" * 20)},
        {"domain": domain_hash("VitalMint Reward", 1337, b"\xab" * 20)},
    ],
)
def test_a_consent_to_anything_else_is_somebody_elses(changes: dict[str, object]) -> None:
    assert signer_of(consented(**changes), signed_consent()) != CONTRIBUTOR


def test_a_wallets_revocation_is_recovered() -> None:
    revocation = ConsentRevocation(WALLET, 8, DEADLINE)
    typed = revocation_typed_data(revocation, chain_id=1337, registry=REGISTRY)
    message = revocation_hash(CONTRIBUTOR, 8, int(DEADLINE.timestamp()), domain=DOMAIN)
    assert signer_of(message, sign_typed_data(typed, KEY)) == CONTRIBUTOR


def test_a_wallets_permit_is_recovered() -> None:
    fields = [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
    consent = consent_typed_data(
        ConsentGrant(WALLET, frozenset(), Purpose.CARE, True, EXPIRES, 0, DEADLINE),
        chain_id=1337,
        registry=REGISTRY,
    )
    typed = {
        "types": {"EIP712Domain": consent["types"]["EIP712Domain"], "Permit": fields},
        "primaryType": "Permit",
        "domain": consent["domain"] | {"name": "VitalMint Reward"},
        "message": {"owner": WALLET, "spender": REGISTRY, "value": 5, "nonce": 2, "deadline": 99},
    }
    domain = domain_hash("VitalMint Reward", 1337, b"\xab" * 20)
    message = permit_hash(CONTRIBUTOR, b"\xab" * 20, 5, 2, 99, domain=domain)
    assert signer_of(message, sign_typed_data(typed, KEY)) == CONTRIBUTOR


def test_only_what_the_contract_takes_for_a_signature_is_one() -> None:
    signature = signed_consent()
    upper = (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    mirrored = signature[:32] + upper + bytes([55 - signature[64]])
    for wrong in (b"", signature[:64], signature + b"\0", mirrored, bytes(65),
                  signature[:64] + bytes([signature[64] - 27])):  # fmt: skip
        assert signer_of(consented(), wrong) is None
