"""What the operations that a contribution pays for cost, in gas on Ganache/Shanghai.

All accounts, keys, digests and messages are fixed and the chain starts fresh, so the figures are
exact. After a deliberate change, rewrite them with

    VITALMINT_WRITE_GAS=1 python scripts/brownie.py test tests/contracts/test_gas.py
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from brownie.network.contract import ProjectContract
from conftest import People
from messages import CGM, FOREVER, IMAGE, consent_by, fields, sign_consent, sign_revocation

RECORD = Path(__file__).with_name("gas.json")
CEILINGS = {
    "register_existing_holder": 84_000,
    "register_first": 136_000,
    "consent_relayed_first": 61_000,
    "consent_relayed_renewal": 44_000,
    "revoke_direct": 30_000,
    "revoke_relayed": 39_000,
}
FULL_QUALITY = 10_000


@pytest.fixture(scope="module")
def measured(
    people: People, consents: ProjectContract, registry: ProjectContract
) -> dict[str, int]:
    """Gas by operation, each sent once in a life that a contributor could lead."""
    alice, relayer, recorder = people.alice, people.relayer, people.recorder
    used = {}

    def grant(nonce: int) -> Any:
        message = consent_by(alice, nonce=nonce, expiresAt=FOREVER - 1)
        signature = sign_consent(message, alice, consents)
        return consents.grant(fields(message), signature, {"from": relayer}).gas_used

    def register(label: str, kind: int, quality: int) -> Any:
        content = hashlib.sha256(label.encode()).digest()
        return registry.register(content, 0x55, kind, alice, quality, {"from": recorder}).gas_used

    used["consent_relayed_first"] = grant(0)
    used["consent_relayed_renewal"] = grant(1)
    used["register_first"] = register("first", CGM, FULL_QUALITY)
    used["register_existing_holder"] = register("second", CGM, FULL_QUALITY)
    used["register_existing_holder_partial_quality"] = register("third", IMAGE, 7_350)
    erased = hashlib.sha256(b"first").digest()
    used["mark_erased"] = registry.markErased(erased, {"from": recorder}).gas_used
    used["revoke_direct"] = consents.revoke({"from": alice}).gas_used
    grant(3)
    signature = sign_revocation(alice, consents, nonce=4)
    used["revoke_relayed"] = consents.revokeBySignature(
        alice, FOREVER, signature, {"from": relayer}
    ).gas_used
    operator = {"from": people.operator}
    used["pause"] = registry.pause(operator).gas_used
    used["unpause"] = registry.unpause(operator).gas_used
    used["propose_recorder"] = registry.proposeRecorder(people.stranger, operator).gas_used
    used["accept_recorder"] = registry.acceptRecorder({"from": people.stranger}).gas_used
    return used


def test_the_recorded_gas_is_what_the_operations_cost(measured: dict[str, int]) -> None:
    if os.environ.get("VITALMINT_WRITE_GAS"):
        RECORD.write_text(json.dumps(measured, indent=2, sort_keys=True) + "\n")
    assert measured == json.loads(RECORD.read_text())


@pytest.mark.parametrize("operation", CEILINGS)
def test_no_operation_costs_more_than_promised(operation: str, measured: dict[str, int]) -> None:
    assert measured[operation] <= CEILINGS[operation]
