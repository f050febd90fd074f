"""The device formats, each one declarative value; `FORMATS` is the whole list.

To read another vendor's CSV or workbook, add a value here and its files to the tests.
"""

import enum
from dataclasses import dataclass

from ml.records.units import MG_DL, UNIT_PATTERN


class Dates(enum.Enum):
    """How a format writes time."""

    ISO = "2019-10-14T16:42:37"
    BY_ACCOUNT = "day-month, month-day or year first, 24 hours or AM/PM; GMT-3 after it or not"
    ANY = "ISO, or else by account"


@dataclass(frozen=True)
class Stream:
    """Rows of one record type, and the column that carries their glucose.

    Attributes:
        column: regular expression of the column's name; its group ``unit`` names the unit.
        record: what the record-type column says on these rows; None when every row counts.
        scanned: whether these are readings asked for by hand.
    """

    column: str
    record: str | None = None
    scanned: bool = False


@dataclass(frozen=True)
class CsvFormat:
    """One kind of table export. Column names are regular expressions, matched whole, any case.

    Attributes:
        name: as it appears in traces and inspections.
        title: as people know it.
        time: column of the wall time; cells with an offset from UTC tell the moment, too.
        streams: where glucose is; everything else in the file is left alone.
        floor_mg_dl, ceiling_mg_dl: the device's range. Numbers outside it, by more than one
            decimal of mmol/L, are refused: they are another unit or no glucose.
        floor_is_censored: whether a number at the floor or ceiling means "beyond it". Libre
            writes 40 or 2.2 for everything below; Dexcom has words for that, and its 40 is 40.
        dates: how time is written.
        record: column of the record type.
        device_clock: column of the transmitter's own clock, seconds or ISO.
        device: column that tells transmitters apart.
        unit_column: column that names the unit on every row.
        unit: the unit, where nothing in the file names it.
        unit_by_range: whether the unit is told by the values: the device's ranges in mg/dL
            and mmol/L do not overlap.
        header_within: the header is one of this many first lines.
        widths: how many columns the header may have; None for any number.
        wall: column of the wall time in files whose `time` is in UTC.
        workbook: whether the table comes as a sheet of an Excel workbook instead of as CSV.
    """

    name: str
    title: str
    time: str
    streams: tuple[Stream, ...]
    floor_mg_dl: float
    ceiling_mg_dl: float
    floor_is_censored: bool = False
    dates: Dates = Dates.ISO
    record: str | None = None
    device_clock: str | None = None
    device: str | None = None
    unit_column: str | None = None
    unit: str | None = None
    unit_by_range: bool = False
    header_within: int = 1
    widths: tuple[int, ...] | None = None
    wall: str | None = None
    workbook: bool = False


@dataclass(frozen=True)
class JsonFormat:
    """A JSON array, or one object per line, of glucose entries that carry their moment.

    Attributes:
        name, title: as in `CsvFormat`.
        unit: the unit, which such files never name.
        kind: value of ``type`` on glucose entries; entries of other types are left alone.
        value: key of the glucose.
        moment_ms: key of the moment in milliseconds since 1970.
        moment_iso: key of the moment as ISO text, used when the former is missing.
        utc_offset_minutes: key of the offset of the patient's wall time.
        low_code, high_code: values that stand for "below" and "above range".
        fault_codes: values that stand for a fault of the sensor; such entries are no readings.
        floor_mg_dl, ceiling_mg_dl: range of real readings.
    """

    name: str
    title: str
    unit: str
    kind: str
    value: str
    moment_ms: str
    moment_iso: str
    utc_offset_minutes: str
    low_code: float
    high_code: float
    fault_codes: frozenset[int]
    floor_mg_dl: float
    ceiling_mg_dl: float


CLARITY = CsvFormat(
    name="dexcom-clarity",
    title="Dexcom Clarity CSV",
    time=r"timestamp \(yyyy-mm-ddthh:mm:ss\)",
    record="event type",
    streams=(Stream(rf"glucose value \({UNIT_PATTERN}\)", record="EGV"),),
    device_clock=r"transmitter time \(long integer\)",
    device="transmitter id",
    floor_mg_dl=40,
    ceiling_mg_dl=400,
)

# The copy that research repositories hand round: renamed columns, no preamble, no unit.
CLARITY_SNAKE_CASE = CsvFormat(
    name="dexcom-clarity",
    title="Dexcom Clarity CSV",
    time="timestamp",
    record="event_type",
    streams=(Stream("glucose", record="EGV"),),
    device_clock="transmitter_time",
    unit=MG_DL,
    floor_mg_dl=40,
    ceiling_mg_dl=400,
)

