"""Glucose entries out of Nightscout JSON: an array as its API answers, or one object per line."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.records.cgm.formats import JsonFormat
from ml.records.cgm.timestamps import RowFault, parse_each_iso
from ml.records.cgm.trace import HIGH, LOW, RawReadings
from ml.records.errors import UnreadableRecord
from ml.records.intake import MAX_LINES, line_at
from ml.records.units import tenths_of_mg_dl

MAX_ENTRY = 8 * 1024
BATCH = 10_000
"""Entries whose moments are read at a time."""
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
    parts = [_timed(batch, text, known) for batch in _batches(_rows(text, known)) if batch]
    if not parts:
        raise UnreadableRecord(f"no glucose readings: no entry has the key {known.value}")
    value, utc, shift, offsets = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _raw(value, utc, shift, _lines(text, offsets), known)


@dataclass(frozen=True, slots=True)
class _Row:
    """What one entry says; `offset` is the byte at which it begins."""

    value: float
    moment: int | None
    written: str | None
    shift: int | None
    offset: int


def _rows(text: bytes, known: JsonFormat) -> Iterator[_Row]:
    """Every glucose entry but fault codes; nothing of its moment's text has been read yet."""
    for entry, offset in _entries(text):
        if entry.get("type", known.kind) != known.kind or known.value not in entry:
            continue
        try:
            row = _read(entry, offset, known)
        except ValueError as fault:
            raise UnreadableRecord(str(fault), line_at(text, offset)) from None
        if row is not None:
            yield row


def _batches(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    """So many rows at a time; a fault among them comes after the rows before it."""
    batch: list[_Row] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except UnreadableRecord:
        yield batch
        raise
    yield batch


def _timed(batch: list[_Row], text: bytes, known: JsonFormat) -> tuple[np.ndarray, ...]:
    """Values, moments in seconds since 1970, offsets from UTC in seconds, offsets in the file."""
    count = len(batch)
    wall, shift = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    anchored = np.zeros(count, dtype=bool)
    written = [row for row, one in enumerate(batch) if one.written is not None]
    try:
        parsed = parse_each_iso([batch[row].written or "" for row in written])
    except RowFault as fault:
        faulty = written[fault.row]
        if faulty:
            _timed(batch[:faulty], text, known)  # an earlier row's fault is told before this one
        raise UnreadableRecord(fault.reason, line_at(text, batch[faulty].offset)) from None
    wall[written], shift[written], anchored[written] = parsed
    counted = np.array([one.moment is not None for one in batch])
    if not (anchored | counted).all():
        offset = batch[int(np.argmin(anchored | counted))].offset
        raise UnreadableRecord(_without_moment(known), line_at(text, offset))
    utc = np.where(counted, [one.moment or 0 for one in batch], wall - shift)
    shift = np.array(
        [own if one.shift is None else one.shift for one, own in zip(batch, shift, strict=True)]
    )
    value = np.array([one.value for one in batch])
    return value, utc, shift, np.array([one.offset for one in batch])


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


def _read(entry: dict[str, Any], offset: int, known: JsonFormat) -> _Row | None:
    """What the entry says; None for a fault code."""
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
    moment, written = _moment(entry, known), entry.get(known.moment_iso)
    if moment is None and not isinstance(written, str):
        raise ValueError(_without_moment(known))
    minutes = entry.get(known.utc_offset_minutes)
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or abs(minutes) > 900:
        minutes = None
    return _Row(
        value=float(value),
        moment=moment,
        written=written if isinstance(written, str) else None,
        shift=None if minutes is None else int(minutes) * 60,
        offset=offset,
    )


def _moment(entry: dict[str, Any], known: JsonFormat) -> int | None:
    """Seconds since 1970 as the entry counts them; None where it does not."""
    moment = entry.get(known.moment_ms)
    if isinstance(moment, dict):  # mongoexport's {"$numberLong": "…"}
        moment = next(iter(moment.values()), None)
    if isinstance(moment, str) and moment.isdigit() and len(moment) < 16:
        moment = int(moment)
    if isinstance(moment, int | float) and not isinstance(moment, bool) and abs(moment) < 1e15:
        return int(moment // 1000)
    return None


def _without_moment(known: JsonFormat) -> str:
    return f"the entry has no moment under {known.moment_ms} or {known.moment_iso}"


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
