"""Where the contracts keep what the audit reads, and how its words are packed.

The layout of the release whose code the contracts are; a test compares it with the compiler's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.crypto.state_proofs import mapping_slot, plain_slot
from backend.domain.deployment import ContractName
from backend.domain.evidence import Address

Packing = Mapping[str, int]
"""Field → bits, lowest first."""

WORD: Packing = {"value": 256}
ADDRESS: Packing = {"value": 160}
STANDING: Packing = {
    "nonce": 128,
    "grantedAt": 48,
    "expiresAt": 48,
    "kinds": 8,
    "purposes": 8,
    "custodial": 8,
}
DESK: Packing = {"recorder": 160, "epoch": 32, "minted": 56, "paused": 8}
RECORD: Packing = {"contributor": 160, "registeredAt": 48, "kind": 8, "codec": 8, "erased": 8}

STANDINGS_SLOT = 2
DESK_SLOT, RECORDS_SLOT, PROPOSED_SLOT = 0, 1, 3
BALANCES_SLOT, SUPPLY_SLOT = 0, 2


@dataclass(frozen=True)
class Cell:
    """One word of one contract's storage; `about` says whose."""

    contract: ContractName
    slot: bytes
    packing: Packing
    about: str


def standing_cell(contributor: Address) -> Cell:
    slot = mapping_slot(contributor, STANDINGS_SLOT)
    return Cell(ContractName.CONSENTS, slot, STANDING, f"consent of 0x{contributor.hex()}")


def desk_cell() -> Cell:
    return Cell(ContractName.REGISTRY, plain_slot(DESK_SLOT), DESK, "the registry's desk")


def record_cell(digest: bytes) -> Cell:
    slot = mapping_slot(digest, RECORDS_SLOT)
    return Cell(ContractName.REGISTRY, slot, RECORD, f"record of 0x{digest.hex()}")


def proposed_cell() -> Cell:
    slot = plain_slot(PROPOSED_SLOT)
    return Cell(ContractName.REGISTRY, slot, ADDRESS, "the proposed recorder")


def balance_cell(holder: Address) -> Cell:
    slot = mapping_slot(holder, BALANCES_SLOT)
    return Cell(ContractName.TOKEN, slot, WORD, f"balance of 0x{holder.hex()}")


def supply_cell() -> Cell:
    return Cell(ContractName.TOKEN, plain_slot(SUPPLY_SLOT), WORD, "the total supply")


def unpacked(word: int, packing: Packing) -> dict[str, int]:
    """The fields of a word; bits that belong to none are a field of their own."""
    fields = {}
    for name, bits in packing.items():
        fields[name] = word & ((1 << bits) - 1)
        word >>= bits
    return fields if not word else fields | {"unused bits": word}
