"""Every real export that is to be understood, against a table and a plain count of its rows."""

import csv
import io
import itertools
import statistics
from datetime import datetime

import numpy as np
import pytest
from cgm_files import read, shared_file, vendor_export

from ml.records.cgm import inspect

# format, unit, readings, low, high, duplicates, cadence, gaps, start, end, coverage; no zone given
GOLDEN = {
    "clarity_g6_2019-10_unquoted_dst-autumn.csv": (
        *("dexcom-clarity", "mg/dL", 3913, 2, 13, 0, 5.0, 10),
        *("2019-10-14T16:42:37", "2019-10-28T23:57:11", 0.9498),
    ),
    "clarity_g6_2020-01a_overlap.csv": (
        *("dexcom-clarity", "mg/dL", 3810, 0, 0, 0, 5.0, 3),
        *("2020-01-06T00:00:56", "2020-01-19T23:56:44", 0.9449),
    ),
    "clarity_g6_2020-01b_overlap.csv": (
        *("dexcom-clarity", "mg/dL", 3766, 0, 0, 0, 5.0, 5),
        *("2020-01-09T00:01:06", "2020-01-22T23:56:54", 0.934),
    ),
    "clarity_g6_2021-03_low-words.csv": (
        *("dexcom-clarity", "mg/dL", 5527, 49, 0, 0, 5.0, 29),
        *("2021-03-17T00:03:45", "2021-04-06T07:14:52", 0.9452),
    ),
    "clarity_g6_2023-05_quoted.csv.gz": (
        *("dexcom-clarity", "mg/dL", 5112, 0, 0, 0, 5.0, 1),
        *("2023-05-27T01:27:09", "2023-06-13T22:37:41", 0.9924),
    ),
    "clarity_g6_2025-03_quoted_dst-spring.csv.gz": (
        *("dexcom-clarity", "mg/dL", 8755, 11, 0, 0, 5.0, 10),
        *("2025-03-01T00:02:44", "2025-03-31T23:55:28", 0.9807),
    ),
    "clarity_g7_2025-11_quoted_ragged.csv": (
        *("dexcom-clarity", "mg/dL", 2772, 0, 0, 0, 5.0, 7),
        *("2025-11-21T00:17:19", "2025-11-30T18:32:35", 0.9858),
    ),
    "libreview_uk_mmol_dmy24h_insulin-food.csv": (
        *("libreview", "mmol/L", 3093, 0, 0, 16, 15.0, 7),
        *("2025-09-01T21:58:00", "2025-10-11T17:06:00", 0.8094),
    ),
    "libreview_mmol_dmy24h.csv": (
        *("libreview", "mmol/L", 1320, 0, 0, 1, 15.0, 7),
        *("2021-03-16T13:42:00", "2021-03-29T14:25:00", 1.0),
    ),
    "libreview_us_mgdl_mdy12h.csv": (
        *("libreview", "mg/dL", 3878, 0, 0, 1, 15.0, 36),
        *("2021-05-30T16:58:00", "2021-07-20T07:59:00", 0.7978),
    ),
    "libreview_pro_patient-report_mgdl_2018-2021.csv.gz": (
        *("libreview", "mg/dL", 29911, 0, 0, 47, 15.0, 59),
        *("2018-11-29T11:28:00", "2021-08-10T11:04:00", 0.3163),
    ),
}

