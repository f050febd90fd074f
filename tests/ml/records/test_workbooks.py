"""Workbooks: told by their first bytes, read without unpacking, refused with sheet and row."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import openpyxl
import pytest
import xlrd
from cgm_attacks import NAME, person, refusal
from cgm_files import RECEIVED, read, shared_file, vendor_export
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.records.cgm import inspect, read_cgm
from ml.records.errors import UnreadableRecord
from scripts.simulation.biff import formula, record, to_xls
from scripts.simulation.workbooks import (
    to_shanghai_rows,
    to_shanghai_xls,
    to_shanghai_xlsx,
    to_sibionics_xlsx,
    to_xlsx,
)

SIMULATED = person(days=2, cadence_minutes=15)
SHANGHAI = to_shanghai_rows(SIMULATED)


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None], **added: bytes) -> bytes:
    """A workbook with its parts changed (None leaves one out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in added.items():
            new.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes = b"<x/>") -> bytes:
    return repacked(to_shanghai_xlsx(SIMULATED), lambda _, part: part, **{name: content})


# -- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("gmt", [-3, 0, 9])
def test_a_sibionics_workbook_reads_as_what_was_simulated_at_its_own_moments(gmt: int) -> None:
    trace = read(to_sibionics_xlsx(SIMULATED, gmt=gmt), "Europe/London")
    assert (trace.format, trace.unit) == ("sibionics", "mg/dL")
    assert trace.utc.astype(np.int64).tolist() == SIMULATED.utc.tolist()
    assert trace.local.astype(np.int64).tolist() == SIMULATED.local.tolist()
    assert trace.mg_dl.tolist() == np.clip(SIMULATED.mg_dl, 36, 450).tolist()


def test_without_a_zone_a_sibionics_workbook_shows_the_wall_time_that_it_carries() -> None:
    trace = read(to_sibionics_xlsx(SIMULATED, gmt=-3))
    assert trace.utc is None
    assert trace.local.astype(np.int64).tolist() == (SIMULATED.utc - 3 * 3600).tolist()


@pytest.mark.parametrize("write", [to_shanghai_xlsx, to_shanghai_xls])
def test_a_shanghai_workbook_reads_as_what_was_simulated_in_either_kind_of_file(write) -> None:
    trace = read(write(SIMULATED), "Europe/London")
    assert (trace.format, trace.unit) == ("shanghai", "mg/dL")
    assert trace.utc.astype(np.int64).tolist() == SIMULATED.utc.tolist()
    assert np.abs(trace.mg_dl - SIMULATED.mg_dl).max() <= 0.95


def test_both_kinds_of_workbook_give_the_same_trace() -> None:
    old, new = (read(write(SIMULATED)) for write in (to_shanghai_xls, to_shanghai_xlsx))
    assert old.mg_dl.tolist() == new.mg_dl.tolist()
    assert old.local.tolist() == new.local.tolist()


def test_the_real_sibionics_workbook_is_read_whole_whatever_it_is_named() -> None:
    data = vendor_export("sibionics_SiSensingCGM_xlsx-named-xls.xls")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    rows = [row for row in sheet.iter_rows(min_row=2, values_only=True) if row[0]]
    expected = sorted(
        (datetime.strptime(f"{at[:16]} -0300", "%d-%m-%Y %H:%M %z"), float(value))
        for at, value in rows
    )
    trace = read(data, "America/Sao_Paulo")
    utc = [at.replace(tzinfo=UTC) for at in trace.utc.astype(datetime)]
    assert list(zip(utc, trace.mg_dl.tolist(), strict=True)) == expected
    assert inspect(trace).readings == 2014 and inspect(trace).cadence == 5


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("1001_0_20210730.xlsx", 658),
        ("1002_0_20210504.xls", 948),
        ("1002_1_20210521.xls", 933),
        ("1003_0_20210831.xls", 1339),
        ("1005_0_20210522.xls", 1256),
        ("1006_0_20210114.xlsx", 1236),
        ("1006_1_20210209.xlsx", 1339),
        ("1008_0_20210713.xls", 766),
    ],
)
def test_a_real_shanghai_workbook_is_read_whole(name: str, readings: int) -> None:
    data = shared_file("cgm-shanghai-t1d-raw", name).read_bytes()
    trace = read(data, "Asia/Shanghai")
    times, values = _columns(data)
    assert trace.local.astype(datetime).tolist() == times
    shown = np.maximum(np.array(values), 40.0)
    assert np.abs(trace.mg_dl - shown).max() < 0.051
    assert len(trace) == len(times) == readings and inspect(trace).cadence == 15


