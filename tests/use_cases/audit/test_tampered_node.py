"""A node that changes one thing in one answer (AUD-1, AUD-2): every such change is found."""

import fnmatch
import json
import random
from collections import defaultdict

import pytest

from backend.domain.errors import VitalMintError
from tests.use_cases.audit.conftest import Recorded
from tests.use_cases.audit.mutations import Leaf, leaves, tampering
from tests.use_cases.audit.replay import Answers, ReplayingNode, changed

SEED = 20261122
MORE = 60
"""Changes beyond the one of each class, anywhere."""

NOT_BELIEVED = (
    # Said again elsewhere, or of no meaning: the audit derives what it needs and reads none of it.
    "*lock* size",
    "*lock* totalDifficulty",
    "eth_getBlockByNumber transactions.*",
    "eth_getBlockByHash transactions.*.blockHash",
    "eth_getBlockByHash transactions.*.blockNumber",
    "eth_getBlockByHash transactions.*.transactionIndex",
    "eth_getBlockByHash transactions.*.from",
    "eth_getBlockByHash transactions.*.yParity",
    "eth_getTransactionReceipt blockHash",
    "eth_getTransactionReceipt blockNumber",
    "eth_getTransactionReceipt transactionIndex",
    "eth_getTransactionReceipt from",
    "eth_getTransactionReceipt to",
    "eth_getTransactionReceipt gasUsed",
    "eth_getTransactionReceipt effectiveGasPrice",
    "eth_getTransactionReceipt contractAddress",
    "eth_getProof address",
    "eth_getProof storageProof.*.key",
)
FEE_CLASS = "eth_getBlockByHash transactions.*.gasPrice"
"""Signed in a transaction of type 0 or 1, derived and not believed from type 2 on."""


def test_one_change_of_every_class_is_found(recorded: Recorded) -> None:
    source = random.Random(SEED)
    survivors = [
        kind
        for kind, leaf in sorted(one_of_each_class(recorded.answers, source).items())
        if not is_found(recorded, leaf, source)
    ]
    assert survivors == []


def test_changes_anywhere_are_found(recorded: Recorded) -> None:
    source = random.Random(SEED + 1)
    believed = [leaf for leaf in leaves(recorded.answers) if is_believed(leaf, recorded.answers)]
    survivors = [
        (leaf.kind, leaf.key)
        for leaf in source.sample(believed, MORE)
        if not is_found(recorded, leaf, source)
    ]
    assert survivors == []


def test_the_classes_are_more_than_two_hundred(recorded: Recorded) -> None:
    classes = one_of_each_class(recorded.answers, random.Random(SEED))
    assert len(classes) >= 200


def test_every_field_of_every_event_is_among_the_classes(recorded: Recorded) -> None:
    classes = one_of_each_class(recorded.answers, random.Random(SEED))
    events = {kind.split()[1] for kind in classes if " logs." in kind}
    assert events == {
        "ConsentGranted",
        "ConsentRevoked",
        "ContributionRegistered",
        "ContributionErased",
        "Paused",
        "Unpaused",
        "RecorderProposed",
        "RecorderChanged",
        "Transfer",
        "Approval",
    }
    for event in events:
        about = [kind for kind in classes if f" {event} " in kind]
        for field in ("address", "blockHash", "blockNumber", "transactionHash", "removed",
                      "transactionIndex", "logIndex", "data[[]0]", "topics.*"):  # fmt: skip
            assert fnmatch.filter(about, f"*.{field}"), (event, field)


def test_what_is_not_believed_changes_no_verdict(recorded: Recorded) -> None:
    source = random.Random(SEED)
    classes: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves(recorded.answers):
        if not is_believed(leaf, recorded.answers):
            classes[leaf.kind].append(leaf)
    for kind, instances in classes.items():
        assert not is_found(recorded, source.choice(instances), source), kind


@pytest.mark.parametrize("wrong", [None, "0x", "", 7, [], {}, "latest"])
@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getTransactionReceipt",
                                    "eth_getBlockByHash", "eth_getProof", "eth_call",
                                    "eth_chainId"])  # fmt: skip
def test_an_answer_of_another_form_is_never_a_pass(
    recorded: Recorded, method: str, wrong: object
) -> None:
    keys = [key for key in recorded.answers if json.loads(key)[0] == method]
    key = random.Random(SEED).choice(keys)
    assert found_with(recorded, {key: wrong})


def one_of_each_class(answers: Answers, source: random.Random) -> dict[str, Leaf]:
    """A random instance of every class that is believed."""
    classes: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves(answers):
        if is_believed(leaf, answers):
            classes[leaf.kind].append(leaf)
    return {kind: source.choice(instances) for kind, instances in classes.items()}


def is_believed(leaf: Leaf, answers: Answers) -> bool:
    """Whether the audit reads the value."""
    if leaf.kind == FEE_CLASS:
        transaction = answers[leaf.key]["transactions"][leaf.path[1]]
        return transaction["type"] != "0x2"
    if leaf.kind == "eth_getBlockByHash transactions.*.chainId":
        transaction = answers[leaf.key]["transactions"][leaf.path[1]]
        return transaction["type"] != "0x0"
    return not any(fnmatch.fnmatchcase(leaf.kind, pattern) for pattern in NOT_BELIEVED)


def is_found(recorded: Recorded, leaf: Leaf, source: random.Random) -> bool:
    """Whether the audit notices the leaf's change."""
    change = tampering(leaf, source)
    return found_with(recorded, changed(recorded.answers, leaf.key, leaf.path, change))


def found_with(recorded: Recorded, answers: Answers) -> bool:
    """Whether an audit with these answers in place of the recorded ones does not pass."""
    node = ReplayingNode(recorded.answers, answers)
    try:
        return not recorded.audit(evidence=recorded.evidence(node)).holds
    except VitalMintError:
        return True
