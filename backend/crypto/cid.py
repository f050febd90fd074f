"""Content ids recomputed without a node.

CIDv1, sha2-256, raw leaves, chunker size-1048576, balanced dag of width 174, base32
(DESIGN, "content"). Up to one chunk the root is the content itself (raw codec); above it
the root is a dag-pb node of UnixFS v1, as `ipfs add --cid-version=1` builds it.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from backend.domain.errors import InvalidField
from backend.domain.identifiers import DAG_PB, RAW, Cid, ContentDigest

CHUNK = 1_048_576
WIDTH = 174

_SHA2_256 = bytes([0x12, 0x20])
_UNIXFS_FILE = 2


@dataclass(frozen=True)
class _Node:
    """One node of the dag: its digest, the bytes of file below it, its own and all bytes."""

    digest: ContentDigest
    file_size: int
    total_size: int


def content_cid(content: bytes) -> Cid:
    """The CID under which a node with our parameters keeps `content`."""
    return cid_of(digest_of(content))


def digest_of(content: bytes) -> ContentDigest:
    """The digest and codec of the root block of `content`."""
    nodes = [_leaf(chunk) for chunk in _chunks(content)]
    while len(nodes) > 1:
        nodes = [_parent(nodes[at : at + WIDTH]) for at in range(0, len(nodes), WIDTH)]
    return nodes[0].digest


def cid_of(digest: ContentDigest) -> Cid:
    """The base32 CIDv1 of a digest."""
    text = base64.b32encode(_binary_cid(digest)).decode().lower().rstrip("=")
    return Cid("b" + text)


def digest_of_cid(cid: str) -> ContentDigest:
    """The digest inside one of our CIDs; `InvalidField` for any other form."""
    try:
        body = cid[1:].upper()
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError as error:
        raise InvalidField("cid", "a content id is base32 CIDv1, as in bafkrei…") from error
    if len(raw) != 36 or raw[0] != 1 or raw[2:4] != _SHA2_256:
        raise InvalidField("cid", "a content id is CIDv1 with a sha2-256 digest")
    digest = ContentDigest(raw[4:], raw[1])
    if cid_of(digest) != cid:
        raise InvalidField("cid", "a content id is written in canonical lower-case base32")
    return digest


def _chunks(content: bytes) -> Iterator[bytes]:
    for at in range(0, max(len(content), 1), CHUNK):
        yield content[at : at + CHUNK]


def _leaf(chunk: bytes) -> _Node:
    return _Node(ContentDigest(hashlib.sha256(chunk).digest(), RAW), len(chunk), len(chunk))


def _parent(children: list[_Node]) -> _Node:
    size = sum(child.file_size for child in children)
    unixfs = _varint_field(1, _UNIXFS_FILE) + _varint_field(3, size)
    unixfs += b"".join(_varint_field(4, child.file_size) for child in children)
    links = b"".join(_bytes_field(2, _link(child)) for child in children)
    block = links + _bytes_field(1, unixfs)
    total = len(block) + sum(child.total_size for child in children)
    return _Node(ContentDigest(hashlib.sha256(block).digest(), DAG_PB), size, total)


def _link(child: _Node) -> bytes:
    return (
        _bytes_field(1, _binary_cid(child.digest))
        + _bytes_field(2, b"")
        + _varint_field(3, child.total_size)
    )


def _binary_cid(digest: ContentDigest) -> bytes:
    return bytes([1, digest.codec]) + _SHA2_256 + digest.sha256


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint_field(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(value)) + value
