"""The canonical trace: the one versioned byte form that is sealed, never the file itself.

Layout of version 1, all integers little-endian:

===========  ======================  ===========================================================
bytes        content                 notes
===========  ======================  ===========================================================
4            ``VMVT``                magic
2            version                 unsigned; 1
4            length of the header    unsigned
…            header                  JSON, ASCII, keys sorted, no spaces: count, decimals, format,
                                     timed, variables, zone
8 x count    UTC                     int64, microseconds since 1970, ascending; only when timed
2 x count    offset                  int16, minutes of wall time ahead of UTC; only when timed
4 x count    values                  int32 per variable, one variable after the other: number x
                                     10^decimals or position of the category; -2^31 is missing
32           SHA-256                 of everything before it
===========  ======================  ===========================================================

It holds the vocabulary's variables only: no name, no note and no other column. Equal traces have
equal bytes on every machine. A vocabulary that gives a position another category needs a new
version.
"""

import hashlib
import json
import struct

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord
from ml.records.vitals.trace import VitalsTrace
from ml.records.vitals.variable import Variable
from ml.records.vitals.vocabulary import variable

VERSION = 1

_MAGIC = b"VMVT"
_PREFIX = struct.Struct("<4sHI")
_DIGEST_BYTES = 32
_MISSING = -(2**31)


def canonical_bytes(trace: VitalsTrace) -> bytes:
    """The canonical form of `trace`.

    Raises:
        UnreadableRecord: its times were read without a zone, and are no moments to keep.
    """
    if trace.timed and trace.utc is None:
        raise UnreadableRecord("read without a time zone; name the zone to contribute the file")
    header = {
        "count": len(trace),
        "decimals": [known.decimals for known in trace.vocabulary],
        "format": trace.format,
        "timed": trace.timed,
        "variables": trace.variables,
        "zone": trace.zone,
    }
    encoded = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    content = _PREFIX.pack(_MAGIC, VERSION, len(encoded)) + encoded + _times(trace)
    content += b"".join(
        _whole(column, known.decimals).tobytes()
        for column, known in zip(trace.values.T, trace.vocabulary, strict=True)
    )
    return content + hashlib.sha256(content).digest()


def from_canonical_bytes(data: bytes) -> VitalsTrace:
    """The trace of which `data` is the canonical form.

    Raises:
        UnreadableRecord: no canonical trace, of a newer version, cut short or altered.
    """
    if len(data) < _PREFIX.size + _DIGEST_BYTES or not data.startswith(_MAGIC):
        raise UnreadableRecord("not a canonical trace of vital signs")
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
        known = tuple(variable(name) for name in header["variables"])
        decimals = [int(places) for places in header["decimals"]]
        count, timed = int(header["count"]), bool(header["timed"])
        shape = (header["format"], header["zone"])
    except (ValueError, KeyError, TypeError):
        raise UnreadableRecord("the header of the canonical trace is illegible") from None
    return _unpacked(data[start:-_DIGEST_BYTES], shape, known, decimals, count, timed)


def _times(trace: VitalsTrace) -> bytes:
    if trace.utc is None or trace.local is None:
        return b""
    utc = trace.utc.astype(np.int64)
    ahead = (trace.local.astype(np.int64) - utc) // 60_000_000
    return utc.astype("<i8").tobytes() + ahead.astype("<i2").tobytes()


def _whole(column: npt.NDArray[np.float64], decimals: int) -> npt.NDArray[np.int32]:
    scaled = np.rint(column * 10.0**decimals)
    whole: npt.NDArray[np.int32] = np.where(np.isnan(scaled), _MISSING, scaled).astype("<i4")
    return whole


def _unpacked(
    packed: bytes,
    shape: tuple[str, str | None],
    known: tuple[Variable, ...],
    decimals: list[int],
    count: int,
    timed: bool,
) -> VitalsTrace:
    times = 10 * count if timed else 0
    if len(packed) != times + 4 * count * len(known) or len(decimals) != len(known):
        raise UnreadableRecord("the canonical trace does not hold the rows it announces")
    whole = np.frombuffer(packed, dtype="<i4", offset=times).reshape(len(known), count).T
    scaled = np.where(whole == _MISSING, np.nan, whole.astype(np.float64))
    utc = local = None
    if timed:
        micros = np.frombuffer(packed, dtype="<i8", count=count).astype(np.int64)
        ahead = np.frombuffer(packed, dtype="<i2", count=count, offset=8 * count)
        utc = micros.astype("M8[us]")
        local = (micros + ahead.astype(np.int64) * 60_000_000).astype("M8[us]")
    return VitalsTrace(
        format=shape[0],
        zone=shape[1],
        variables=tuple(one.name for one in known),
        values=scaled / 10.0 ** np.array(decimals),
        local=local,
        utc=utc,
    )
