"""The Croissant description, held against mlcroissant itself."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml.publication.croissant import field_id
from ml.publication.package import build_package, open_package
from ml.records.tables.table import Table
from tests.ml.publication import released

mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unpacked(released.release(), tmp_path_factory.mktemp("vitals"))


@pytest.fixture(scope="module")
def glucose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    days = released.glucose_days()
    return _unpacked(released.release(kind="cgm", data=days), tmp_path_factory.mktemp("cgm"))


def _unpacked(release: Any, place: Path) -> Path:
    for name, content in open_package(build_package(release)).members.items():
        (place / name).write_bytes(content)
    return place


def _loaded(folder: Path, records: str, table: Table) -> Table:
    """What mlcroissant reads, as a table of the same schema."""
    dataset = mlc.Dataset(folder / "croissant.json")
    rows = list(dataset.records(records))
    values = np.full((len(rows), len(table.schema.columns)), np.nan)
    for at, column in enumerate(table.schema.columns):
        name = field_id(records, at + 1, column.name)
        for row, cells in enumerate(rows):
            cell = cells[name]
            if cell is None:
                continue
            plain = cell.decode() if isinstance(cell, bytes) else cell
            values[row, at] = plain if column.numeric else column.code(plain)
    return Table(table.schema, values)


def test_its_validator_has_neither_error_nor_warning(folder: Path) -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("mlcroissant"), "validate", "--jsonld=croissant.json"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    told = found.stdout + found.stderr
    assert found.returncode == 0, told
    assert "Done." in told
    assert "WARNING" not in told.upper() and "ERROR" not in told.upper()


def test_nothing_is_to_be_improved(
    folder: Path, glucose: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for place in (folder, glucose):
        with caplog.at_level(logging.WARNING):
            context = mlc.Dataset(place / "croissant.json").metadata.ctx
        assert not context.issues.errors and not context.issues.warnings and not caplog.records
        assert context.conforms_to.value == "http://mlcommons.org/croissant/1.1"


def test_the_records_of_the_csv_are_the_data(folder: Path, glucose: Path) -> None:
    data, read = released.table(), _loaded(folder, "csv", released.table())
    exact = [column.name for column in data.schema.columns if column.name != "lactate"]
    assert read.select(exact) == data.select(exact)
    # Of 17 digits pandas' default reader, which mlcroissant takes, may miss the last bit.
    gap = np.abs(read.column("lactate") - data.column("lactate"))
    assert (gap <= np.spacing(np.abs(data.column("lactate")))).all()
    days = released.release(kind="cgm", data=released.glucose_days()).table()
    assert _loaded(glucose, "csv", days) == days


def test_the_records_of_the_parquet_are_the_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mlcroissant reads Parquet by pyarrow, which this project leaves out: DuckDB stands in."""
    place = str(folder / "data.parquet")
    monkeypatch.setattr(
        pd, "read_parquet", lambda _: duckdb.sql(f"SELECT * FROM '{place}'").df().astype(object)
    )
    assert _loaded(folder, "parquet", released.table()) == released.table()


def test_a_changed_file_is_refused_by_its_reader_too(tmp_path: Path) -> None:
    place = _unpacked(released.release(), tmp_path)
    content = (place / "data.csv").read_bytes()
    (place / "data.csv").write_bytes(content.replace(b"high", b"low ", 1))
    with pytest.raises(Exception, match=r"Download\(data\.csv\)") as fault:
        list(mlc.Dataset(place / "croissant.json").records("csv"))
    assert "not identical" in str(fault.value.__cause__)


def test_types_descriptions_and_what_is_said_of_risks(folder: Path) -> None:
    described = json.loads((folder / "croissant.json").read_bytes())
    fields = {each["name"]: each for each in described["recordSet"][0]["field"]}
    assert [fields[name]["dataType"] for name in released.SCHEMA.names] == [
        *("sc:Integer", "sc:Float", "sc:Float", "sc:Text", "sc:Text"),
        *("sc:Boolean", "sc:Integer", "sc:Text"),
    ]
    assert fields["heart_rate"]["description"] == (
        "Heart rate at rest; Whole numbers from 40 to 180; Unit: 1/min; Cells may be missing."
    )
    assert {name for name in described if name.startswith("rai:")} >= {
        *("rai:dataCollection", "rai:dataLimitations", "rai:dataBiases", "rai:dataUseCases"),
        *("rai:dataSocialImpact", "rai:personalSensitiveInformation"),
    }
    assert "Lactate is coarse." in described["rai:dataLimitations"]
    assert described["datePublished"] == "2026-11-22"
