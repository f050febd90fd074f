"""The canonical trace: the one versioned byte form that is sealed, never the vendor's file.

Layout of version 1, all integers little-endian:

===========  ======================  ===========================================================
bytes        content                 notes
===========  ======================  ===========================================================
4            ``VMCT``                magic
2            version                 unsigned; 1
4            length of the header    unsigned
…            header                  JSON, ASCII, keys sorted, no spaces: count, duplicates,
                                     format, high, low, unit, zone
8 x count    UTC                     int64, seconds since 1970, ascending
2 x count    offset                  int16, minutes of wall time ahead of UTC
2 x count    glucose                 uint16, tenths of mg/dL
1 x count    flags                   uint8: bit 0 below range, bit 1 above range, bit 2 scanned
32           SHA-256                 of everything before it
===========  ======================  ===========================================================

It holds no name, no serial number, no note and no row of the vendor's other records. Equal traces
have equal bytes on every machine.
"""

import hashlib
import json
import struct

import numpy as np
import numpy.typing as npt

from ml.records.cgm.trace import HIGH, LOW, CgmTrace, Tally
from ml.records.errors import UnreadableRecord

VERSION = 1

_MAGIC = b"VMCT"
_PREFIX = struct.Struct("<4sHI")
_DIGEST_BYTES = 32
_COLUMNS = (("utc", "<i8"), ("offset", "<i2"), ("glucose", "<u2"), ("flags", "u1"))
_ROW_BYTES = sum(np.dtype(kind).itemsize for _, kind in _COLUMNS)
_BELOW, _ABOVE, _SCANNED = 1, 2, 4


def canonical_bytes(trace: CgmTrace) -> bytes:
    """The canonical form of `trace`.

    Raises:
        UnreadableRecord: the trace was read without a zone and has no moments to keep.
    """
    if trace.utc is None:
        raise UnreadableRecord("read without a time zone; name the zone to contribute the file")
    header = {
        "count": len(trace),
        "duplicates": trace.tally.duplicates,
        "format": trace.format,
        "high": trace.tally.high,
        "low": trace.tally.low,
        "unit": trace.unit,
        "zone": trace.zone,
    }
    encoded = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    utc = trace.utc.astype(np.int64)
    flags = (
        np.where(trace.censored == LOW, _BELOW, 0)
        | np.where(trace.censored == HIGH, _ABOVE, 0)
        | np.where(trace.scanned, _SCANNED, 0)
    )
    columns = (utc, (trace.local.astype(np.int64) - utc) // 60, trace.tenths, flags)
    packed = b"".join(
        column.astype(kind).tobytes() for column, (_, kind) in zip(columns, _COLUMNS, strict=True)
    )
    content = _PREFIX.pack(_MAGIC, VERSION, len(encoded)) + encoded + packed
    return content + hashlib.sha256(content).digest()


def from_canonical_bytes(data: bytes) -> CgmTrace:
    """The trace of which `data` is the canonical form.

    Raises:
        UnreadableRecord: no canonical trace, of a newer version, cut short or altered.
    """
    if len(data) < _PREFIX.size + _DIGEST_BYTES or not data.startswith(_MAGIC):
        raise UnreadableRecord("not a canonical glucose trace")
    _, version, header_bytes = _PREFIX.unpack_from(data)
    if version != VERSION:
        raise UnreadableRecord(
            f"a canonical trace of version {version}; this software reads version {VERSION}"
        )
    if hashlib.sha256(data[:-_DIGEST_BYTES]).digest() != data[-_DIGEST_BYTES:]:
        raise UnreadableRecord("the canonical trace is cut short or altered")
    start = _PREFIX.size + header_bytes
    try:
        header = json.loads(data[_PREFIX.size : start])
        tally = Tally(low=header["low"], high=header["high"], duplicates=header["duplicates"])
        count, names = int(header["count"]), (header["format"], header["unit"], header["zone"])
    except (ValueError, KeyError, TypeError):
        raise UnreadableRecord("the header of the canonical trace is illegible") from None
    columns = _unpack(data[start:-_DIGEST_BYTES], count)
    utc, flags = columns["utc"].astype(np.int64), columns["flags"]
    return CgmTrace(
        format=names[0],
        unit=names[1],
        zone=names[2],
        local=(utc + columns["offset"].astype(np.int64) * 60).astype("M8[s]"),
        utc=utc.astype("M8[s]"),
        mg_dl=(columns["glucose"] / 10).astype(np.float32),
        censored=_censored(flags),
        scanned=(flags & _SCANNED) != 0,
        tally=tally,
    )


def _censored(flags: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
    below, above = (flags & _BELOW) != 0, (flags & _ABOVE) != 0
    return np.select([below, above], [LOW, HIGH], 0).astype(np.int8)


def _unpack(packed: bytes, count: int) -> dict[str, npt.NDArray[np.integer]]:
    if len(packed) != count * _ROW_BYTES:
        raise UnreadableRecord("the canonical trace does not hold the readings it announces")
    columns, at = {}, 0
    for name, kind in _COLUMNS:
        columns[name] = np.frombuffer(packed, dtype=kind, count=count, offset=at)
        at += count * np.dtype(kind).itemsize
    return columns
