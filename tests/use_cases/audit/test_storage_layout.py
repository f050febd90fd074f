"""Where the audit looks for the contracts' words is where the compiler puts them (AUD-3)."""

from typing import Any

import pytest

from backend.use_cases.audit import storage
from scripts.solidity import CompilationFailed, compile_contracts

BITS = 8


@pytest.fixture(scope="module")
def layouts() -> dict[str, Any]:
    try:
        compiled = compile_contracts(["storageLayout"])
    except CompilationFailed as failure:
        pytest.skip(str(failure))
    return {name: one["storageLayout"] for name, one in compiled.items()}


@pytest.mark.parametrize(
    ("contract", "variable", "slot"),
    [
        ("ConsentRegistry", "_standings", storage.STANDINGS_SLOT),
        ("ContributionRegistry", "_desk", storage.DESK_SLOT),
        ("ContributionRegistry", "_records", storage.RECORDS_SLOT),
        ("ContributionRegistry", "proposedRecorder", storage.PROPOSED_SLOT),
        ("RewardToken", "_balances", storage.BALANCES_SLOT),
        ("RewardToken", "_totalSupply", storage.SUPPLY_SLOT),
    ],
)
def test_variables_lie_where_the_audit_looks(
    layouts: dict[str, Any], contract: str, variable: str, slot: int
) -> None:
    slots = {one["label"]: int(one["slot"]) for one in layouts[contract]["storage"]}
    assert slots[variable] == slot


@pytest.mark.parametrize(
    ("contract", "struct", "packing"),
    [
        ("ConsentRegistry", "Standing", storage.STANDING),
        ("ContributionRegistry", "Desk", storage.DESK),
        ("ContributionRegistry", "Record", storage.RECORD),
    ],
)
def test_words_are_packed_as_the_audit_unpacks_them(
    layouts: dict[str, Any], contract: str, struct: str, packing: dict[str, int]
) -> None:
    types = layouts[contract]["types"]
    found = next(one for name, one in types.items() if name.startswith(f"t_struct({struct})"))
    members = [
        (one["label"], int(one["offset"]), int(types[one["type"]]["numberOfBytes"]) * BITS)
        for one in found["members"]
    ]
    expected, offset = [], 0
    for name, bits in packing.items():
        expected.append((name, offset // BITS, bits))
        offset += bits
    assert members == expected
    assert all(one["slot"] == "0" for one in found["members"])
