"""CSV tables of hospitals are read as they are, damaged ones as far as they can be trusted."""

import os
from pathlib import Path

import numpy as np
import pytest

from ml.records.errors import UnreadableRecord
from ml.records.tables.reading import read_table, recognised

DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))

HEADER = "Patient ID,Age,Blood Pressure,Sedentary Hours Per Day,Diet,Heart Attack Risk"


def real(path: str) -> bytes:
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{path} of the shared data is not here")
    return file.read_bytes()


def heart(rows: list[str]) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def test_the_triage_file_is_read_with_its_semicolons_commas_and_turkish_nulls():
    table = read_table(real("vitals-ktas-triage/ktas_data.csv"))
    assert len(table) == 1267
    missing = {name: int(np.isnan(table.column(name)).sum()) for name in table.schema.names}
    assert missing["Saturation"] == 697 and missing["NRS_pain"] == 556
    assert [missing[name] for name in ("SBP", "DBP", "HR", "RR", "BT")] == [25, 29, 20, 22, 18]
    assert table.schema.column("KTAS duration_min").decimals == 2
    assert table.schema.column("BT").decimals == 1
    classes = np.bincount(table.column("KTAS_expert").astype(int))
    assert classes.tolist() == [26, 220, 487, 459, 75]
    assert table.schema.target == "KTAS_expert"
    assert "Chief_complain" not in table.schema.names


def test_the_heart_attack_file_is_read_with_its_blood_pressure_in_two():
    table = read_table(real("heart-attack-prediction/heart_attack_prediction_dataset.csv"))
    assert len(table) == 8763
    assert table.where("Heart Attack Risk", 1).sum() == 3139
    assert table.values[0, table.schema.index("Systolic")] == 158
    assert table.values[0, table.schema.index("Diastolic")] == 88
    pairs = {(each.determinant, each.dependent) for each in table.schema.dependencies}
    assert pairs == {("Country", "Continent"), ("Country", "Hemisphere")}


def test_the_maternal_file_keeps_its_duplicates_and_loses_its_typing_errors():
    table = read_table(real("vitals-maternal-risk/Maternal_Health_Risk_Data_Set.csv"))
    assert len(table) == 1014 and np.isnan(table.column("HeartRate")).sum() == 2
    assert table.schema.column("RiskLevel").categories == ("low risk", "mid risk", "high risk")
    assert len(table.distinct()) < 460


def test_a_damaged_heart_attack_file_loses_cells_and_no_rows():
    rows = [f"ABC{i},{20 + i % 50},120/80,{i % 7 + 0.25},Healthy,{i % 2}" for i in range(60)]
    rows[3] = "Jan3249,\u00a0,130/85,1.25,,1"
    rows[4] = ",30,,2.25,Average,0"
    table = read_table(heart(rows))
    assert len(table) == 60
    assert np.isnan(table.column("Age")).sum() == 1
    assert (
        np.isnan(table.column("Systolic")).sum() == np.isnan(table.column("Diastolic")).sum() == 1
    )
    assert np.isnan(table.column("Diet")).sum() == 1
    assert "Patient ID" not in table.schema.names
    latin = read_table("\n".join([HEADER, *rows]).encode("windows-1252"))
    assert latin == table


@pytest.mark.parametrize(
    ("body", "reason", "line"),
    [
        ("a,b\n1,2\n3\n", "fewer fields", 3),
        ("a,b\n1,2\n3,4,5\n", "more fields", 3),
        ("a,a\n1,2\n", "no name of its own", 1),
        ("a,\n1,2\n", "no name of its own", 1),
        ("a,b\n", "no row", None),
        ("a,b\n1,=cmd()\n", "formula", 2),
        ('a,b\n1,"2\n', "quote is not closed", 2),
        ("a\rb\n1\n", "no line of CSV", 1),
        ("a\n1.5\n1e308\n", "beyond 2\\^53", 3),
        ("", "empty", None),
        ("a\n1.5\n\n2.5\ninf\n", "infinity", 5),
    ],
)
def test_a_broken_file_is_refused_with_its_line(body, reason, line):
    with pytest.raises(UnreadableRecord, match=reason) as refusal:
        read_table(body.encode())
    assert refusal.value.line == line


def test_text_of_another_encoding_is_refused_unless_the_format_knows_it():
    with pytest.raises(UnreadableRecord, match="UTF-8"):
        read_table("stadt,x\nKöln,1\n".encode("latin-1"))


def test_a_blood_pressure_of_three_numbers_is_refused_with_its_line():
    rows = [f"A{i},{i},120/80,1.5,x,{i % 2}" for i in range(30)]
    rows[7] = "A7,7,120/80/60,1.5,x,1"
    with pytest.raises(UnreadableRecord, match="2 numbers") as refusal:
        read_table(heart(rows))
    assert refusal.value.line == 9


def test_a_message_never_carries_a_cell():
    rows = [f"A{i},{i},120/80,1.5,x,{i % 2}" for i in range(30)]
    rows[5] = "A5,5,120/80,secretword,x,1"
    with pytest.raises(UnreadableRecord) as refusal:
        read_table(heart(rows))
    assert "secretword" not in str(refusal.value)


def test_tabs_bars_and_byte_order_marks_are_understood():
    for mark in "\t|;":
        body = f"\ufeffa{mark}b\r\n1{mark}x\r\n2{mark}y\r\n".encode()
        table = read_table(body)
        assert table.schema.names == ("a", "b") and table.column("a").tolist() == [1, 2]
        assert recognised(body).name == "plain"
