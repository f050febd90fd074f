"""Glucose entries out of Nightscout JSON: an array as its API answers, or one object per line."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ml.records.cgm.formats import Dates, JsonFormat
from ml.records.cgm.timestamps import RowFault, parse_times
from ml.records.cgm.trace import HIGH, LOW, RawReadings
from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_LINES, line_at
from ml.records.units import tenths_of_mg_dl

MAX_ENTRY = 8 * 1024
_SPACE = " \t\r\n"


def looks_like_json(text: bytes) -> bool:
    """Whether the text begins as JSON entries do."""
    return text.lstrip()[:1] in (b"[", b"{")


def read_entries(text: bytes, known: JsonFormat) -> RawReadings:
    """Every glucose entry, in file order; entries of other types are left alone.

    Raises:
        UnreadableRecord: no JSON entries, an entry over 8 KiB, too many, none with glucose, or
            one whose glucose or moment cannot be.
    """
    if text.count(b"{") > MAX_LINES:
        raise UnreadableRecord(f"the file has more than {MAX_LINES:,} entries")
    rows = []
    for entry, offset in _entries(text):
        if entry.get("type", known.kind) != known.kind or known.value not in entry:
            continue
        try:
            row = _read(entry, known)
        except (RowFault, ValueError) as fault:
            reason = fault.reason if isinstance(fault, RowFault) else str(fault)
            raise UnreadableRecord(reason, line_at(text, offset)) from None
        if row is not None:
            rows.append((*row, offset))
    if not rows:
        raise UnreadableRecord(f"no glucose readings: no entry has the key {known.value}")
    value, utc, shift, offsets = (np.array(column) for column in zip(*rows, strict=True))
    return _raw(value, utc, shift, _lines(text, offsets), known)


def _entries(text: bytes) -> Iterator[tuple[dict[str, Any], int]]:
    """Each object with the byte offset at which it begins."""
    decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
    # Offsets of characters and bytes agree as long as the text is Latin-1 decoded; strings that
    # are not ASCII come out garbled, and none of them is used.
    chars = text.decode("latin-1")
    at = _skip(chars, 0)
    in_array = chars.startswith("[", at)
    at = _skip(chars, at + 1 if in_array else at)
    while at < len(chars) and not (in_array and chars[at] == "]"):
        try:
            entry, length = decode(chars[at : at + MAX_ENTRY])
        except (ValueError, RecursionError):
            raise UnreadableRecord(
                f"not valid JSON, or an entry of more than {MAX_ENTRY // 1024} KiB",
                line_at(text, at),
            ) from None
        if not isinstance(entry, dict):
            raise UnreadableRecord("an entry that is no JSON object", line_at(text, at))
        yield entry, at
        at = _skip(chars, at + length, "," if in_array else "")
    if in_array and at >= len(chars):
        raise UnreadableRecord("the JSON array never ends; the file is cut short")


def _skip(chars: str, at: int, also: str = "") -> int:
    while at < len(chars) and (chars[at] in _SPACE or chars[at] == also):
        at += 1
    return at


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _read(entry: dict[str, Any], known: JsonFormat) -> tuple[float, int, int] | None:
    """Value, moment in seconds and offset in seconds of one entry; None for a fault code."""
    value = entry[known.value]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("the glucose of the entry is no number")
    if value in known.fault_codes:
        return None
    if not known.floor_mg_dl <= value <= known.ceiling_mg_dl:
        raise ValueError(
            f"glucose outside the {known.floor_mg_dl:g} to {known.ceiling_mg_dl:g} mg/dL that "
            "this format can hold"
        )
    utc, shift = _moment(entry, known)
    minutes = entry.get(known.utc_offset_minutes)
    if isinstance(minutes, int | float) and not isinstance(minutes, bool) and abs(minutes) <= 900:
        shift = int(minutes) * 60
    return float(value), utc, shift


def _moment(entry: dict[str, Any], known: JsonFormat) -> tuple[int, int]:
    """Seconds since 1970, and the offset from UTC that the text of the moment names, if any."""
    moment = entry.get(known.moment_ms)
    if isinstance(moment, dict):  # mongoexport's {"$numberLong": "…"}
        moment = next(iter(moment.values()), None)
    if isinstance(moment, str) and moment.isdigit() and len(moment) < 16:
        moment = int(moment)
    text = entry.get(known.moment_iso)
    wall, offsets = (None, None)
    if isinstance(text, str):
        wall, offsets = parse_times([text], Dates.ISO, ())
    shift = 0 if offsets is None else int(offsets[0])
    if isinstance(moment, int | float) and not isinstance(moment, bool) and abs(moment) < 1e15:
        return int(moment // 1000), shift
    if wall is not None and offsets is not None:
        return int(wall[0]) - shift, shift
    raise ValueError(f"the entry has no moment under {known.moment_ms} or {known.moment_iso}")


def _lines(text: bytes, offsets: np.ndarray) -> np.ndarray:
    newlines = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    return np.searchsorted(newlines, offsets) + 1


def _raw(
    value: np.ndarray, utc: np.ndarray, shift: np.ndarray, lines: np.ndarray, known: JsonFormat
) -> RawReadings:
    low, high = value == known.low_code, value == known.high_code
    codes = np.select([low, high], [known.low_code + 1, known.high_code - 1], value)
    return RawReadings(
        format=known.name,
        unit=known.unit,
        local=utc + shift,
        utc=utc,
        tenths=tenths_of_mg_dl(codes, known.unit),
        censored=np.select([low, high], [LOW, HIGH], 0).astype(np.int8),
        worded=low | high,
        scanned=np.zeros(value.size, dtype=bool),
        device_clock=np.full(value.size, np.nan),
        device=np.zeros(value.size, dtype=np.int64),
        lines=lines,
    )
