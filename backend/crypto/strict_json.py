"""Documents that are signed or hashed: exactly the fields, exactly the types, one form of bytes."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeVar

from backend.crypto.cid import digest_of_cid
from backend.domain.errors import InvalidField
from backend.domain.identifiers import Cid, WalletAddress, wallet_address
from backend.domain.release import canonical_json

_HEX = re.compile(r"0x(?:[0-9a-f]{2})+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LARGEST = 2**63
_Read = TypeVar("_Read")


def canonical_bytes(document: str, value: Any) -> bytes:
    """The canonical JSON of `value`; `InvalidField` for NaN, infinities and what is no text."""
    try:
        return canonical_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidField(document, f"the {document} cannot be written: {error}") from error


def canonical_value(document: str, content: bytes, *, most: int) -> Any:
    """The value whose canonical JSON is `content`, or `InvalidField`.

    A name that stands twice, a number written another way, a space: every byte that the canonical
    form does not have is refused.
    """
    if len(content) > most:
        raise InvalidField(document, f"a {document} has at most {most} bytes")
    try:
        value = json.loads(content.decode())
        written = canonical_json(value)
    except (ValueError, RecursionError) as error:
        raise InvalidField(document, f"the {document} is not JSON as it is signed") from error
    if written != content:
        raise InvalidField(document, f"the {document} is not in its canonical form")
    return value


class Fields:
    """An object of exactly these names; each reader refuses what is of another type."""

    def __init__(self, document: str, value: Any, names: str) -> None:
        self._document = document
        wanted = set(names.split())
        if not isinstance(value, dict):
            raise self._fault(document, "is no object")
        if missing := wanted - value.keys():
            raise self._fault(min(missing), "is missing")
        if unknown := value.keys() - wanted:
            raise self._fault(min(unknown), "is not a field of it")
        self._value = value

    def raw(self, name: str) -> Any:
        """Whatever stands there."""
        return self._value[name]

    def exactly(self, name: str, wanted: str) -> None:
        """The one value that is known here."""
        if self._value[name] != wanted:
            raise self._fault(name, f"is not {wanted}")

    def text(self, name: str) -> str:
        return self._as(name, str, "a text")

    def whole(self, name: str) -> int:
        """A whole number from 0 to 2^63 − 1."""
        value = self._as(name, int, "a whole number")
        if not 0 <= value < _LARGEST:
            raise self._fault(name, "is out of its range")
        return value

    def number(self, name: str) -> float:
        """A finite number, written as one with a fraction."""
        value = self._as(name, float, "a number with a fraction")
        if not isfinite(value):
            raise self._fault(name, "is not finite")
        return value

    def octets(self, name: str, size: int) -> bytes:
        """So many bytes, as 0x and lower-case digits."""
        value = self.text(name)
        if not _HEX.fullmatch(value) or len(value) != 2 + 2 * size:
            raise self._fault(name, f"is 0x and {2 * size} lower-case hexadecimal digits")
        return bytes.fromhex(value[2:])

    def moment(self, name: str) -> datetime:
        """A whole second UTC, as 2026-11-22T09:00:00Z."""
        value = self.text(name)
        try:
            if not _MOMENT.fullmatch(value):
                raise ValueError
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise self._fault(name, "is a moment as 2026-11-22T09:00:00Z") from error

    def wallet(self, name: str) -> WalletAddress:
        value = self.text(name)
        found = self._read(name, value, wallet_address)
        if found != value:
            raise self._fault(name, "is an address in lower case")
        return found

    def cid(self, name: str) -> Cid:
        value = self.text(name)
        self._read(name, value, digest_of_cid)
        return Cid(value)

    def each(self, name: str) -> list[Any]:
        return self._as(name, list, "a list")

    def named(self, name: str) -> dict[str, Any]:
        return self._as(name, dict, "an object")

    def _as(self, name: str, kind: type[_Read], wanted: str) -> _Read:
        value = self._value[name]
        if type(value) is not kind:
            raise self._fault(name, f"is not {wanted}")
        read: _Read = value
        return read

    def _read(self, name: str, value: str, read: Callable[[str], _Read]) -> _Read:
        try:
            return read(value)
        except InvalidField as error:
            raise self._fault(name, f"is not usable: {error.message}") from error

    def _fault(self, name: str, message: str) -> InvalidField:
        return InvalidField(self._document, f"{self._document}: {name[:64]!r} {message}")


def moment_text(document: str, value: datetime) -> str:
    """A moment as it stands in documents; `InvalidField` unless it is a whole second UTC."""
    if value.utcoffset() is None or value.microsecond:
        raise InvalidField(document, f"moments of a {document} are whole seconds UTC")
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
