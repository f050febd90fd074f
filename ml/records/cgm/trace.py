"""The one shape every glucose file becomes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LOW = -1
HIGH = 1


@dataclass(frozen=True)
class Tally:
    """What reading the file counted, beyond the readings themselves.

    Attributes:
        low: readings that the file writes as a word for "below range" (``Low``, ``LO``;
            Nightscout's code 39). A number at the floor is censored, but is no word.
        high: the same for "above range" (``High``, ``HI``; Nightscout's code 401).
        duplicates: rows left out because the same reading had been seen already.
    """

    low: int
    high: int
    duplicates: int


@dataclass(frozen=True, eq=False)
class CgmTrace:
    """Distinct glucose readings of one person in order of time; all arrays have one entry each.

    A reading is a moment and a value. Two different values at one moment (a scan and the
    sensor's own record, two sensors) are two readings; the same value at the same moment, seen
    twice, is one. Ordered by `utc` where there is one, else by `local`; equal moments by value.

    Attributes:
        format: name of the device format, e.g. ``libreview``.
        unit: ``mg/dL`` or ``mmol/L``, as the file has it; `mg_dl` is always mg/dL.
        zone: IANA name that `utc` was computed with, or None.
        local: wall time that the patient saw, datetime64[s].
        utc: the moment, datetime64[s]; None without a zone.
        mg_dl: float32, in steps of 0.1; a censored reading stands at its floor or ceiling.
        censored: int8, -1 at or below the device's floor, +1 at or above its ceiling, else 0.
        scanned: bool, True for readings asked for by hand (LibreView type 1), False for those
            that the sensor keeps by itself. Cadence is that of the latter.
        tally: what was counted on the way.
    """

    format: str
    unit: str
    zone: str | None
    local: npt.NDArray[np.datetime64]
    utc: npt.NDArray[np.datetime64] | None
    mg_dl: npt.NDArray[np.float32]
    censored: npt.NDArray[np.int8]
    scanned: npt.NDArray[np.bool_]
    tally: Tally

    def __post_init__(self) -> None:
        for column in (self.local, self.utc, self.mg_dl, self.censored, self.scanned):
            if column is not None:
                column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.mg_dl)

    @property
    def moments(self) -> npt.NDArray[np.datetime64]:
        """`utc`, or `local` where there is no zone: what steps and spans are measured on."""
        return self.local if self.utc is None else self.utc

    @property
    def tenths(self) -> npt.NDArray[np.int64]:
        """Glucose in whole tenths of mg/dL."""
        return np.rint(self.mg_dl.astype(np.float64) * 10).astype(np.int64)


@dataclass(frozen=True, eq=False)
class RawReadings:
    """Glucose rows in file order, before zones, duplicates and sorting.

    Attributes:
        format: name of the device format.
        unit: unit of the file.
        local: wall time, seconds since 1970 as if it were UTC, int64.
        utc: seconds since 1970, int64, for the formats that carry moments; else None.
        tenths: glucose in tenths of mg/dL, int64.
        censored: int8 as in `CgmTrace`.
        worded: bool, True where a word stood instead of a number.
        scanned: bool as in `CgmTrace`.
        device_clock: seconds on the transmitter's own clock, float64, NaN where absent.
        device: which transmitter, int64 codes.
        lines: 1-based line of each row, int64.
    """

    format: str
    unit: str
    local: npt.NDArray[np.int64]
    utc: npt.NDArray[np.int64] | None
    tenths: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int8]
    worded: npt.NDArray[np.bool_]
    scanned: npt.NDArray[np.bool_]
    device_clock: npt.NDArray[np.float64]
    device: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tenths)
