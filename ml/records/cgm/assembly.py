"""Rows become a trace: the zone is applied, repetitions are dropped, time is put in order."""

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from ml.records.cgm.folds import second_times
from ml.records.cgm.trace import HIGH, LOW, CgmTrace, RawReadings, Tally
from ml.records.cgm.zones import ZoneOffsets, offsets_of
from ml.records.errors import UnreadableRecord

Seconds = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FUTURE_TOLERANCE = timedelta(hours=1)  # a device clock may be off, and late to leave summer time
_FARTHEST_ZONE = timedelta(hours=14)
_EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
_DOUBLED_FILE = 0.1  # share of repeated rows above which a file is taken to repeat itself


def assemble(raw: RawReadings, *, zone: str | None, received_at: datetime) -> CgmTrace:
    """The trace of these rows.

    Raises:
        UnreadableRecord: no such zone, or a reading before 2000 or after it was received.
    """
    _refuse_before_2000(raw)
    if zone is None:
        latest = received_at + _FARTHEST_ZONE
        _refuse_future(raw.local if raw.utc is None else raw.utc, latest, raw)
        keep = _distinct(raw, raw.local if raw.utc is None else raw.utc)
        return _trace(raw, keep, raw.local, None, None)
    span = raw.local if raw.utc is None else raw.utc
    offsets = offsets_of(zone, int(span.min()), int(span.max()))
    if raw.utc is not None:
        local, utc = offsets.to_local(raw.utc), raw.utc
        keep = _distinct(raw, utc)
    else:
        local, keep = raw.local, _distinct(raw, raw.local, offsets)
        second = np.zeros(len(raw), dtype=bool)
        second[keep] = second_times(_select(raw, keep), offsets.repeated_hours(), _cadence(raw))
        utc = offsets.to_utc(local, second)
        keep = keep[_distinct(_select(raw, keep), (2 * local + second)[keep])]
    _refuse_future(utc, received_at, raw)
    return _trace(raw, keep, local, utc, zone)


def _trace(
    raw: RawReadings,
    keep: npt.NDArray[np.intp],
    local: Seconds,
    utc: Seconds | None,
    zone: str | None,
) -> CgmTrace:
    moments = (local if utc is None else utc)[keep]
    order = np.argsort(_key(moments, raw.tenths[keep], raw.censored[keep]), kind="stable")
    rows = keep[order]
    worded, censored = raw.worded[rows], raw.censored[rows]
    return CgmTrace(
        format=raw.format,
        unit=raw.unit,
        zone=zone,
        local=local[rows].astype("M8[s]"),
        utc=None if utc is None else utc[rows].astype("M8[s]"),
        mg_dl=(raw.tenths[rows] / 10).astype(np.float32),
        censored=censored.copy(),
        scanned=raw.scanned[rows].copy(),
        tally=Tally(
            low=int((worded & (censored == LOW)).sum()),
            high=int((worded & (censored == HIGH)).sum()),
            duplicates=len(raw) - rows.size,
        ),
    )


def _key(moments: Seconds, tenths: Seconds, censored: npt.NDArray[np.int8]) -> Seconds:
    """One number per reading, ordered by moment, then value, then censoring."""
    return (moments << 16) | (tenths << 2) | (censored.astype(np.int64) + 1)


def _distinct(
    raw: RawReadings, moments: Seconds, offsets: ZoneOffsets | None = None
) -> npt.NDArray[np.intp]:
    """Rows that repeat no other: same moment, value and, where there is one, transmitter's clock.

    Of equal rows the one kept by the sensor stays before the scanned, then the first. In an hour
    that occurs twice the same wall time and value may well be two readings: there, rows without
    a clock all stay for `second_times` to judge, unless the whole file repeats its rows.
    """
    key = _key(moments, raw.tenths, raw.censored)
    rows = np.arange(len(raw))
    sorted_key = np.sort(key)
    if (sorted_key[1:] != sorted_key[:-1]).all():
        return rows
    clock = np.nan_to_num(raw.device_clock, nan=-1.0)
    order = np.lexsort((rows, raw.scanned, clock, key))
    again = (np.diff(key[order]) == 0) & (np.diff(clock[order]) == 0)
    repeats = np.zeros(len(raw), dtype=bool)
    repeats[order[1:][again]] = True
    if offsets is not None:
        repeats &= ~_may_be_two(raw, repeats, offsets)
    return rows[~repeats]


def _may_be_two(raw: RawReadings, repeats: Flags, offsets: ZoneOffsets) -> Flags:
    inside = np.zeros(len(raw), dtype=bool)
    for hour in offsets.repeated_hours():
        inside |= (raw.local >= hour.start) & (raw.local < hour.end)
    if not inside.any() or inside.all() or repeats[~inside].mean() > _DOUBLED_FILE:
        return np.zeros(len(raw), dtype=bool)
    return inside & ~raw.scanned & np.isnan(raw.device_clock)


def _select(raw: RawReadings, rows: npt.NDArray[np.intp]) -> RawReadings:
    return RawReadings(
        format=raw.format,
        unit=raw.unit,
        local=raw.local[rows],
        utc=None if raw.utc is None else raw.utc[rows],
        tenths=raw.tenths[rows],
        censored=raw.censored[rows],
        worded=raw.worded[rows],
        scanned=raw.scanned[rows],
        device_clock=raw.device_clock[rows],
        device=raw.device[rows],
        lines=raw.lines[rows],
    )


def _cadence(raw: RawReadings) -> float:
    """Median step in seconds of the readings that the sensor keeps by itself."""
    times = np.unique(raw.local[~raw.scanned] if (~raw.scanned).sum() > 1 else raw.local)
    return float(np.median(np.diff(times))) if times.size > 1 else 300.0


def _refuse_before_2000(raw: RawReadings) -> None:
    early = raw.local < _EARLIEST
    if early.any():
        raise UnreadableRecord(
            "a reading dated before the year 2000", int(raw.lines[np.argmax(early)])
        )


def _refuse_future(moments: Seconds, latest: datetime, raw: RawReadings) -> None:
    late = moments > (latest + FUTURE_TOLERANCE).timestamp()
    if late.any():
        raise UnreadableRecord(
            "a reading dated after the moment of the upload", int(raw.lines[np.argmax(late)])
        )
