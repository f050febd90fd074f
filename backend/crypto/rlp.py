"""Recursive length prefix, Ethereum's encoding of byte strings, numbers and lists."""

from collections.abc import Sequence

_ONE_BYTE = [bytes([value]) for value in range(256)]

Item = bytes | int | Sequence["Item"]


def encode(item: Item) -> bytes:
    """The encoding of `item`; a number is its shortest big-endian form."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _length(len(item), 0x80) + item
    body = b"".join(map(encode, item))
    return _length(len(body), 0xC0) + body


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return _ONE_BYTE[offset + size]
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return _ONE_BYTE[offset + 55 + len(digits)] + digits


def decode(data: bytes) -> Item:
    """The item that `data` encodes, numbers as bytes; `ValueError` unless it is exactly one."""
    item, end = _decoded(data, 0)
    if end != len(data):
        raise ValueError("there are bytes behind the item")
    return item


def _decoded(data: bytes, at: int) -> tuple[Item, int]:
    first = data[at] if at < len(data) else -1
    if 0 <= first < 0x80:
        return data[at : at + 1], at + 1
    listed = first >= 0xC0
    start, size = _span(data, at, first - (0xC0 if listed else 0x80))
    end = start + size
    if first < 0 or end > len(data):
        raise ValueError("the item is cut short")
    if not listed:
        return data[start:end], end
    parts: list[Item] = []
    while start < end:
        part, start = _decoded(data, start)
        parts.append(part)
    if start != end:
        raise ValueError("a part is longer than its list")
    return parts, end


def _span(data: bytes, at: int, size: int) -> tuple[int, int]:
    """Where the body begins, and its length."""
    if size < 56:
        return at + 1, size
    digits = size - 55
    return at + 1 + digits, int.from_bytes(data[at + 1 : at + 1 + digits], "big")
