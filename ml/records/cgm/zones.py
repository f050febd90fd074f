"""Wall clocks and time zones on whole arrays: IANA names, offsets, hours that occur twice."""

import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ml.records.errors import UnreadableRecord

Seconds = npt.NDArray[np.int64]
_DAY = 86_400
_NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*")
_MACHINE_DEPENDENT = frozenset({"localtime", "posixrules", "Factory"})


@dataclass(frozen=True)
class RepeatedHour:
    """Wall times `start` to `end` (end excluded) that a zone's clocks showed twice.

    Offsets from UTC, in seconds, are those of the first and of the second time.
    """

    start: int
    end: int
    first_offset: int
    second_offset: int


@dataclass(frozen=True)
class ZoneOffsets:
    """A zone's offsets from UTC around some data.

    Attributes:
        changes: moments at which the offset changes, seconds since 1970, ascending.
        offsets: offset before the first change and after each, seconds; one longer.
    """

    changes: Seconds
    offsets: Seconds

    def repeated_hours(self) -> list[RepeatedHour]:
        """Every stretch of wall time that occurs twice."""
        return [
            RepeatedHour(int(change + after), int(change + before), int(before), int(after))
            for change, before, after in zip(
                self.changes, self.offsets[:-1], self.offsets[1:], strict=True
            )
            if after < before
        ]

    def to_utc(self, local: Seconds, second_time: npt.NDArray[np.bool_]) -> Seconds:
        """The moments of wall times, as PEP 495 has it with `second_time` for the fold.

        A wall time that the clocks skipped is read with the offset from before the jump, so
        that nothing is lost on a device that changed its clock late.
        """
        before, after = self.offsets[:-1], self.offsets[1:]
        late = np.searchsorted(self.changes + np.maximum(before, after), local, side="right")
        early = np.searchsorted(self.changes + np.minimum(before, after), local, side="right")
        repeated = early > late
        repeated &= np.append(after < before, False)[np.minimum(late, self.changes.size)]
        return local - self.offsets[np.where(second_time & repeated, early, late)]

    def to_local(self, utc: Seconds) -> Seconds:
        """The wall times of moments."""
        return utc + self.offsets[np.searchsorted(self.changes, utc, side="right")]


def offsets_of(zone: str, first: int, last: int) -> ZoneOffsets:
    """The offsets of IANA zone `zone` from two days before `first` to two days after `last`.

    Raises:
        UnreadableRecord: there is no such zone.
    """
    info = _load(zone)

    def offset(moment: int) -> int:
        shift = datetime.fromtimestamp(moment, UTC).astimezone(info).utcoffset()
        return 0 if shift is None else int(shift.total_seconds())

    days = range(first - 2 * _DAY, last + 3 * _DAY, _DAY)
    seen = [offset(day) for day in days]
    changes, offsets = [], [seen[0]]
    for day, before, after in zip(days, seen, seen[1:], strict=False):
        if before != after:
            changes.append(_bisect(offset, day, day + _DAY))
            offsets.append(after)
    return ZoneOffsets(np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64))


def _load(zone: str) -> zoneinfo.ZoneInfo:
    if _NAME.fullmatch(zone) and zone not in _MACHINE_DEPENDENT:
        try:
            return zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise UnreadableRecord(
        "there is no such time zone; give an IANA name such as Europe/London or Asia/Seoul"
    )


def _bisect(offset: Callable[[int], int], low: int, high: int) -> int:
    """The first moment after `low` at which the offset is that of `high`."""
    target = offset(high)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle) == target:
            high = middle
        else:
            low = middle
    return high
