"""The access log: a changed, missing or moved entry breaks the chain where it happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.crypto.hash_chain import entry_hash, first_broken_link
from backend.domain.access import GENESIS, AccessEntry
from backend.domain.identifiers import AccountId

ACCOUNT = AccountId("0a" * 16)
START = datetime(2026, 11, 1, tzinfo=UTC)


def chain(length: int) -> list[AccessEntry]:
    entries: list[AccessEntry] = []
    previous = GENESIS
    for sequence in range(length):
        fields = {
            "account_id": ACCOUNT,
            "sequence": sequence,
            "at": START + timedelta(minutes=sequence),
            "actor": "owner",
            "subject": f"contribution {sequence}",
            "purpose": "export",
        }
        link = entry_hash(previous, **fields)
        entries.append(AccessEntry(**fields, previous=previous, hash=link))
        previous = link
    return entries


def test_an_untouched_chain_holds() -> None:
    assert first_broken_link(chain(5)) is None
    assert first_broken_link([]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "operator"},
        {"subject": "another"},
        {"purpose": "care"},
        {"at": START},
        {"sequence": 7},
        {"hash": bytes(32)},
        {"previous": bytes([1]) * 32},
        {"account_id": AccountId("0b" * 16)},
    ],
)
def test_a_changed_entry_is_found_where_it_stands(change: dict) -> None:
    entries = chain(5)
    entries[2] = replace(entries[2], **change)
    assert first_broken_link(entries) == 2


def test_a_missing_and_a_moved_entry_are_found() -> None:
    entries = chain(5)
    assert first_broken_link(entries[:1] + entries[2:]) == 1
    assert first_broken_link([entries[0], entries[2], entries[1], *entries[3:]]) == 1
