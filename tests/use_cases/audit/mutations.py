"""Every way to change one thing in what a node said, named by the class of what is changed."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_utils.abi import abi_to_signature

from backend.adapters.chain.abi import CONTRACT_NAMES, events_by_topic, load_abi
from backend.adapters.chain.json_rpc import Refusal
from backend.crypto.keccak import keccak
from tests.use_cases.audit.replay import Answers

Path = tuple[str | int, ...]
WORD = 64
"""Hexadecimal digits of 32 bytes."""


@dataclass(frozen=True)
class Leaf:
    """One value in one answer; `at` is the 32-byte word of longer data that is meant."""

    key: str
    path: Path
    kind: str
    at: int | None = None


def leaves(answers: Answers) -> Iterator[Leaf]:
    """Every value that a node gave, once, with its class."""
    for key, answer in answers.items():
        if isinstance(answer, Refusal):
            continue
        method, params = json.loads(key)
        label = _label(method, params)
        for path, value in _walk(answer, ()):
            kind = ".".join("*" if isinstance(step, int) else step for step in path)
            event = _event_of(answer, path)
            for at in _words(path, value, label):
                word = "" if at is None else f"[{at}]"
                yield Leaf(key, path, f"{label} {event}{kind}{word}", at)


def tampering(leaf: Leaf, source: random.Random) -> Callable[[Any], Any]:
    """A change of the leaf's value to another of the same form."""

    def change(value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if value is None:
            return "0x" + "11" * 20
        assert isinstance(value, str) and value.startswith("0x")
        digits = value[2:]
        if leaf.at is not None:
            start = _first_word(digits) + leaf.at * WORD
            return "0x" + _flipped(digits, start, min(start + WORD, len(digits)), source)
        if not digits:
            return "0x00"
        if len(digits) % 2 == 0 and len(digits) >= 16:
            return "0x" + _flipped(digits, 0, len(digits), source)
        return hex(int(digits, 16) + 1)

    return change


def _first_word(digits: str) -> int:
    """Call data begins with a selector of 4 bytes; logs and answers are whole words."""
    return len(digits) % WORD if len(digits) % WORD == 8 else 0


def _flipped(digits: str, start: int, end: int, source: random.Random) -> str:
    at = source.randrange(start, end)
    other = format(int(digits[at], 16) ^ source.randrange(1, 16), "x")
    return digits[:at] + other + digits[at + 1 :]


def _words(path: Path, value: Any, label: str) -> Sequence[int | None]:
    """The words of log data, call data and answers are classes of their own."""
    if not isinstance(value, str):
        return [None]
    told = (path and path[-1] in ("data", "input")) or label.startswith("eth_call")
    digits = value[2:]
    count = (len(digits) - _first_word(digits)) // WORD
    return list(range(min(count, 12))) if told and count else [None]


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from _walk(inside, (*path, name))
    elif isinstance(value, list):
        for at, inside in enumerate(value):
            yield from _walk(inside, (*path, at))
    else:
        yield path, value


def _label(method: str, params: list[Any]) -> str:
    if method == "eth_call":
        return f"eth_call {_function_names()[params[0]['data'][2:10]]}"
    if method == "eth_getBlockByNumber" and params[0] == "latest":
        return "the newest block"
    return str(method)


def _event_of(answer: Any, path: Path) -> str:
    """The event's name when the path leads into a log."""
    if "logs" not in path or not isinstance(answer, dict):
        return ""
    log = answer["logs"][path[path.index("logs") + 1]]
    topic = f" topic {path[-1]} of" if path[-2] == "topics" else ""
    return f"{_event_names()[log['topics'][0]]}{topic} "


@cache
def _event_names() -> dict[str, str]:
    return {
        "0x" + topic.hex(): signature.name
        for contract in CONTRACT_NAMES
        for topic, signature in events_by_topic(contract).items()
    }


@cache
def _function_names() -> dict[str, str]:
    return {
        keccak(abi_to_signature(entry).encode())[:4].hex(): entry["name"]
        for contract in CONTRACT_NAMES
        for entry in load_abi(contract)
        if entry["type"] == "function"
    }
