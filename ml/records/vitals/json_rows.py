"""Vitals as JSON, flattened into rows.

One object, an array of objects, one object per line, or an object around them. What is nested is
flattened as follows, and nothing else is read:

* an object within an object gives its keys with a path before them (``vitals.heart_rate``);
* ``{"value": 72, "unit": "bpm"}`` is the number, in that unit;
* an array of objects is rows; what stands beside the array belongs to each of them;
* arrays of objects side by side, as apps write one per sign, are rows together: those that name
  the same time and hold different things are one;
* arrays of plain values side by side, equally long, are columns.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ml.records.errors import UnreadableRecord
from ml.records.vitals.moments import time_columns
from ml.records.vitals.raw import MAX_CELLS, MAX_NAME, MAX_ROWS, RawTable, refuse_excess

MAX_DEPTH = 8
MAX_NUMBER = 40
_SPACE = " \t\r\n"
_PLAIN = (str, bool, type(None))
_VALUE, _UNIT = "value", "unit"


def looks_like_json(text: bytes) -> bool:
    """Whether the text begins as JSON objects do."""
    return text.lstrip()[:1] in (b"[", b"{")


def json_rows(text: bytes) -> RawTable:
    """The rows of a JSON text.

    Raises:
        UnreadableRecord: no JSON objects, a key twice in one object, ``NaN`` or ``Infinity``, a
            number of absurd length, deeper than 8, arrays that make no rows, or too much.
    """
    _refuse_crowds(text)
    rows: list[dict[str, str]] = []
    lines: list[int | None] = []
    several = False
    for entry, line in _entries(text):
        try:
            found = _rows_of(entry, 1)
        except UnreadableRecord as fault:
            raise UnreadableRecord(fault.reason, line) from None
        several |= len(found) > 1
        rows += found
        lines += [line] * len(found)
        refuse_excess(len(rows), 1)
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    refuse_excess(len(rows), len(names))
    if not rows or not names:
        raise UnreadableRecord("the JSON holds no measurement")
    cells = [[row.get(name, "") for name in names] for row in rows]
    return RawTable("json", names, cells, tuple([None] * len(rows)) if several else tuple(lines))


def _refuse_crowds(text: bytes) -> None:
    """Nothing, unless the parts are so many that they would not fit the memory."""
    if text.count(b"{") + text.count(b"[") > 10 * MAX_ROWS:
        raise UnreadableRecord(f"more than {10 * MAX_ROWS:,} objects and arrays")
    if text.count(b",") + text.count(b":") > 2 * MAX_CELLS:
        raise UnreadableRecord(f"more than {MAX_CELLS:,} values")


def _entries(text: bytes) -> Iterator[tuple[dict[str, Any], int]]:
    """Each object at the top with the line on which it begins."""
    chars = text.decode()
    at = _skip(chars, 0)
    in_array = chars[at] == "["
    if in_array:
        at = _skip(chars, at + 1)
    line, counted = 1, 0
    while at < len(chars) and not (in_array and chars[at] == "]"):
        line, counted = line + chars.count("\n", counted, at), at
        entry, at = _decoded(chars, at, line)
        yield entry, line
        at = _skip(chars, at)
        if in_array and chars[at : at + 1] == ",":
            at = _skip(chars, at + 1)
        elif in_array and chars[at : at + 1] != "]":
            raise UnreadableRecord("the JSON array is cut short, or lacks a comma", line)
    if in_array and _skip(chars, at + 1) < len(chars):
        raise UnreadableRecord("something follows the JSON array")


def _decoded(chars: str, at: int, line: int) -> tuple[dict[str, Any], int]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
        parse_int=_number,
        parse_float=_number,
    )
    try:
        entry, end = decoder.raw_decode(chars, at)
    except json.JSONDecodeError as fault:
        raise UnreadableRecord("not valid JSON", fault.lineno) from None
    except RecursionError:
        raise UnreadableRecord(f"nested deeper than {MAX_DEPTH}", line) from None
    except UnreadableRecord as fault:
        raise UnreadableRecord(fault.reason, line) from None
    if not isinstance(entry, dict):
        raise UnreadableRecord("an entry that is no JSON object", line)
    return entry, end


def _skip(chars: str, at: int) -> int:
    while at < len(chars) and chars[at] in _SPACE:
        at += 1
    return at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableRecord("an object has the same key twice")
    if any(len(key) > MAX_NAME for key in found):
        raise UnreadableRecord(f"a key of more than {MAX_NAME} characters")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableRecord(f"{name} is no JSON: leave the key out where nothing was measured")


def _number(text: str) -> str:
    if len(text) > MAX_NUMBER:
        raise UnreadableRecord(f"a number of more than {MAX_NUMBER} characters")
    return text


@dataclass
class _Parts:
    """What one object holds, flattened."""

    plain: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    groups: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    def add(self, name: str, text: str) -> None:
        if name in self.plain:
            raise UnreadableRecord("two keys have the same path")
        self.plain[name] = text


def _rows_of(entry: dict[str, Any], depth: int) -> list[dict[str, str]]:
    parts = _Parts()
    _flatten(entry, "", depth, parts)
    if parts.columns and parts.groups:
        raise UnreadableRecord("arrays of values beside arrays of objects: send one array of rows")
    if parts.columns:
        return _from_columns(parts)
    if not parts.groups:
        return [parts.plain]
    rows: list[dict[str, str]] = []
    for path, items in parts.groups:
        for item in items:
            rows += _rows_of({path: item} if _VALUE in item else item, depth + 1)
            refuse_excess(len(rows), 1)
    if any(row.keys() & parts.plain.keys() for row in rows):
        raise UnreadableRecord("a key stands both beside an array of rows and in it")
    together = _together(rows) if len(parts.groups) > 1 else rows
    return [{**parts.plain, **row} for row in together]


def _together(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows of several arrays, those of the same time text made one where they do not clash."""
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    clashing = []
    for row in rows:
        names = tuple(row)
        time = tuple((names[at], row[names[at]]) for at in time_columns(names))
        if not time:
            raise UnreadableRecord("arrays side by side, with rows that name no time")
        other = found.setdefault(time, {})
        if other.keys() & row.keys() - {name for name, _ in time}:
            clashing.append(row)
        else:
            other.update(row)
    return [*found.values(), *clashing]