def _columns(data: bytes) -> tuple[list[datetime], list[float]]:
    """Times to the minute and values of a Shanghai workbook, by the libraries alone."""
    if data[:2] == b"PK":
        sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[0]
        rows = [row[:2] for row in sheet.iter_rows(min_row=2, values_only=True) if row[0]]
    else:
        book = xlrd.open_workbook(file_contents=data)
        page = book.sheet_by_index(0)
        rows = [
            (xlrd.xldate_as_datetime(page.cell_value(r, 0), book.datemode), page.cell_value(r, 1))
            for r in range(1, page.nrows)
        ]
    half = timedelta(seconds=30)
    times = [(at + half).replace(second=0, microsecond=0) for at, _ in rows]
    return times, [float(value) for _, value in rows]


def test_the_sheet_with_the_readings_is_found_behind_others() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["About this export"])
    page = book.create_sheet(NAME)
    for row in SHANGHAI:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    assert len(read(out.getvalue())) == SIMULATED.utc.size
    page.cell(row=7, column=2).value = 9999
    out = io.BytesIO()
    book.save(out)
    error = refusal(out.getvalue())
    assert (error.sheet, error.line) == (2, 7) and str(error).startswith("sheet 2, row 7: ")


# -- refusing what is in a cell -------------------------------------------------------------------


@pytest.mark.parametrize("write", [to_xlsx, to_xls])
@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        (1, 9999.0, "outside"),
        (1, "abc", "neither a number"),
        (1, NAME, "neither a number"),
        (0, "yesterday", "not a time"),
        (0, None, "without a time"),
        (0, datetime(1999, 5, 5), "before the year 2000"),
        (0, datetime(2030, 5, 5), "after the moment of the upload"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_sheet_and_row(write, column, cell, reason) -> None:
    rows = [list(row) for row in SHANGHAI]
    rows[9][column] = cell
    error = refusal(write(rows, sheet=NAME))
    assert (error.sheet, error.line) == (1, 10) and reason in error.reason


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("13-02-2026 15:46", "without an offset"),
        ("13-02-2026 15:46 GMT-30", "hours from UTC"),
        ("13-13-2026 15:46 GMT-3", "no such date"),
        ("13-02-2026 GMT-3", "time of day"),
        ("GMT-3", "without an offset"),
    ],
)
def test_a_sibionics_time_that_cannot_be_is_refused_with_its_row(cell: str, reason: str) -> None:
    rows = [["Time", "Sensor Reading(mg/dL)"]]
    rows += [[f"{13 + i // 20}-02-2026 {i % 20:02}:46 GMT-3", str(90 + i)] for i in range(40)]
    assert len(read(to_xlsx(rows))) == 40
    rows[5][0] = cell
    error = refusal(to_xlsx(rows))
    assert (error.sheet, error.line) == (1, 6) and reason in error.reason


def test_a_workbook_without_readings_or_in_no_known_format_is_refused() -> None:
    for write in (to_xlsx, to_xls):
        assert "no glucose readings" in refusal(write(SHANGHAI[:1])).reason
        assert "Sibionics" in refusal(write([["a", "b"], [1.0, 2.0]])).reason
        assert "Sibionics" in refusal(write([])).reason


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("x")', "@SUM(A1)", "+SUM(A1:A9)"])
@pytest.mark.parametrize("column", [1, 4])
def test_a_formula_in_an_xlsx_is_refused_with_sheet_and_row(cell: str, column: int) -> None:
    rows = [list(row) for row in SHANGHAI]
    rows[11][column] = cell
    error = refusal(to_xlsx(rows))
    assert (error.sheet, error.line) == (1, 12) and "formula" in error.reason


def test_a_formula_in_an_xls_is_refused_although_its_last_result_is_a_reading() -> None:
    error = refusal(to_xls(SHANGHAI, more_cells=formula(len(SHANGHAI), 1, 120.0)))
    assert (error.sheet, error.line) == (1, len(SHANGHAI) + 1) and "formula" in error.reason


# -- refusing what is around the cells ------------------------------------------------------------