# Ceiling as of the reader (500 mg/dL, 27.8 mmol/L); some national apps stop at 400, which is then
# read as an ordinary value. Line 1 is a title; the professional report has a person on line 2.
LIBREVIEW = CsvFormat(
    name="libreview",
    title="FreeStyle LibreView CSV",
    time="device timestamp",
    record="record type",
    streams=(
        Stream(rf"historic glucose {UNIT_PATTERN}", record="0"),
        Stream(rf"scan glucose {UNIT_PATTERN}", record="1", scanned=True),
    ),
    dates=Dates.BY_ACCOUNT,
    floor_mg_dl=40,
    ceiling_mg_dl=500,
    floor_is_censored=True,
    header_within=3,
)

# Two clocks: the display's, which is the patient's wall time, and the receiver's own.
DEXCOM_STUDIO = CsvFormat(
    name="dexcom-studio",
    title="Dexcom Studio CSV",
    time="glucosedisplaytime",
    streams=(Stream("glucosevalue"),),
    device_clock="glucoseinternaltime",
    unit_by_range=True,
    floor_mg_dl=39,
    ceiling_mg_dl=401,
    widths=(3,),
)

_ANY_TIME = r"(?:(?:local|device)[ _]?)?(?:date[ _]?time|time[ _]?stamp|date|time)(?: ?\(.*\))?"

PLAIN = CsvFormat(
    name="plain-csv",
    title="plain CSV (time and glucose columns, the unit in the name of the latter)",
    time=_ANY_TIME,
    streams=(Stream(rf"(?:[a-z][a-z _]*[ _])?\(?\[?{UNIT_PATTERN}\]?\)?"),),
    dates=Dates.ANY,
    floor_mg_dl=20,
    ceiling_mg_dl=600,
    widths=(2,),
)

PLAIN_WITH_UNIT_COLUMN = CsvFormat(
    name="plain-csv",
    title="plain CSV (time, glucose and unit columns)",
    time=_ANY_TIME,
    streams=(Stream(r"(?:sensor[ _])?(?:glucose|value|reading|sgv|bg)(?:[ _]value)?"),),
    unit_column="units?",
    dates=Dates.ANY,
    floor_mg_dl=20,
    ceiling_mg_dl=600,
    widths=(3,),
)

# An app over a Libre, which it reads below the reader's floor. Seven other classes of record share
# the column of values, finger-stick glucose and blood pressure among them. A person is on line 1.
NUTRISENSE = CsvFormat(
    name="nutrisense",
    title="Nutrisense CSV",
    time="occurred_at",
    record="class",
    streams=(Stream("value", record="GlucoseMeasurement"),),
    dates=Dates.BY_ACCOUNT,
    unit=MG_DL,
    floor_mg_dl=10,
    ceiling_mg_dl=500,
    header_within=2,
)

# An app over a Libre: what the sensor keeps, and scans. A person is on line 1.
LEVELS = CsvFormat(
    name="levels",
    title="Levels CSV",
    time=r"time \(utc\)",
    wall=r"time \(local\)",
    record="type of reading",
    streams=(
        Stream(rf"glucose reading \({UNIT_PATTERN}\)", record="timeseries"),
        Stream(rf"glucose reading \({UNIT_PATTERN}\)", record="directRead", scanned=True),
    ),
    floor_mg_dl=40,
    ceiling_mg_dl=500,
    header_within=2,
)

# The app names every export .xls, whatever is in it. GS1's range: 2.0 to 25.0 mmol/L.
SIBIONICS = CsvFormat(
    name="sibionics",
    title="Sibionics workbook",
    time="time",
    streams=(Stream(rf"sensor reading ?\({UNIT_PATTERN}\)"),),
    dates=Dates.BY_ACCOUNT,
    floor_mg_dl=36,
    ceiling_mg_dl=450,
    widths=(2,),
    workbook=True,
)

# One wear period of one patient of the Shanghai data sets: Libre H, mmol/L times 18. Meals and
# drugs stand in further columns as free text.
SHANGHAI = CsvFormat(
    name="shanghai",
    title="Shanghai diabetes dataset workbook",
    time="date",
    streams=(Stream(rf"cgm \({UNIT_PATTERN}\)"),),
    floor_mg_dl=40,
    ceiling_mg_dl=500,
    floor_is_censored=True,
    workbook=True,
)

# Nightscout's own display rule: below 39 a fault code, 39 "LOW", 401 "HIGH"; always mg/dL.
NIGHTSCOUT = JsonFormat(
    name="nightscout",
    title="Nightscout JSON entries",
    unit=MG_DL,
    kind="sgv",
    value="sgv",
    moment_ms="date",
    moment_iso="dateString",
    utc_offset_minutes="utcOffset",
    low_code=39,
    high_code=401,
    fault_codes=frozenset(range(1, 13)),
    floor_mg_dl=39,
    ceiling_mg_dl=600,
)

FORMATS: tuple[CsvFormat | JsonFormat, ...] = (
    CLARITY,
    CLARITY_SNAKE_CASE,
    LIBREVIEW,
    DEXCOM_STUDIO,
    NIGHTSCOUT,
    NUTRISENSE,
    LEVELS,
    SIBIONICS,
    SHANGHAI,
    PLAIN_WITH_UNIT_COLUMN,
    PLAIN,
)
