"""Times as exports write them: text cells in, wall-clock seconds out, one fault named by row."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.records.cgm.formats import Dates

Seconds = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_DAY = 86_400


class RowFault(Exception):
    """Row `row` (0-based, of the cells given) cannot be read, for this reason."""

    def __init__(self, row: int, reason: str) -> None:
        self.row = row
        self.reason = reason
        super().__init__(reason)


def parse_times(
    cells: Sequence[str], dates: Dates, title: Sequence[str]
) -> tuple[Seconds, Seconds | None]:
    """Wall time of each cell in seconds since 1970, and its offset from UTC where cells carry one.

    Args:
        cells: non-empty texts.
        dates: how the format writes time.
        title: cells above the header; a date among them may settle the order of day and month.

    Raises:
        RowFault: the first cell that is no time, or that contradicts the others' order.
    """
    if dates is Dates.ISO or (dates is Dates.ANY and re.match(r"\d{4}-\d\d-\d\d[T ]", cells[0])):
        return _parse_iso(cells)
    cells, offsets = _split_gmt(cells)
    return _parse_by_account(cells, title), offsets


# -- ISO ------------------------------------------------------------------------------------------

_CELL = np.dtype("S40")
_TO_THE_MINUTE = len("YYYY-MM-DDThh:mm")
_NO_TIME = "not a time"
_MISSHAPEN = "not a time of the form YYYY-MM-DDThh:mm:ss"
_NO_SUCH = "no such date or time of day"
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_TAIL = re.compile(r"(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?")


def _parse_iso(cells: Sequence[str]) -> tuple[Seconds, Seconds | None]:
    if len(cells[0].strip()) == _TO_THE_MINUTE:
        cells = [cell.strip() + ":00" for cell in cells]
    try:
        text = np.array(cells, dtype=_CELL)
    except UnicodeEncodeError:
        raise RowFault(_first_not_ascii(cells), _NO_TIME) from None
    wall, shaped, valid = _wall(text)
    if not shaped.all():
        raise RowFault(int(np.argmin(shaped)), _MISSHAPEN)
    if not valid.all():
        raise RowFault(int(np.argmin(valid)), _NO_SUCH)
    return wall, _offsets(text) if _has_tail(text).any() else None


def parse_each_iso(cells: Sequence[str]) -> tuple[Seconds, Seconds, Flags]:
    """Wall time, offset from UTC and whether it names one, of cells that owe each other nothing.

    Args:
        cells: ISO texts, each to the minute or the second, with an offset or without.

    Returns:
        Seconds since 1970, seconds (0 where none is named), and flags, one per cell.

    Raises:
        RowFault: the first cell that is no time.
    """
    full = [cell.strip() + ":00" if len(cell.strip()) == _TO_THE_MINUTE else cell for cell in cells]
    ascii_only = np.array([cell.isascii() for cell in full], dtype=bool)
    text = np.array([cell if cell.isascii() else "" for cell in full], dtype=_CELL)
    wall, shaped, valid = _wall(text)
    tails, which = np.unique(np.where(_has_tail(text), _tails(text), b""), return_inverse=True)
    found = [_TAIL.fullmatch(tail.decode().strip()) for tail in tails.tolist()]
    ended = np.array([match is not None for match in found], dtype=bool)[which]
    sound = ascii_only & shaped & valid & ended
    if not sound.all():
        row = int(np.argmin(sound))
        checks = ((ascii_only, _NO_TIME), (shaped, _MISSHAPEN), (valid, _NO_SUCH))
        raise RowFault(row, next((why for good, why in checks if not good[row]), _MISSHAPEN))
    names = [match[1] if match is not None else None for match in found]
    offsets = np.array([_seconds_of(name) if name else 0 for name in names], dtype=np.int64)
    return wall, offsets[which], np.array([name is not None for name in names])[which]


def _wall(text: npt.NDArray[np.bytes_]) -> tuple[Seconds, Flags, Flags]:
    """Seconds since 1970; which cells have the shape of a time; which of those exist."""
    raw = text.view(np.uint8).reshape(len(text), _CELL.itemsize)
    digits = raw[:, _DIGITS].astype(np.int64) - ord("0")
    shaped = ((digits >= 0) & (digits <= 9)).all(axis=1)
    shaped &= ((raw[:, [4, 7]] == ord("-")) & (raw[:, [13, 16]] == ord(":"))).all(axis=1)
    shaped &= (raw[:, 10] == ord("T")) | (raw[:, 10] == ord(" "))
    digits[~shaped] = 0
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day, hour, minute, second = (
        digits[:, i] * 10 + digits[:, i + 1] for i in range(4, 14, 2)
    )
    days, valid = _days(year, month, day)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    return days * _DAY + hour * 3600 + minute * 60 + second, shaped, valid


def _has_tail(text: npt.NDArray[np.bytes_]) -> Flags:
    """Whether anything follows the seconds."""
    has: Flags = text.view(np.uint8).reshape(len(text), _CELL.itemsize)[:, 19] != 0
    return has


def _tails(text: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    return np.array([cell[19:] for cell in text.tolist()], dtype=_CELL)


def _first_not_ascii(cells: Sequence[str]) -> int:
    return next(row for row, cell in enumerate(cells) if not cell.isascii())


def _days(year: Seconds, month: Seconds, day: Seconds) -> tuple[Seconds, Flags]:
    """Days since 1970, and which of the dates exist."""
    valid = (year >= 1900) & (month >= 1) & (month <= 12) & (day >= 1)
    first = np.where(valid, (year - 1970) * 12 + month - 1, 0).astype("M8[M]")
    days = first.astype("M8[D]").astype(np.int64) + day - 1
    return days, valid & (days < (first + 1).astype("M8[D]").astype(np.int64))


def _offsets(text: npt.NDArray[np.bytes_]) -> Seconds | None:
    """Offsets from UTC in seconds; None if no cell has one. All or none have to."""
    tails, which = np.unique(_tails(text), return_inverse=True)
    found = [_TAIL.fullmatch(tail.decode().strip()) for tail in tails.tolist()]
    bad = np.array([match is None for match in found])
    if bad.any():
        raise RowFault(int(np.argmax(bad[which])), _MISSHAPEN)
    named = np.array([match is not None and match[1] is not None for match in found])
    if not named.any():
        return None
    if not named.all():
        raise RowFault(
            int(np.argmin(named[which])), "a time without an offset from UTC among others with one"
        )
    return np.array([_seconds_of(match[1]) for match in found if match])[which]


def _seconds_of(offset: str) -> int:
    if offset == "Z":
        return 0
    sign = -1 if offset[0] == "-" else 1
    return sign * (int(offset[1:3]) * 3600 + int(offset[-2:]) * 60)


_GMT = re.compile(r"(.*\S) ?(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?(\d\d))?)?")
_FARTHEST_OFFSET = 15 * 3600


def _split_gmt(cells: Sequence[str]) -> tuple[Sequence[str], Seconds | None]:
    """The cells without their ``GMT-3``, and the offsets from UTC; None if no cell has one.

    GMT-3 is three hours behind, as apps write it (the zone that POSIX calls Etc/GMT+3).
    """
    if not any("GMT" in cell or "UTC" in cell for cell in cells):
        return cells, None
    found = [_GMT.fullmatch(cell.strip()) for cell in cells]
    for row, match in enumerate(found):
        if match is None:
            raise RowFault(row, "a time without an offset from UTC among others with one")
    offsets = np.array([_gmt_seconds(match) for match in found if match], dtype=np.int64)
    if (np.abs(offsets) > _FARTHEST_OFFSET).any():
        row = int(np.argmax(np.abs(offsets) > _FARTHEST_OFFSET))
        raise RowFault(row, "no clock is that many hours from UTC")
    return [match[1] for match in found if match], offsets


def _gmt_seconds(match: re.Match[str]) -> int:
    sign = -1 if match[2] == "-" else 1
    return sign * (int(match[3] or 0) * 3600 + int(match[4] or 0) * 60)


# -- by account -----------------------------------------------------------------------------------

_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([ap])\.?m\.?)?", re.IGNORECASE)
_YMD, _DMY, _MDY = (0, 1, 2), (2, 1, 0), (2, 0, 1)


def _parse_by_account(cells: Sequence[str], title: Sequence[str]) -> Seconds:
    parts = [cell.strip().partition(" ") for cell in cells]
    dates, date_of = np.unique([date for date, _, _ in parts], return_inverse=True)
    clocks, clock_of = np.unique([clock for _, _, clock in parts], return_inverse=True)
    seconds = np.array([_time_of_day(clock) for clock in clocks.tolist()])
    if (seconds[clock_of] < 0).any():
        raise RowFault(int(np.argmax(seconds[clock_of] < 0)), "no such time of day")
    found = [_DATE.fullmatch(date) for date in dates.tolist()]
    bad = np.array([match is None for match in found])
    if bad.any():
        raise RowFault(int(np.argmax(bad[date_of])), "not a date")
    numbers = np.array([[int(part) for part in match.groups()] for match in found if match])
    halved = any("m" in clock.lower() for clock in clocks.tolist())
    days: Seconds = _order_days(numbers, date_of, halved, title)[date_of]
    of_day: Seconds = seconds[clock_of]
    return days * _DAY + of_day


def _time_of_day(clock: str) -> int:
    """Seconds since midnight, or -1 if it is no time of day."""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return -1
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4] is not None:
        if not 1 <= hour <= 12:
            return -1
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else -1


def _order_days(
    numbers: npt.NDArray[np.int64],
    date_of: npt.NDArray[np.intp],
    halved: bool,
    title: Sequence[str],
) -> Seconds:
    """Days since 1970 of each distinct date, under the one order of day and month that fits.

    A year in front settles it; so does any number above 12. Where every date reads both ways, the
    title's date may settle it, then the order in which the readings span fewer days (the wrong
    one tears neighbouring days a month apart), then the clock: AM/PM goes with month-day.
    """
    if (numbers[:, 0] > 31).any():
        days, valid = _read(numbers, _YMD)
        if not valid.all():
            raise RowFault(int(np.argmin(valid[date_of])), "no such date")
        return days
    readings = {order: _read(numbers, order) for order in (_DMY, _MDY)}
    fitting = [order for order, (_, valid) in readings.items() if valid.all()]
    if not fitting:
        best = max(readings.values(), key=lambda reading: int(reading[1].sum()))
        raise RowFault(int(np.argmin(best[1][date_of])), "no such date, or day and month swapped")
    if len(fitting) == 2:
        fitting = [_settle(readings, halved, title)]
    return readings[fitting[0]][0]


def _read(numbers: npt.NDArray[np.int64], order: tuple[int, int, int]) -> tuple[Seconds, Flags]:
    year, month, day = (numbers[:, index] for index in order)
    return _days(np.where(year < 100, year + 2000, year), month, day)


def _settle(
    readings: dict[tuple[int, int, int], tuple[Seconds, npt.NDArray[np.bool_]]],
    halved: bool,
    title: Sequence[str],
) -> tuple[int, int, int]:
    for cell in title:
        found = _DATE.match(cell)
        if found is not None and "utc" in cell:
            numbers = np.array([[int(part) for part in found.groups()]])
            fits = [order for order in readings if _read(numbers, order)[1].all()]
            if len(fits) == 1:
                return fits[0]
    spans = {order: int(np.ptp(days)) for order, (days, _) in readings.items()}
    if spans[_DMY] != spans[_MDY]:
        return min(spans, key=lambda order: spans[order])
    return _MDY if halved else _DMY
