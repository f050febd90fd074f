"""Reading a node's JSON: every field has the promised form, or the node is not to be believed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.domain.chain_events import Block
from backend.domain.errors import ChainUnavailable

_LATEST_MOMENT = 253_402_300_799
"""The last second of the year 9999: beyond it Python knows no date, uint48 does."""


def moment(seconds: int) -> datetime:
    """A contract's uint48 seconds as a UTC moment; what lies beyond the year 9999 ends with it."""
    return datetime.fromtimestamp(min(seconds, _LATEST_MOMENT), UTC)


def quantity(value: object) -> int:
    """A JSON-RPC quantity such as "0x1b4"."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise nonsense("a number")
    try:
        return int(value, 16)
    except ValueError as error:
        raise nonsense("a number") from error


def octets(value: object, *, size: int | None = None) -> bytes:
    """JSON-RPC bytes such as "0x00ff", `size` of them when given."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise nonsense("bytes")
    try:
        result = bytes.fromhex(value[2:])
    except ValueError as error:
        raise nonsense("bytes") from error
    if size is not None and len(result) != size:
        raise nonsense(f"{size} bytes")
    return result


def hexadecimal(value: object, *, size: int) -> str:
    """`size` bytes as lower-case text with 0x."""
    return "0x" + octets(value, size=size).hex()


def fields(value: object) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise nonsense("an object")
    return value


def entries(value: object) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise nonsense("a list")
    return value


def block(value: object, *, number: int | None = None) -> Block:
    """A block's header, standing at `number` when that is given."""
    header = fields(value)
    found = Block(
        number=quantity(header.get("number")),
        hash=hexadecimal(header.get("hash"), size=32),
        parent_hash=hexadecimal(header.get("parentHash"), size=32),
        time=moment(quantity(header.get("timestamp"))),
    )
    if number is not None and found.number != number:
        raise nonsense(f"block {number}")
    return found


def nonsense(wanted: str) -> ChainUnavailable:
    """The error for an answer that is not what it must be."""
    return ChainUnavailable(
        f"the chain's node answered something that is not {wanted}: check VITALMINT_RPC_URL"
    )
