"""Logs, answers and call data as what they say, by the exported ABIs.

What the contracts and the node wrote is held to every padding byte. Call data is anybody's: it is
read as the contract reads it, since what it accepted has happened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from eth_abi import abi
from eth_abi.exceptions import DecodingError, EncodingError

from backend.adapters.chain.abi import load_abi
from backend.crypto.keccak import keccak
from backend.domain import ledger
from backend.domain.deployment import ContractName
from backend.domain.evidence import LogEvidence
from backend.ports.chain_evidence import Value, View

Json = Mapping[str, Any]
Arguments = dict[str, Any]

_EVENTS: dict[str, Callable[[Arguments], ledger.Event]] = {
    "ConsentGranted": lambda a: ledger.ConsentGranted(
        a["schemaVersion"],
        a["contributor"],
        a["kinds"],
        a["purposes"],
        a["custodial"],
        a["expiresAt"],
        a["nonce"],
    ),
    "ConsentRevoked": lambda a: ledger.ConsentRevoked(
        a["schemaVersion"], a["contributor"], a["nonce"]
    ),
    "ContributionRegistered": lambda a: ledger.ContributionRegistered(
        a["schemaVersion"],
        a["digest"],
        a["contributor"],
        a["kind"],
        a["codec"],
        a["quality"],
        a["reward"],
    ),
    "ContributionErased": lambda a: ledger.ContributionErased(
        a["schemaVersion"], a["digest"], a["contributor"]
    ),
    "Paused": lambda a: ledger.Paused(a["schemaVersion"], a["account"]),
    "Unpaused": lambda a: ledger.Unpaused(a["schemaVersion"], a["account"]),
    "RecorderProposed": lambda a: ledger.RecorderProposed(
        a["schemaVersion"], a["current"], a["proposed"]
    ),
    "RecorderChanged": lambda a: ledger.RecorderChanged(
        a["schemaVersion"], a["previous"], a["current"]
    ),
    "Transfer": lambda a: ledger.Transfer(a["from"], a["to"], a["value"]),
    "Approval": lambda a: ledger.Approval(a["owner"], a["spender"], a["value"]),
}

_CALLS: dict[str, Callable[[Arguments], ledger.Call]] = {
    "grant": lambda a: ledger.Grant(*(*a["consent"], a["signature"])),
    "revoke": lambda a: ledger.Revoke(),
    "revokeBySignature": lambda a: ledger.RevokeBySignature(
        a["contributor"], a["deadline"], a["signature"]
    ),
    "register": lambda a: ledger.Register(
        a["digest"], a["codec"], a["kind"], a["contributor"], a["quality"]
    ),
    "markErased": lambda a: ledger.MarkErased(a["digest"]),
    "proposeRecorder": lambda a: ledger.ProposeRecorder(a["next"]),
    "acceptRecorder": lambda a: ledger.Plain("acceptRecorder"),
    "pause": lambda a: ledger.Plain("pause"),
    "unpause": lambda a: ledger.Plain("unpause"),
    "transfer": lambda a: ledger.SentTokens(None, a["to"], a["value"]),
    "transferFrom": lambda a: ledger.SentTokens(a["from"], a["to"], a["value"]),
    "approve": lambda a: ledger.Approve(a["spender"], a["value"]),
    "permit": lambda a: ledger.Permit(
        a["owner"], a["spender"], a["value"], a["deadline"], a["r"] + a["s"] + bytes([a["v"]])
    ),
}


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _truth(word: bytes) -> bool | None:
    return {b"\0": False, b"\1": True}.get(word)


_WORDS: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "address": (20, bytes),
    "bytes32": (32, bytes),
    "bool": (1, _truth),
    **{f"uint{8 * size}": (size, _number) for size in range(1, 33)},
}
"""Types of one word: how many of its bytes count, the last ones, and what they are."""


class ContractLanguage:
    """Reads and writes what one contract understands."""

    def __init__(self, contract: ContractName) -> None:
        entries = load_abi(contract.value)
        self._events = {_topic(one): one for one in entries if one["type"] == "event"}
        functions = [one for one in entries if one["type"] == "function"]
        self._by_selector = {_topic(one)[:4]: one for one in functions}
        self._by_name = {one["name"]: one for one in functions}

    def event(self, log: LogEvidence) -> ledger.Event | None:
        """The event that the log is, or None."""
        entry = self._events.get(log.topics[0]) if log.topics else None
        if entry is None or entry["name"] not in _EVENTS:
            return None
        indexed = [one for one in entry["inputs"] if one["indexed"]]
        plain = [one for one in entry["inputs"] if not one["indexed"]]
        if len(log.topics) != 1 + len(indexed):
            return None
        named = _decoded(indexed, b"".join(log.topics[1:]))
        rest = _decoded(plain, log.data)
        if named is None or rest is None or len(log.data) != 32 * len(plain):
            return None
        return _EVENTS[entry["name"]](named | rest)

    def call(self, data: bytes) -> ledger.Call | None:
        """The call that the data makes, or None."""
        entry = self._by_selector.get(data[:4])
        if entry is None or entry["name"] not in _CALLS:
            return None
        arguments = _told(entry["inputs"], data[4:])
        return None if arguments is None else _CALLS[entry["name"]](arguments)

    def calls_within(self, data: bytes) -> list[ledger.Call]:
        """Every call that begins anywhere in the data."""
        starts = (at for selector in self._by_selector for at in _occurrences(selector, data))
        calls = (self.call(data[at:]) for at in sorted(starts))
        return [call for call in calls if call is not None]

    def question(self, view: View) -> bytes:
        """Call data that asks for the view."""
        entry = self._by_name[view.function]
        types = [_type(one) for one in entry["inputs"]]
        try:
            return _topic(entry)[:4] + abi.encode(types, view.arguments)
        except EncodingError as error:
            raise ValueError(f"{view.function} does not take these arguments") from error

    def answer(self, view: View, data: bytes) -> tuple[Value, ...] | None:
        """What the contract answered, addresses as bytes; None for what is no answer."""
        outputs = self._by_name[view.function]["outputs"]
        named = [{**one, "name": str(at)} for at, one in enumerate(outputs)]
        values = _decoded(named, data)
        return None if values is None else tuple(values[str(at)] for at in range(len(outputs)))


def _decoded(inputs: Sequence[Json], data: bytes) -> Arguments | None:
    """The arguments by name; None for data that does not encode them."""
    types = [_type(one) for one in inputs]
    if all(kind in _WORDS for kind in types):
        return _words(inputs, data)
    try:
        values = abi.decode(types, data)
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return None
    return {
        one["name"]: _plain(kind, value)
        for one, kind, value in zip(inputs, types, values, strict=True)
    }


def _told(inputs: Sequence[Json], data: bytes) -> Arguments | None:
    """The arguments of a call by name, None for data at which the contract would revert."""
    found: Arguments = {}
    at = 0
    for one in inputs:
        inside = one.get("components", [one])
        if one["type"] == "bytes":
            found[one["name"]] = _pointed_at(data, at)
        else:
            values = _words(inside, data[at:])
            whole = None if values is None else tuple(values.values())
            found[one["name"]] = whole[0] if whole and inside == [one] else whole
        at += 32 * len(inside)
    return None if None in found.values() else found


def _pointed_at(data: bytes, at: int) -> bytes | None:
    """The dynamic bytes whose offset stands at `at`, None where they do not lie in the data.

    As in Solidity the offset may point anywhere, and padding and what follows do not count.
    """
    start = _number(data[at : at + 32]) + 32
    if len(data) < max(at + 32, start):
        return None
    end = start + _number(data[start - 32 : start])
    return data[start:end] if end <= len(data) else None


def _words(inputs: Sequence[Json], data: bytes) -> Arguments | None:
    """Arguments of one word each: what eth-abi does as well, ten times slower."""
    if len(data) < 32 * len(inputs):
        return None
    found: Arguments = {}
    for at, one in enumerate(inputs):
        word = data[32 * at : 32 * at + 32]
        size, read = _WORDS[one["type"]]
        if any(word[: 32 - size]):
            return None
        found[one["name"]] = read(word[32 - size :])
    return None if None in found.values() else found


def _plain(kind: str, value: Any) -> Any:
    """Addresses, which eth-abi gives as text, as their 20 bytes; also inside a tuple."""
    if kind == "address":
        return bytes.fromhex(value[2:])
    if kind.startswith("("):
        return tuple(_plain(*one) for one in zip(kind[1:-1].split(","), value, strict=True))
    return value


def _occurrences(part: bytes, data: bytes) -> Iterator[int]:
    at = data.find(part)
    while at >= 0:
        yield at
        at = data.find(part, at + 1)


def _topic(entry: Json) -> bytes:
    types = ",".join(_type(one) for one in entry["inputs"])
    return keccak(f"{entry['name']}({types})".encode())


def _type(parameter: Json) -> str:
    if parameter["type"] == "tuple":
        return f"({','.join(_type(one) for one in parameter['components'])})"
    return str(parameter["type"])
