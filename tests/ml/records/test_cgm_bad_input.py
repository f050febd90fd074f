"""What must not be read is refused with one clear error that says where, why, and nothing private.

Fixtures are named after the attack.
"""

import gzip
import io
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cgm_attacks import clarity, libreview, person, refusal, with_line
from cgm_files import RECEIVED, read, shared_file

from ml.records.cgm import read_cgm
from ml.records.errors import UnreadableRecord
from ml.simulation.glucose import simulate_trace
from scripts.simulation.clarity import to_clarity_csv
from scripts.simulation.libreview import to_libreview_csv
from scripts.simulation.open_formats import to_plain_csv


def test_an_empty_file_is_refused() -> None:
    for data in (b"", b"\xef\xbb\xbf", b" \r\n\t\n"):
        assert "empty" in refusal(data).reason


def test_binary_junk_is_refused() -> None:
    junk = np.random.default_rng(0).bytes(5000)
    assert "UTF-8" in refusal(junk).reason
    assert refusal(b"ab\nc\0d").line == 2


def test_an_upload_over_the_limit_is_refused_by_its_size_alone() -> None:
    with pytest.raises(UnreadableRecord, match="64 bytes; at most 63"):
        read_cgm(b"x" * 64, zone=None, received_at=RECEIVED, limit=63)


def test_a_zip_bomb_renamed_csv_is_never_unpacked() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", b"0" * 50_000_000)
    assert "zip archive" in refusal(bomb.getvalue()).reason
    assert "gzip" in refusal(gzip.compress(clarity())).reason


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("cgm-bigideas-dexcom", "Food_Log_001.csv"),
        ("cgm-iglu-t2d", "iglu_example_data_5_subject.csv"),  # several people in one file
    ],
)
def test_a_table_of_something_else_is_refused_with_what_is_read(folder: str, name: str) -> None:
    error = refusal(shared_file(folder, name).read_bytes())
    for title in ("Dexcom Clarity", "LibreView", "Levels", "Nutrisense", "Sibionics", "Shanghai"):
        assert title in error.reason


@pytest.mark.parametrize(
    "cell",
    [b"=1+1", b"@SUM(A1)", b"+SUM(A1:A9)", b"-2+3+cmd|' /C calc'!A0", b'"=HYPERLINK(""x"")"'],
)
@pytest.mark.parametrize("column", [1, 3, 4, 7])
def test_a_cell_that_a_spreadsheet_would_run_is_refused_with_its_line(cell, column) -> None:
    error = refusal(with_line(clarity(), 20, column, cell))
    assert (error.line, "formula" in error.reason) == (20, True)


def test_a_note_that_begins_with_a_plain_sign_is_no_formula() -> None:
    data = with_line(libreview(), 30, 13, b"- felt low +1")
    assert len(read(data, "Europe/London")) == len(read(libreview(), "Europe/London"))


@pytest.mark.parametrize("cell", [b"0", b"9999", b"9,999", b"-5", b"173.7.1", b"1e2", b"abc"])
def test_a_glucose_cell_that_is_no_reading_is_refused_with_its_line(cell: bytes) -> None:
    quoted = b'"' + cell + b'"'
    error = refusal(with_line(clarity(), 40, 7, quoted))
    assert error.line == 40
    assert len(cell) < 3 or cell.decode() not in error.reason


def test_a_header_with_two_units_is_refused() -> None:
    data = libreview().replace(b"Scan Glucose mg/dL", b"Scan Glucose mmol/L")
    assert "two units" in refusal(data).reason


def test_values_in_another_unit_than_the_header_says_are_refused_with_their_line() -> None:
    error = refusal(with_line(clarity(), 60, 7, b"7.8"))
    assert error.line == 60 and "mixes units" in error.reason
    in_mmol = to_clarity_csv(person(), unit="mmol/L")
    assert refusal(with_line(in_mmol, 60, 7, b"140")).line == 60


def test_a_unit_column_that_changes_its_mind_is_refused() -> None:
    rows = [f"2026-10-0{1 + i // 9} 0{i % 9}:00,{100 + i},mg/dL" for i in range(18)]
    header = "time,glucose,unit\n"
    assert len(read((header + "\n".join(rows)).encode(), "UTC")) == 18
    for row in ("2026-10-01 07:00,5.9,mmol/L", "2026-10-01 07:00,106,", "2026-10-01 07:00,106,g"):
        rows[7] = row
        error = refusal((header + "\n".join(rows)).encode())
        assert error.line == 9 and "unit column" in error.reason


def test_a_plain_csv_without_a_unit_is_refused_with_what_to_call_the_column() -> None:
    data = to_plain_csv(person()).replace(b"glucose_mg_dl", b"glucose")
    assert "glucose_mg_dl" in refusal(data).reason


@pytest.mark.parametrize("missing", [b"", b"NaN", b"NA", b"null"])
def test_a_file_whose_readings_are_all_missing_is_refused(missing: bytes) -> None:
    header, *rows = to_plain_csv(person()).splitlines()
    data = b"\n".join([header, *(row.split(b",")[0] + b"," + missing for row in rows)])
    assert "no glucose readings" in refusal(data).reason
    assert "no glucose readings" in refusal(clarity().split(b"\n11,")[0] + b"\n").reason


