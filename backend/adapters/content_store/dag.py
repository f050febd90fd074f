"""Reading what a node returns about content: the links of a block, the forms of a CID."""

from collections.abc import Iterator

from backend.crypto.cid import cid_of, digest_of_cid
from backend.domain.errors import InvalidField
from backend.domain.identifiers import Cid, ContentDigest

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LINK, _LINK_HASH = 2, 1
_VARINT, _BYTES = 0, 2


def our_form(name: str) -> Cid | None:
    """A CID of our kind in base32, given in base32 or base58btc; None for any other kind."""
    try:
        if name.startswith("z"):
            return cid_of(_digest(_base58_bytes(name[1:])))
        return cid_of(digest_of_cid(name))
    except InvalidField:
        return None


def links(block: bytes) -> tuple[Cid, ...]:
    """The children of a dag-pb block, in order; `InvalidField` when it is none of ours."""
    return tuple(
        cid_of(_digest(value))
        for number, link in _fields(block)
        if number == _LINK
        for inner, value in _fields(link)
        if inner == _LINK_HASH
    )


def _digest(binary_cid: bytes) -> ContentDigest:
    if len(binary_cid) != 36 or binary_cid[0] != 1 or binary_cid[2:4] != b"\x12\x20":
        raise InvalidField("cid", "a content id is CIDv1 with a sha2-256 digest")
    return ContentDigest(binary_cid[4:], binary_cid[1])


def _base58_bytes(text: str) -> bytes:
    number = 0
    for letter in text:
        at = _BASE58.find(letter)
        if at < 0 or number.bit_length() > 36 * 8:
            raise InvalidField("cid", "a content id is CIDv1 with a sha2-256 digest")
        number = number * 58 + at
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; numbers are skipped."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == _VARINT:
            _, at = _varint(message, at)
            continue
        size, at = _varint(message, at)
        if key & 7 != _BYTES or at + size > len(message):
            raise InvalidField("block", "the block is no dag-pb node")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 63, 7):
        if at >= len(message):
            break
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise InvalidField("block", "the block is no dag-pb node")
