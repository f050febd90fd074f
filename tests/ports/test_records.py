"""The record reader as the service sees it: real files, keyed fingerprints, clear refusals."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind
from backend.domain.errors import UnreadableRecord
from ml.simulation.glucose import simulate_trace
from scripts.simulation.apps import to_levels_csv, to_nutrisense_csv
from scripts.simulation.workbooks import (
    to_shanghai_rows,
    to_shanghai_xls,
    to_shanghai_xlsx,
    to_sibionics_xlsx,
    to_xlsx,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PLAIN = "timestamp,glucose_mg_dl\n" + "\n".join(
    f"2026-11-{1 + minute // 1440:02d} {minute // 60 % 24:02d}:{minute % 60:02d}:00,"
    f"{110 + (minute * 7919) % 61}"
    for minute in range(0, 3 * 1440, 5)
)


def read(data: bytes, zone: str = "Europe/London"):
    return MlRecordReader().read(data, Kind.CGM, zone=zone, received_at=NOW)


def test_a_record_is_understood_and_its_summary_names_no_reading() -> None:
    record = read(PLAIN.encode())
    assert record.summary.fields["readings"] == 3 * 288
    assert record.summary.fields["unit"] == "mg/dL"
    assert 0 < record.summary.quality <= 10_000
    assert set(record.summary.quality_parts) == {"span", "coverage", "continuity", "plausibility"}
    assert "canonical" not in repr(record)


def test_the_canonical_trace_is_exported_as_csv_with_every_reading() -> None:
    record = read(PLAIN.encode())
    lines = MlRecordReader().export(record.canonical, Kind.CGM).decode().splitlines()
    assert lines[0] == "utc,local,mg_dl,censored"
    assert lines[1] == "2026-11-01T00:00:00Z,2026-11-01T00:00:00,110.0,"
    assert len(lines) == 1 + 3 * 288


def test_the_same_readings_in_another_zone_share_every_shingle() -> None:
    here, there = read(PLAIN.encode()), read(PLAIN.encode(), zone="Asia/Seoul")
    assert here.shingles == there.shingles
    assert here.canonical != there.canonical


def test_the_same_file_gives_the_same_record() -> None:
    assert read(PLAIN.encode()) == read(PLAIN.encode())


@pytest.mark.parametrize("kind", [Kind.MOTION, Kind.IMAGE])
def test_a_kind_without_reader_is_refused_by_name(kind: Kind) -> None:
    with pytest.raises(UnreadableRecord, match=kind.name.lower()):
        MlRecordReader().read(b"x", kind, zone="UTC", received_at=NOW)


def test_an_unreadable_line_is_named() -> None:
    broken = PLAIN.replace("2026-11-02 00:00:00", "yesterday", 1)
    with pytest.raises(UnreadableRecord) as caught:
        read(broken.encode())
    assert caught.value.line == 2 + 288
    assert "yesterday" not in str(caught.value)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (to_nutrisense_csv, "nutrisense"),
        (to_levels_csv, "levels"),
        (to_sibionics_xlsx, "sibionics"),
        (to_shanghai_xlsx, "shanghai"),
        (to_shanghai_xls, "shanghai"),
    ],
)
def test_every_other_vendors_export_becomes_a_record_like_any_other(write, name: str) -> None:
    simulated = simulate_trace(np.random.default_rng(8), 3, cadence_minutes=15, gaps_a_day=0)
    record = read(write(simulated))
    assert record.summary.fields["format"] == name and record.summary.quality > 0
    assert len(record.shingles) >= record.duplicate_at > 0
    shared = set(record.shingles) & set(read(to_levels_csv(simulated)).shingles)
    assert len(shared) >= record.duplicate_at


def test_a_fault_in_a_workbook_is_named_by_sheet_and_row_and_by_nothing_it_holds() -> None:
    rows = to_shanghai_rows(simulate_trace(np.random.default_rng(8), 1, cadence_minutes=15))
    rows[6][1] = "Zaphodina"
    with pytest.raises(UnreadableRecord) as caught:
        read(to_xlsx(rows, sheet="Beeblebrox"))
    assert str(caught.value).startswith("sheet 1, row 7: ") and caught.value.line == 7
    assert "Zaphodina" not in str(caught.value) and "Beeblebrox" not in str(caught.value)


def test_reading_needs_no_file_name_and_no_disk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    read(PLAIN.encode())
    assert list(tmp_path.iterdir()) == []