def test_a_workbook_over_the_upload_limit_is_refused_by_its_size_alone() -> None:
    with pytest.raises(UnreadableRecord, match="at most 63"):
        read_cgm(b"PK\x03\x04" + b"x" * 60, zone=None, received_at=RECEIVED, limit=63)


def test_a_zip_bomb_in_a_workbook_is_never_unpacked() -> None:
    def grown(name: str, part: bytes) -> bytes:
        return part + b" " * 200_000_000 if "sheet1" in name else part

    bomb = repacked(to_shanghai_xlsx(SIMULATED), grown)
    assert len(bomb) < 300_000
    assert "unpacks to more" in refusal(bomb).reason


def test_a_part_that_claims_to_be_small_is_not_inflated_beyond_its_claim() -> None:
    data = bytearray(to_shanghai_xlsx(SIMULATED))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = next(i.file_size for i in archive.infolist() if "sheet1" in i.filename)
    claim = size.to_bytes(4, "little")
    assert data.count(claim) >= 1
    lied = data.replace(claim, (size // 2).to_bytes(4, "little"))
    assert "damaged" in refusal(bytes(lied)).reason


def test_a_million_shared_texts_are_refused_before_they_are_read() -> None:
    strings = b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>"
    assert "unpacks to more" in refusal(with_part("xl/sharedStrings.xml", strings)).reason


@pytest.mark.parametrize("name", ["xl/styles.xml", "xl/workbook.xml"])
def test_a_giant_part_beside_the_sheets_is_refused(name: str) -> None:
    data = repacked(
        to_shanghai_xlsx(SIMULATED),
        lambda part, content: content + b" " * 3_000_000 if part == name else content,
    )
    assert "unpacks to more" in refusal(data).reason


def test_a_sheet_that_says_it_fills_every_column_is_read_by_what_it_holds() -> None:
    def boast(name: str, part: bytes) -> bytes:
        if "sheet1" not in name:
            return part
        return part.replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')

    data = repacked(to_shanghai_xlsx(SIMULATED), boast)
    assert len(read(data)) == SIMULATED.utc.size


@pytest.mark.parametrize("filling", [b"<c/>", b"<row/>", b"<row><c/></row>", b"<x/>"])
def test_millions_of_empty_cells_that_deflate_to_nothing_are_refused(filling: bytes) -> None:
    def fill(name: str, part: bytes) -> bytes:
        many = b"<row>" + filling * (60_000_000 // len(filling)) + b"</row></sheetData>"
        return part.replace(b"</sheetData>", many) if "sheet1" in name else part

    bomb = repacked(to_shanghai_xlsx(SIMULATED), fill)
    assert len(bomb) < 600_000
    assert "tags" in refusal(bomb).reason


def test_millions_of_attributes_on_one_cell_are_refused() -> None:
    def fill(name: str, part: bytes) -> bytes:
        row = b"<row><c" + b' a=""' * 4_100_000 + b"/></row></sheetData>"
        return part.replace(b"</sheetData>", row) if "sheet1" in name else part

    assert "attributes" in refusal(repacked(to_shanghai_xlsx(SIMULATED), fill)).reason


def test_a_sheet_with_a_row_far_below_the_rest_is_refused_by_counting() -> None:
    def far(name: str, part: bytes) -> bytes:
        row = b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
        return part.replace(b"</sheetData>", row) if "sheet1" in name else part

    error = refusal(repacked(to_shanghai_xlsx(SIMULATED), far))
    assert error.sheet == 1 and "300,000 rows" in error.reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/embeddings/oleObject1.bin", "macros"),
        ("xl/activeX/activeX1.xml", "macros"),
        ("xl/externalLinks/externalLink1.xml", "other files"),
        ("xl/connections.xml", "other files"),
    ],
)
def test_a_workbook_that_runs_or_fetches_things_is_refused(name: str, reason: str) -> None:
    assert reason in refusal(with_part(name)).reason


def test_an_xml_part_that_declares_entities_is_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'

    def declare(name: str, part: bytes) -> bytes:
        return laughs + part.split(b"?>", 1)[-1] if "sheet1" in name else part

    assert "damaged" in refusal(repacked(to_shanghai_xlsx(SIMULATED), declare)).reason


def test_an_encrypted_workbook_is_refused_with_what_to_do() -> None:
    zipped = bytearray(to_shanghai_xlsx(SIMULATED))
    at = zipped.rfind(b"PK\x01\x02")
    zipped[at + 8] |= 1
    for data in (
        bytes(zipped),
        to_xls([], more_entry="EncryptedPackage"),
        to_xls(SHANGHAI, more_globals=record(0x002F, bytes(54))),
    ):
        assert "without a password" in refusal(data).reason


def test_an_xls_with_macros_or_links_is_refused() -> None:
    assert "macros" in refusal(to_xls(SHANGHAI, more_entry="_VBA_PROJECT_CUR")).reason
    link = record(0x01AE, b"\x01\x00\x06\x00\x00book.x")
    assert "other files" in refusal(to_xls(SHANGHAI, more_globals=link)).reason
    own = record(0x01AE, b"\x01\x00\x01\x04")
    assert len(read(to_xls(SHANGHAI, more_globals=own))) == SIMULATED.utc.size


def test_an_xls_of_more_than_16_mib_is_refused_by_its_size() -> None:
    assert "16 MiB" in refusal(b"\xd0\xcf\x11\xe0" + bytes(17_000_000)).reason


def test_a_zip_of_something_else_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("export.csv", "time,glucose_mg_dl\n")
    assert "zip archive" in refusal(out.getvalue()).reason


def test_no_warning_or_print_quotes_a_workbook(recwarn, capfd) -> None:
    def odd(name: str, part: bytes) -> bytes:
        area = b"<definedName name='_xlnm.Print_Area' localSheetId='0'>%s!odd</definedName>"
        names = b"<definedNames>" + area % NAME.encode() + b"</definedNames><calcPr"
        return part.replace(b"<calcPr", names) if name == "xl/workbook.xml" else part

    _read_or_refuse(repacked(to_shanghai_xlsx(SIMULATED, sheet=NAME), odd))
    _read_or_refuse(to_shanghai_xls(SIMULATED, sheet=NAME)[:-700])
    shown = capfd.readouterr()
    assert [str(w.message) for w in recwarn] == [] and (shown.out, shown.err) == ("", "")


def test_nothing_of_a_workbook_is_written_to_disk(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for write in (to_shanghai_xlsx, to_shanghai_xls):
        read(write(SIMULATED))
    assert list(tmp_path.iterdir()) == []


def test_the_libraries_of_workbooks_are_loaded_with_the_first_workbook_only() -> None:
    script = (
        "import sys; from datetime import UTC, datetime; from ml.records.cgm import read_cgm\n"
        "rows = '\\n'.join(f'2026-10-0{1 + i // 9} 0{i % 9}:00,{100 + i}' for i in range(18))\n"
        "data = ('time,glucose_mg_dl\\n' + rows).encode()\n"
        "read_cgm(data, zone='UTC', received_at=datetime(2026, 11, 1, tzinfo=UTC))\n"
        "print(sorted({'openpyxl', 'xlrd'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(["sibionics", "xlsx", "xls"]),
    at=st.floats(0, 1),
    cut=st.integers(0, 200),
    junk=st.binary(max_size=40),
)
def test_a_damaged_workbook_is_a_trace_or_one_clear_error(which, at, cut, junk) -> None:
    start = int(at * len(_WHOLE[which]))
    _read_or_refuse(_WHOLE[which][:start] + junk + _WHOLE[which][start + cut :])


@settings(max_examples=150, deadline=None)
@given(at=st.floats(0, 1), cut=st.integers(0, 60), junk=st.binary(max_size=30), part=st.data())
def test_a_workbook_with_a_damaged_part_is_a_trace_or_one_clear_error(at, cut, junk, part) -> None:
    with zipfile.ZipFile(io.BytesIO(_WHOLE["xlsx"])) as archive:
        chosen = part.draw(st.sampled_from(archive.namelist()))

    def damage(name: str, content: bytes) -> bytes:
        start = int(at * len(content))
        return content[:start] + junk + content[start + cut :] if name == chosen else content

    _read_or_refuse(repacked(_WHOLE["xlsx"], damage))


def _read_or_refuse(data: bytes) -> None:
    try:
        assert len(read(data, "Europe/London")) >= 2
    except UnreadableRecord as error:
        assert error.reason and NAME not in str(error)


_WHOLE = {
    "sibionics": to_sibionics_xlsx(person(0.4, 15)),
    "xlsx": to_shanghai_xlsx(person(0.4, 15), sheet=NAME),
    "xls": to_shanghai_xls(person(0.4, 15), sheet=NAME),
}