Row = tuple[datetime, str, str]  # wall time, glucose cell, transmitter's clock


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_export_is_understood_as_the_golden_table_says(name: str) -> None:
    shown = inspect(read(vendor_export(name))).to_dict()
    quality = shown.pop("quality")
    assert shown.pop("zone") is None
    assert tuple(shown.values()) == GOLDEN[name]
    assert isinstance(quality, float) and 0 < quality <= 1


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_table_agrees_with_a_plain_count_of_the_rows(name: str) -> None:
    kept, scanned = _plain_rows(vendor_export(name))
    distinct = set(kept) | set(scanned)
    _, _, readings, low, high, duplicates, cadence, gaps, start, end, coverage = GOLDEN[name]
    assert readings == len(distinct)
    assert duplicates == len(kept) + len(scanned) - len(distinct)
    assert low == sum(value == "Low" for _, value, _ in distinct)
    assert high == sum(value == "High" for _, value, _ in distinct)
    median = statistics.median(_steps(kept))
    assert cadence == median / 60
    assert gaps == sum(step > 2.5 * median for step in _steps(list(distinct)))
    moments = sorted(moment for moment, _, _ in distinct)
    assert (start, end) == (moments[0].isoformat(), moments[-1].isoformat())
    span = (moments[-1] - moments[0]).total_seconds()
    assert coverage == round(min(1.0, readings / (span / median + 1)), 4)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_value_of_a_real_export_arrives_in_mg_dl(name: str) -> None:
    kept, scanned = _plain_rows(vendor_export(name))
    factor = 18.018 if GOLDEN[name][1] == "mmol/L" else 1.0
    censored = {"Low": 40.0, "High": 400.0, "2.2": 40.0}
    expected = sorted(
        (moment, censored[value] if value in censored else round(float(value) * factor, 1))
        for moment, value, _ in set(kept) | set(scanned)
    )
    trace = read(vendor_export(name))
    assert trace.local.astype(datetime).tolist() == [moment for moment, _ in expected]
    assert np.allclose(trace.mg_dl, [value for _, value in expected], atol=0.051)


@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("libreview_mmol_dmy24h.csv", "2.2"),
        ("libreview_uk_mmol_dmy24h_insulin-food.csv", "2.2"),
        ("libreview_us_mgdl_mdy12h.csv", "40"),
        ("libreview_pro_patient-report_mgdl_2018-2021.csv.gz", "40"),
    ],
)
def test_libreview_numbers_at_the_floor_are_censored(name: str, floor: str) -> None:
    kept, scanned = _plain_rows(vendor_export(name))
    trace = read(vendor_export(name))
    at_floor = {row for row in {*kept, *scanned} if row[1] == floor}
    assert (trace.censored == -1).sum() == len(at_floor) > 0
    assert (trace.mg_dl[trace.censored == -1] == 40).all()


def test_a_dexcom_number_at_the_floor_is_a_reading_and_only_the_word_is_censored() -> None:
    trace = read(vendor_export("clarity_g6_2021-03_low-words.csv"))
    assert (trace.mg_dl == 40).sum() > (trace.censored == -1).sum() == 49


def test_snake_case_copies_of_clarity_are_read_without_preamble_or_unit() -> None:
    counts = {"001": 2561, "002": 2119, "004": 2164, "005": 2558, "006": 2847, "008": 2505}
    for person, count in {**counts, "009": 2306}.items():
        data = shared_file("cgm-bigideas-dexcom", f"Dexcom_{person}.csv").read_bytes()
        assert len(read(data, "America/New_York")) == count


def test_an_export_with_two_clocks_is_read_by_the_one_on_the_patients_display() -> None:
    trace = read(vendor_export("dexcom_g4_studio_two-clocks_mmol.csv"), "Europe/London")
    assert (len(trace), trace.unit, trace.tally.low) == (1937, "mmol/L", 9)
    assert str(trace.local[0]) == "2015-11-09T00:04:33"


def _plain_rows(data: bytes) -> tuple[list[Row], list[Row]]:
    """Rows that the sensor kept and rows that were scanned, with nothing but the csv module."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    if rows[0][0] == "Index":
        egv = [row for row in rows if row[2] == "EGV"]
        return [(datetime.fromisoformat(row[1]), row[7], row[12]) for row in egv], []
    header = next(i for i, row in enumerate(rows) if row[0] == "Device")
    body = rows[header + 1 :]
    pattern = "%m-%d-%Y %I:%M %p" if body[0][2].endswith("M") else "%d-%m-%Y %H:%M"

    def of(record: str, column: int) -> list[Row]:
        chosen = [row for row in body if row[3] == record]
        return [(datetime.strptime(row[2], pattern), row[column], "") for row in chosen]

    return of("0", 4), of("1", 5)


def _steps(rows: list[Row]) -> list[float]:
    moments = sorted({moment for moment, _, _ in rows})
    return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(moments)]
