"""Contracts that break a promise, on a chain that is otherwise without a flaw: rules alone."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial

import pytest

from backend.adapters.chain.abi import CONTRACT_NAMES, events_by_topic
from backend.crypto.keccak import keccak
from backend.domain.deployment import ContractName
from backend.domain.evidence import LogEvidence
from tests.use_cases.audit.conftest import Recorded
from tests.use_cases.audit.forgery import (
    Blocks,
    ForgedEvidence,
    ForgedState,
    log_changed,
    opened,
    state_of,
    time_changed,
    transaction_changed,
)
from tests.use_cases.audit.replay import ReplayingNode

SEED = 20261122
OF_EACH = 2
"""How many instances of each class of change are tried."""

Place = tuple[int, int, int]
Change = Callable[[Blocks], None]


def test_a_forged_chain_that_says_the_same_holds(recorded: Recorded) -> None:
    assert not is_found(recorded, lambda blocks: None)


def test_every_changed_word_of_every_event_is_found_by_rule(recorded: Recorded) -> None:
    source = random.Random(SEED)
    classes: dict[str, list[Change]] = defaultdict(list)
    for at, log in logs(recorded):
        for word in range(1, len(log.topics) + len(log.data) // 32):
            kind = f"{event_name(log)} word {word}"
            classes[kind].append(partial(log_changed, at=at, log=other_word(log, word, source)))
    assert len(classes) >= 35
    assert survivors(recorded, classes, source) == []


def test_every_event_taken_away_or_said_twice_is_found_by_rule(recorded: Recorded) -> None:
    source = random.Random(SEED)
    classes: dict[str, list[Change]] = defaultdict(list)
    for at, log in logs(recorded):
        name = event_name(log)
        classes[f"{name} twice"].append(partial(log_changed, at=at, log=log, twice=True))
        # An allowance that nobody used, a proposal that was replaced, a revoke by a contract that
        # never consented: no state and no later event tells of them. The bloom does.
        if name not in ("Approval", "RecorderProposed") and is_direct(recorded, at):
            classes[f"{name} taken away"].append(partial(log_changed, at=at, log=None))
    assert survivors(recorded, classes, source) == []


def test_an_event_moved_to_another_contract_is_found_by_rule(recorded: Recorded) -> None:
    source = random.Random(SEED)
    classes: dict[str, list[Change]] = defaultdict(list)
    addresses = [one.address for one in recorded.deployment.contracts.values()]
    for at, log in logs(recorded):
        other = source.choice([one for one in addresses if one != log.address])
        moved = partial(log_changed, at=at, log=replace(log, address=other))
        classes[event_name(log)].append(moved)
    assert survivors(recorded, classes, source) == []


def test_every_changed_transaction_behind_an_event_is_found_by_rule(recorded: Recorded) -> None:
    source = random.Random(SEED)
    classes: dict[str, list[Change]] = defaultdict(list)
    for at, log in logs(recorded):
        sent = blocks_of(recorded)[at[0]].transactions[at[1]]
        if not is_direct(recorded, at):
            continue
        name = event_name(log)
        for word in range((meaning(sent.input) - 4 + 31) // 32):
            told = flipped(sent.input, 4 + 32 * word, source)
            classes[f"{name} input {word}"].append(
                partial(transaction_changed, at=at[:2], transaction=replace(sent, input=told))
            )
        if sent.input[:4] in SIGNED_INSIDE:
            continue
        for field in ("nonce", "r", "gas", "chain_id", "value"):
            wrong = replace(sent, **{field: getattr(sent, field) + 1})
            if field == "chain_id" and sent.type == 0:
                continue
            classes[f"{name} {field}"].append(
                partial(transaction_changed, at=at[:2], transaction=wrong)
            )
    assert survivors(recorded, classes, source, instances=1) == []


def test_a_moved_clock_is_found_by_rule_wherever_the_moment_counts(recorded: Recorded) -> None:
    registered = {at[0] for at, log in logs(recorded) if event_name(log) == REGISTERED}
    survived = [
        block
        for block in sorted(registered)
        if not is_found(recorded, partial(time_changed, block=block, seconds=1))
    ]
    assert survived == []


def test_every_changed_word_of_storage_is_found_by_rule(recorded: Recorded) -> None:
    source = random.Random(SEED)
    addresses = {name: one.address for name, one in recorded.deployment.contracts.items()}
    asked = [
        (json.loads(key)[1], answer)
        for key, answer in recorded.answers.items()
        if json.loads(key)[0] == "eth_getProof"
    ]
    words = [(address, at) for (address, slots, _), answer in asked for at in range(len(slots))]
    assert len(words) >= 25
    survived = []
    for address, at in words:
        forged = deepcopy(dict(recorded.answers))
        for key, answer in forged.items():
            if json.loads(key)[:1] == ["eth_getProof"] and json.loads(key)[1][0] == address:
                one = answer["storageProof"][at]
                one["value"] = hex(int(one["value"], 16) ^ 1 << source.randrange(256))
                break
        if not is_found(recorded, lambda blocks: None, state_of(forged, addresses)):
            survived.append((address, at))
    assert survived == []


@pytest.mark.parametrize("contract", list(ContractName))
def test_contracts_of_other_code_are_found(recorded: Recorded, contract: ContractName) -> None:
    def other_code(blocks: Blocks) -> None:
        made = recorded.deployment.contracts[contract]
        block = made.block - recorded.deployment.first_block
        sent = blocks[block].transactions[0]
        told = flipped(sent.input, 100, random.Random(SEED))
        transaction_changed(blocks, (block, 0), replace(sent, input=told))

    assert is_found(recorded, other_code)


REGISTERED = "ContributionRegistered"
SIGNED_INSIDE = {
    keccak(signature)[:4]
    for signature in (
        b"grant((address,uint8,uint8,bool,uint48,uint256,uint48),bytes)",
        b"revokeBySignature(address,uint48,bytes)",
        b"permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    )
}
"""What anybody may submit: its signature lies in the data, and the sender does not matter."""
PADDED = {
    keccak(signature)[:4]
    for signature in (
        b"grant((address,uint8,uint8,bool,uint48,uint256,uint48),bytes)",
        b"revokeBySignature(address,uint48,bytes)",
    )
}
"""What ends with 65 bytes of signature, and 31 of padding that the contract does not look at."""


def is_direct(recorded: Recorded, at: Place) -> bool:
    """Whether the transaction went to one of the contracts itself."""
    to = blocks_of(recorded)[at[0]].transactions[at[1]].to
    return to in {one.address for one in recorded.deployment.contracts.values()}


def survivors(
    recorded: Recorded,
    classes: dict[str, list[Change]],
    source: random.Random,
    instances: int = OF_EACH,
) -> list[str]:
    """The classes of which a change was not found."""
    return [
        kind
        for kind, changes in classes.items()
        for change in source.sample(changes, min(instances, len(changes)))
        if not is_found(recorded, change)
    ]


def is_found(recorded: Recorded, change: Change, state: ForgedState | None = None) -> bool:
    """Whether the audit of the forged chain finds a breach."""
    deployment = recorded.deployment
    addresses = {name: one.address for name, one in deployment.contracts.items()}
    evidence = ForgedEvidence(ReplayingNode(recorded.answers), addresses)
    state = state or state_of(recorded.answers, addresses)
    forged = evidence.forged(deployment.first_block, state, change)
    return not recorded.audit(evidence=forged).holds


def blocks_of(recorded: Recorded) -> Blocks:
    return opened(recorded.evidence(), recorded.deployment.first_block)


def logs(recorded: Recorded) -> Iterator[tuple[Place, LogEvidence]]:
    """Every log of the three contracts with its place."""
    for block, body in enumerate(blocks_of(recorded)):
        for receipt, one in enumerate(body.receipts):
            for position, log in enumerate(one.logs):
                yield (block, receipt, position), log


def event_name(log: LogEvidence) -> str:
    found = [events_by_topic(name).get(log.topics[0]) for name in CONTRACT_NAMES]
    return next(event.name for event in found if event is not None)


def other_word(log: LogEvidence, word: int, source: random.Random) -> LogEvidence:
    """The log with one of its words changed so that it still decodes: its last byte differs."""
    if word < len(log.topics):
        topics = list(log.topics)
        topics[word] = last_byte_changed(topics[word], source)
        return replace(log, topics=tuple(topics))
    start = 32 * (word - len(log.topics))
    changed = last_byte_changed(log.data[start : start + 32], source)
    return replace(log, data=log.data[:start] + changed + log.data[start + 32 :])


def last_byte_changed(word: bytes, source: random.Random) -> bytes:
    """Another number of nearly the same size; a truth value stays one."""
    number = int.from_bytes(word, "big")
    return (number ^ source.choice([1, 1, 2])).to_bytes(32, "big")


def meaning(data: bytes) -> int:
    """How much of call data the contract reads: not the padding after a signature."""
    return len(data) - 31 if data[:4] in PADDED else len(data)


def flipped(data: bytes, at: int, source: random.Random) -> bytes:
    """One bit changed in the 32 bytes from `at`, in what is read of them."""
    position = at + source.randrange(min(32, meaning(data) - at))
    changed = bytes([data[position] ^ 1 << source.randrange(8)])
    return data[:position] + changed + data[position + 1 :]
