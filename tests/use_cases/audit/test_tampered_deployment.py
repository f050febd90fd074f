"""A deployment file of which one thing was changed (AUD-3): refused, or found on chain."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from backend.crypto.wallets import checksum_address
from backend.domain.errors import InvalidField, VitalMintError
from backend.domain.identifiers import WalletAddress
from backend.use_cases.audit.deployment_file import read_deployment
from tests.use_cases.audit.conftest import Recorded

SEED = 20261122

Path = tuple[str, ...]


def test_every_changed_field_is_found(recorded: Recorded) -> None:
    source = random.Random(SEED)
    file = json.loads(recorded.deployment_file)
    paths = list(leaves(file, ()))
    assert len(paths) == 21
    survivors = [
        path
        for path in paths
        for _ in range(2)
        if not is_found(recorded, with_other(file, path, other(value_at(file, path), source)))
    ]
    assert survivors == []


def test_every_missing_field_is_refused(recorded: Recorded) -> None:
    file = json.loads(recorded.deployment_file)
    for path in [*leaves(file, ()), ("contracts",), ("rates",), ("contracts", "RewardToken")]:
        copy = json.loads(recorded.deployment_file)
        del value_at(copy, path[:-1])[path[-1]]
        with pytest.raises(InvalidField):
            read_deployment(json.dumps(copy).encode())


def test_every_flipped_bit_is_found(recorded: Recorded) -> None:
    source = random.Random(SEED)
    whole = recorded.deployment_file
    survivors = []
    for at in source.sample(range(len(whole)), 60):
        changed = bytearray(whole)
        changed[at] ^= 1 << source.randrange(7)
        if blank(changed) != blank(whole) and not is_found(recorded, bytes(changed)):
            survivors.append((at, bytes(changed[at - 5 : at + 5])))
    assert survivors == []


def test_two_contracts_in_each_others_places_are_found(recorded: Recorded) -> None:
    file = json.loads(recorded.deployment_file)
    contracts = file["contracts"]
    token, consents = contracts["RewardToken"], contracts["ConsentRegistry"]
    contracts |= {"RewardToken": consents, "ConsentRegistry": token}
    assert is_found(recorded, json.dumps(file).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema": 1, "schema": 1}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_deployment_file_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidField):
        read_deployment(content)


def test_the_evaluator_is_read_where_one_is_named_and_strictly(recorded: Recorded) -> None:
    file = json.loads(recorded.deployment_file)
    named = json.dumps(file | {"evaluator": file["operator"]}).encode()
    assert read_deployment(named).evaluator == bytes.fromhex(file["operator"][2:])
    assert recorded.audit(deployment_file=named).holds
    for junk in (None, "", file["operator"].lower(), {"address": file["operator"]}):
        with pytest.raises(InvalidField):
            read_deployment(json.dumps(file | {"evaluator": junk}).encode())


def is_found(recorded: Recorded, file: bytes) -> bool:
    try:
        return not recorded.audit(deployment_file=file).holds
    except VitalMintError:
        return True


def leaves(value: Any, path: Path) -> Iterator[Path]:
    if not isinstance(value, dict):
        yield path
        return
    for name, inside in value.items():
        yield from leaves(inside, (*path, name))


def other(value: Any, source: random.Random) -> Any:
    """Another value of the same form."""
    if isinstance(value, int):
        return value + source.choice([1, 2, 100])
    if value.isdecimal():
        return str(int(value) + source.choice([1, -1, 1000]))
    if len(value) == 42:
        return checksum_address(WalletAddress("0x" + source.randbytes(20).hex()))
    return "0x" + source.randbytes(32).hex()


def value_at(file: Any, path: Path) -> Any:
    for step in path:
        file = file[step]
    return file


def with_other(file: Any, path: Path, value: Any) -> bytes:
    copy = json.loads(json.dumps(file))
    value_at(copy, path[:-1])[path[-1]] = value
    return json.dumps(copy).encode()


def blank(content: bytes | bytearray) -> bytes:
    """The content without the white space that means nothing in JSON."""
    return b"".join(bytes(content).split())
