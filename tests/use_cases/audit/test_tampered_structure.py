"""A node that leaves out, repeats, swaps or invents whole answers (AUD-2)."""

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.use_cases.audit.conftest import Recorded
from tests.use_cases.audit.replay import BLANK
from tests.use_cases.audit.test_tampered_node import found_with

SEED = 20261122
BLOCK, BY_HASH, RECEIPT = (
    "eth_getBlockByNumber",
    "eth_getBlockByHash",
    "eth_getTransactionReceipt",
)

Change = Callable[[dict[str, Any], random.Random], None]


def log_left_out(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"].pop(source.randrange(len(receipt["logs"])))


def log_repeated(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"].append(deepcopy(source.choice(receipt["logs"])))


def all_logs_left_out(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"] = []


def logs_reversed(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"].reverse()


def log_invented(receipt: dict[str, Any], source: random.Random) -> None:
    invented = deepcopy(receipt["logs"][0])
    invented["topics"][-1] = "0x" + source.randbytes(32).hex()
    receipt["logs"].append(invented)


def topic_left_out(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"][0]["topics"].pop()


def topic_added(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"][0]["topics"].append("0x" + "00" * 32)


def data_cut(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"][0]["data"] = receipt["logs"][0]["data"][:-64]


def data_appended(receipt: dict[str, Any], source: random.Random) -> None:
    receipt["logs"][0]["data"] += "00" * 32


def said_to_have_failed(receipt: dict[str, Any], source: random.Random) -> None:
    receipt |= {"status": "0x0", "logs": []}


@pytest.mark.parametrize(
    "change",
    [
        log_left_out,
        log_repeated,
        all_logs_left_out,
        log_invented,
        topic_left_out,
        topic_added,
        data_cut,
        data_appended,
        said_to_have_failed,
    ],
)
def test_a_receipt_with_other_logs_is_found(recorded: Recorded, change: Change) -> None:
    source = random.Random(SEED)
    key = source.choice([key for key in answers_to(recorded, RECEIPT) if logs_of(recorded, key)])
    assert found_with(recorded, {key: with_change(recorded, key, change, source)})


def test_logs_in_another_order_are_found(recorded: Recorded) -> None:
    source = random.Random(SEED)
    several = [key for key in answers_to(recorded, RECEIPT) if len(logs_of(recorded, key)) > 1]
    key = source.choice(several)
    assert found_with(recorded, {key: with_change(recorded, key, logs_reversed, source)})


@pytest.mark.parametrize("method", [BLOCK, BY_HASH, RECEIPT])
def test_two_answers_changed_for_each_other_are_found(recorded: Recorded, method: str) -> None:
    one, other = random.Random(SEED).sample(answers_to(recorded, method), 2)
    swapped = {one: recorded.answers[other], other: recorded.answers[one]}
    assert found_with(recorded, swapped)


@pytest.mark.parametrize("method", [BLOCK, BY_HASH, RECEIPT])
def test_one_answer_in_place_of_another_is_found(recorded: Recorded, method: str) -> None:
    one, other = random.Random(SEED + 1).sample(answers_to(recorded, method), 2)
    assert found_with(recorded, {one: recorded.answers[other]})


def test_answers_of_contracts_changed_for_each_other_are_found(recorded: Recorded) -> None:
    source = random.Random(SEED)
    keys = answers_to(recorded, "eth_call")
    pairs = [source.sample(keys, 2) for _ in range(20)]
    differing = [
        (one, other) for one, other in pairs if recorded.answers[one] != recorded.answers[other]
    ]
    assert len(differing) > 10
    for one, other in differing:
        swapped = {one: recorded.answers[other], other: recorded.answers[one]}
        assert found_with(recorded, swapped), (one, other)


def test_contracts_that_know_nothing_are_found(recorded: Recorded) -> None:
    for key in answers_to(recorded, "eth_call"):
        blank = BLANK if int(recorded.answers[key], 16) else "0x" + "ff" * 32
        assert found_with(recorded, {key: blank}), key


@pytest.mark.parametrize("change", ["left out", "repeated", "reversed"])
def test_a_block_with_other_transactions_is_found(recorded: Recorded, change: str) -> None:
    def other(block: dict[str, Any], source: random.Random) -> None:
        inside = block["transactions"]
        if change == "left out":
            inside.pop()
        elif change == "repeated":
            inside.append(deepcopy(inside[0]))
        else:
            inside.reverse()

    several = [
        key
        for key in answers_to(recorded, BY_HASH)
        if len(recorded.answers[key]["transactions"]) > 1
    ]
    key = several[0]
    assert found_with(recorded, {key: with_change(recorded, key, other, random.Random(SEED))})


def test_a_head_that_is_not_there_is_found(recorded: Recorded) -> None:
    newest = next(key for key in recorded.answers if json.loads(key) == [BLOCK, ["latest", False]])
    grown = recorded.answers[newest] | {"number": hex(10**6)}
    assert found_with(recorded, {newest: grown})


def answers_to(recorded: Recorded, method: str) -> list[str]:
    """The questions of one method that got an answer, the newest block's aside."""
    return [
        key
        for key in recorded.answers
        if json.loads(key)[0] == method and "latest" not in json.loads(key)[1]
    ]


def logs_of(recorded: Recorded, key: str) -> list[Any]:
    found: list[Any] = recorded.answers[key]["logs"]
    return found


def with_change(recorded: Recorded, key: str, change: Change, source: random.Random) -> Any:
    answer = deepcopy(recorded.answers[key])
    change(answer, source)
    assert answer != recorded.answers[key]
    return answer