@pytest.mark.parametrize("make", [clarity, libreview])
def test_a_header_without_rows_is_refused(make) -> None:
    lines = make().split(b"\n")
    assert "no glucose readings" in refusal(b"\n".join(lines[: 1 if make is clarity else 2])).reason


@pytest.mark.parametrize("zone", [None, "Asia/Seoul", "America/Los_Angeles"])
def test_readings_after_the_upload_are_refused_with_their_line(zone: str | None) -> None:
    start = RECEIVED + timedelta(days=1)
    trace = simulate_trace(np.random.default_rng(1), 1, start=start, zone="Asia/Seoul")
    error = refusal(to_clarity_csv(trace), zone)
    assert error.line == 12 and "after the moment of the upload" in error.reason


def test_readings_up_to_the_moment_of_the_upload_are_accepted_in_the_farthest_zone() -> None:
    start = RECEIVED - timedelta(days=1)
    trace = simulate_trace(np.random.default_rng(1), 1, start=start, zone="Pacific/Kiritimati")
    for zone in (None, "Pacific/Kiritimati"):
        assert len(read(to_clarity_csv(trace), zone)) == trace.utc.size


def test_readings_before_2000_are_refused() -> None:
    error = refusal(with_line(clarity(), 12, 1, b"1970-01-01T00:00:00"))
    assert (error.line, "2000" in error.reason) == (12, True)


def test_a_year_of_one_value_is_refused() -> None:
    trace = simulate_trace(
        np.random.default_rng(1), 365, start=datetime(2025, 10, 1, tzinfo=UTC), cadence_minutes=15
    )
    trace.mg_dl[:] = 100
    assert "one value" in refusal(to_libreview_csv(trace, unit="mg/dL")).reason
    trace.mg_dl[::3] = 101
    assert "one value" in refusal(to_libreview_csv(trace, unit="mg/dL", scan_every=0)).reason


def test_a_day_stuck_at_one_value_is_refused() -> None:
    trace = person(days=5)
    trace.mg_dl[300:600] = 117
    assert "24 hours" in refusal(to_clarity_csv(trace)).reason


def test_a_single_reading_is_no_trace() -> None:
    header, first, *_ = to_plain_csv(person()).splitlines(keepends=True)
    assert "fewer than two" in refusal(header + first * 3).reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp500"])
def test_a_file_in_the_wrong_encoding_is_refused(encoding: str) -> None:
    assert "UTF-" in refusal(libreview().decode().encode(encoding)).reason


def test_a_latin_1_file_is_refused_with_the_line_of_its_first_foreign_byte() -> None:
    error = refusal(with_line(libreview(), 33, 13, "Müsli".encode("latin-1")))
    assert (error.line, "UTF-8" in error.reason) == (33, True)


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "localtime", "../../etc/passwd", "GMT+25", "Europe/", "\0"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert "IANA" in refusal(clarity(), zone).reason


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (b"2026-02-30T10:00:00", "no such date"),
        (b"2026-10-05T25:00:00", "no such date or time"),
        (b"yesterday", "not a time"),
        (b"", "without a time"),
        (b"now", "not a time"),
        ("２０26-10-05T10:00:00".encode(), "not a time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_its_line(cell: bytes, reason: str) -> None:
    error = refusal(with_line(clarity(), 25, 1, cell))
    assert error.line == 25 and reason in error.reason


def test_dates_that_fit_no_one_order_of_day_and_month_are_refused() -> None:
    trace = simulate_trace(np.random.default_rng(1), 20, cadence_minutes=15, gaps_a_day=0)
    data = to_libreview_csv(trace, unit="mg/dL", scan_every=0)
    assert refusal(with_line(data, 40, 2, b"10-25-2026 08:00")).line == 40


def test_a_decimal_comma_without_quotes_is_refused_as_one_field_too_many() -> None:
    in_mmol = to_libreview_csv(person(cadence_minutes=15), unit="mmol/L")
    error = refusal(with_line(in_mmol, 9, 4, b"5,4"))
    assert error.line == 9 and "more fields" in error.reason
    assert len(read(with_line(in_mmol, 9, 4, b'"5,4"'), "UTC")) == len(read(in_mmol, "UTC"))


def test_a_quote_that_never_closes_is_refused() -> None:
    error = refusal(with_line(clarity(), 50, 4, b'"'))
    assert "quote" in error.reason and error.line == 50


def test_a_line_of_absurd_length_is_refused_before_parsing() -> None:
    error = refusal(with_line(clarity(), 50, 4, b"x" * 70_000))
    assert error.line == 50 and "longer" in error.reason
    assert "not a format" in refusal(b"x" * 5_000_000).reason


def test_ten_million_rows_are_refused_by_counting_them() -> None:
    rows = b"2026-10-05 10:00,1\n"
    assert "1,000,000 lines" in refusal(b"time,mg/dL\n" + rows * 3_000_000).reason
    assert "1,000,000 lines" in refusal(b"time,mg/dL\n" + b",\n" * 10_000_000).reason
    assert "cells" in refusal(b"time,mg/dL\n" + b"," * 30_000_000).reason