def _flatten(entry: dict[str, Any], path: str, depth: int, parts: _Parts) -> None:
    if depth > MAX_DEPTH:
        raise UnreadableRecord(f"nested deeper than {MAX_DEPTH}")
    for key, value in entry.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, _PLAIN):
            parts.add(name, _text(value))
        elif isinstance(value, dict):
            _flatten_object(value, name, depth, parts)
        elif all(isinstance(item, _PLAIN) for item in value):
            if value:
                parts.columns[name] = [_text(item) for item in value]
        elif all(isinstance(item, dict) for item in value):
            parts.groups.append((name, value))
        else:
            raise UnreadableRecord("an array mixes objects, arrays and plain values")


def _flatten_object(value: dict[str, Any], name: str, depth: int, parts: _Parts) -> None:
    """Its keys under the path `name`; a value with its unit as one number."""
    measured = value.get(_VALUE)
    if _VALUE not in value or not isinstance(measured, _PLAIN):
        return _flatten(value, name, depth + 1, parts)
    unit = value.get(_UNIT)
    parts.add(f"{name} [{unit}]" if isinstance(unit, str) and unit else name, _text(measured))
    rest = {key: item for key, item in value.items() if key not in (_VALUE, _UNIT)}
    return _flatten(rest, "", depth + 1, parts)


def _from_columns(parts: _Parts) -> list[dict[str, str]]:
    lengths = {len(column) for column in parts.columns.values()}
    if len(lengths) > 1:
        raise UnreadableRecord("arrays of different length stand side by side")
    (count,) = lengths
    refuse_excess(count, len(parts.columns) + len(parts.plain))
    return [
        {**parts.plain, **{name: column[row] for name, column in parts.columns.items()}}
        for row in range(count)
    ]


def _text(value: str | bool | None) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value.strip()
