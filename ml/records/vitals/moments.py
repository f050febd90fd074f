"""When the rows of a vitals file were measured."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from ml.records.cgm.formats import Dates
from ml.records.cgm.timestamps import RowFault, parse_each_iso, parse_times
from ml.records.cgm.zones import ZoneOffsets, offsets_of
from ml.records.errors import UnreadableRecord
from ml.records.tables.cells import is_missing
from ml.records.vitals.headers import CLOCKS, DATES, MOMENTS, key_of
from ml.records.vitals.raw import RawTable

Micros = npt.NDArray[np.int64]
_SECOND = 1_000_000
_EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
_FUTURE_TOLERANCE = timedelta(hours=1)
_FARTHEST_ZONE = timedelta(hours=14)

_EPOCH = re.compile(r"(\d{9,10})(?:\.\d{1,9})?|\d{12,13}|\d{15,16}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_FRACTION = re.compile(r"(:\d\d)[.,](\d{1,9})")
_DATE_ONLY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\.?")
_KOREAN = re.compile(
    r"(\d{4}) ?[.년] ?(\d{1,2}) ?[.월] ?(\d{1,2}) ?[.일]? ?(오전|오후)? ?(\d{1,2}:\d\d(?::\d\d)?)?"
)
_HALVES = {"오전": " AM", "오후": " PM", None: ""}


@dataclass(frozen=True)
class Moments:
    """Times of the rows, in file order.

    Attributes:
        local, utc: as in `VitalsTrace`, not yet sorted.
    """

    local: npt.NDArray[np.datetime64]
    utc: npt.NDArray[np.datetime64] | None


def time_columns(names: Sequence[str]) -> tuple[int, ...]:
    """The column of moments, or those of date and time of day; empty where there is none."""
    keys = [key_of(name) for name in names]
    date = next((keys.index(name) for name in DATES if name in keys), None)
    clock = next((keys.index(name) for name in CLOCKS if name in keys), None)
    if date is not None and clock is not None:
        return date, clock
    moment = next((keys.index(name) for name in MOMENTS if name in keys), date)
    return () if moment is None else (moment,)


def read_moments(
    raw: RawTable, columns: tuple[int, ...], *, zone: str | None, received_at: datetime
) -> Moments | None:
    """When each row was measured; None for a single row that does not say.

    Args:
        raw: at least one row.
        columns: of `time_columns`.
        zone: IANA name of the zone of times without an offset.
        received_at: when the upload arrived, aware; rows after it are refused.

    Raises:
        UnreadableRecord: a row without a time among several, no time, no such zone, times before
            2000 or after the upload, or two rows at one moment.
    """
    cells = [" ".join(row[index] for index in columns).strip() for row in raw.rows]
    missing = [is_missing(cell) for cell in cells]
    if len(cells) == 1 and missing[0]:
        return None
    if not columns:
        raise UnreadableRecord(
            "several rows and no column of time: add one called timestamp, or contribute one row"
        )
    if any(missing):
        raise raw.fault(missing.index(True), "a row without a time")
    try:
        wall, offsets = _parsed(cells)
    except RowFault as fault:
        raise raw.fault(fault.row, fault.reason) from None
    found = _placed(raw, wall, offsets, zone, received_at)
    _refuse_equal(raw, found.local if found.utc is None else found.utc)
    return found


def _parsed(cells: list[str]) -> tuple[Micros, Micros | None]:
    """Wall time in microseconds, and offsets from UTC in seconds where cells carry one."""
    if all(_EPOCH.fullmatch(cell) for cell in cells):
        return np.array([_epoch(cell) for cell in cells]), np.zeros(len(cells), dtype=np.int64)
    fractions = np.array([_micros(cell) for cell in cells], dtype=np.int64)
    plain = [_western(_FRACTION.sub(r"\1", cell)) for cell in cells]
    if all(_ISO.match(cell) for cell in plain):
        wall, offsets, named = parse_each_iso(plain)
        if named.any() and not named.all():
            raise RowFault(
                int(np.argmin(named)), "a time without an offset from UTC among others with one"
            )
        return wall * _SECOND + fractions, offsets if named.any() else None
    wall, found = parse_times(plain, Dates.BY_ACCOUNT, ())
    return wall * _SECOND + fractions, found


def _epoch(cell: str) -> int:
    if "." in cell or len(cell) <= 10:
        return round(float(cell) * _SECOND)
    return int(cell) * (1000 if len(cell) <= 13 else 1)


def _micros(cell: str) -> int:
    found = _FRACTION.search(cell)
    return 0 if found is None else int(found[2].ljust(9, "0")[:6])


def _western(cell: str) -> str:
    """The cell with hyphens, AM or PM, a time of day and, for UTC, a Z."""
    found = _KOREAN.fullmatch(cell)
    if found is not None:
        year, month, day, half, clock = found.groups()
        cell = f"{year}-{month}-{day} {clock or '00:00'}{_HALVES[half]}"
    if _DATE_ONLY.fullmatch(cell):
        return cell.rstrip(".") + " 00:00"
    if _ISO.match(cell):
        for name in (" UTC", " GMT"):
            cell = cell.removesuffix(name) + "Z" if cell.endswith(name) else cell
    return cell


def _placed(
    raw: RawTable, wall: Micros, offsets: Micros | None, zone: str | None, received_at: datetime
) -> Moments:
    seconds = wall // _SECOND
    known = None if offsets is None else seconds - offsets
    _refuse_outside(raw, seconds if known is None else known, received_at + _FARTHEST_ZONE)
    utc = known
    local = seconds
    if zone is not None:
        span = seconds if known is None else known
        clocks = offsets_of(zone, int(span.min()), int(span.max()))
        if known is None:
            utc = clocks.to_utc(seconds, _second_times(seconds, clocks))
        else:
            local = clocks.to_local(known)
    if utc is not None:
        _refuse_outside(raw, utc, received_at)
    rest = wall - seconds * _SECOND
    return Moments(_stamps(local, rest), None if utc is None else _stamps(utc, rest))


def _stamps(seconds: Micros, rest: Micros) -> npt.NDArray[np.datetime64]:
    stamps: npt.NDArray[np.datetime64] = (seconds * _SECOND + rest).astype("M8[us]")
    return stamps


def _second_times(seconds: Micros, clocks: ZoneOffsets) -> npt.NDArray[np.bool_]:
    """Which rows are of the second pass through an hour that occurs twice.

    Those after the one place where file order stands still or goes back; without one, or with
    several, the first pass, as PEP 495 reads a time with nothing said.
    """
    second = np.zeros(seconds.size, dtype=bool)
    for hour in clocks.repeated_hours():
        rows = np.flatnonzero((seconds >= hour.start) & (seconds < hour.end))
        back = np.flatnonzero(np.diff(seconds[rows]) <= 0)
        if back.size == 1:
            second[rows[back[0] + 1 :]] = True
    return second


def _refuse_outside(raw: RawTable, seconds: Micros, latest: datetime) -> None:
    early, late = seconds < _EARLIEST, seconds > (latest + _FUTURE_TOLERANCE).timestamp()
    if early.any():
        raise raw.fault(int(np.argmax(early)), "a row dated before the year 2000")
    if late.any():
        raise raw.fault(int(np.argmax(late)), "a row dated after the moment of the upload")


def _refuse_equal(raw: RawTable, moments: npt.NDArray[np.datetime64]) -> None:
    order = np.argsort(moments, kind="stable")
    again = np.flatnonzero(np.diff(moments[order]) == np.timedelta64(0))
    if again.size:
        row = int(order[again + 1].min())
        raise raw.fault(row, "a second row of the same moment: keep one of them")
