"""The contracts' ABIs as exported from the Solidity source: the only place that reads them."""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

from backend.adapters.chain.words import Reader, reader_of

ContractName = Literal["ConsentRegistry", "RewardToken", "ContributionRegistry"]
CONTRACT_NAMES: tuple[ContractName, ...] = (
    "ConsentRegistry",
    "RewardToken",
    "ContributionRegistry",
)
Entry = dict[str, Any]


@dataclass(frozen=True)
class Signature:
    """An event or error: what it is called, and the names and types of its inputs in order."""

    name: str
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]

    @cached_property
    def word_readers(self) -> tuple[tuple[str, Reader], ...]:
        """For an event: the name of each field, indexed ones first, and what reads its word."""
        return tuple((name, reader_of(kind)) for name, kind in (*self.indexed, *self.plain))

    @cached_property
    def plain_types(self) -> tuple[str, ...]:
        return tuple(kind for _, kind in self.plain)


def load_abi(contract: ContractName) -> list[Entry]:
    """The contract's ABI."""
    text = (files(__package__) / "abi" / f"{contract}.json").read_text(encoding="utf-8")
    entries: list[Entry] = json.loads(text)
    return entries


def events_by_topic(contract: ContractName) -> dict[bytes, Signature]:
    """Every event the contract can emit, by its first topic."""
    from eth_utils.abi import event_abi_to_log_topic

    return {
        event_abi_to_log_topic(entry): _signature(entry)  # type: ignore[arg-type]
        for entry in load_abi(contract)
        if entry["type"] == "event"
    }


def errors_by_selector() -> dict[bytes, Signature]:
    """Every custom error of any of the contracts, by its four bytes."""
    from eth_utils.abi import abi_to_signature
    from eth_utils.crypto import keccak

    return {
        keccak(text=abi_to_signature(entry))[:4]: _signature(entry)  # type: ignore[arg-type]
        for contract in CONTRACT_NAMES
        for entry in load_abi(contract)
        if entry["type"] == "error"
    }


def _signature(entry: Entry) -> Signature:
    inputs = [(each["name"], each["type"], each.get("indexed", False)) for each in entry["inputs"]]
    return Signature(
        name=entry["name"],
        indexed=tuple((name, kind) for name, kind, indexed in inputs if indexed),
        plain=tuple((name, kind) for name, kind, indexed in inputs if not indexed),
    )
