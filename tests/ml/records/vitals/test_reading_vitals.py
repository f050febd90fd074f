"""Vital signs are read from JSON and CSV as people write them, in one unit each."""

import contextlib

import numpy as np
import pytest
from vitals_reading import left_out, person, read, real

from ml.records.errors import UnreadableRecord
from ml.records.vitals import VOCABULARY
from scripts.simulation.vitals_files import (
    to_european_csv,
    to_json_rows,
    to_nested_json,
    to_vitals_csv,
)

PLAIN = "timestamp,heart_rate,spo2\n2026-11-01 08:00,72,98\n2026-11-02 20:30,81,\n"


def utc(trace) -> list[str]:
    return np.datetime_as_string(trace.utc, unit="s").tolist()


def test_a_row_is_a_moment_and_a_missing_cell_is_no_number() -> None:
    trace = read(PLAIN)
    assert trace.variables == ("heart_rate", "oxygen_saturation")
    np.testing.assert_array_equal(trace.values, [[72, 98], [81, np.nan]])
    assert utc(trace) == ["2026-10-31T23:00:00", "2026-11-02T11:30:00"]
    assert str(trace.local[0]) == "2026-11-01T08:00:00.000000"


@pytest.mark.parametrize(
    "write",
    [
        to_nested_json,
        to_json_rows,
        to_vitals_csv,
        lambda one, zone: to_vitals_csv(one, zone=zone, fahrenheit=True),
        to_european_csv,
    ],
)
def test_every_manner_of_writing_reads_as_what_was_measured(write) -> None:
    one = person(3)
    trace = read(write(one, zone="Asia/Seoul"))
    assert trace.utc.astype("M8[s]").astype(np.int64).tolist() == one.utc.tolist()
    for name, values in one.signs.items():
        slack = 1.0 if name == "blood_glucose" else 1e-9  # a tenth of mmol/L is 1.8 mg/dL
        np.testing.assert_allclose(trace.column(name), values, atol=slack)
    assert trace.column("status").tolist() == one.status.tolist()
    assert set(trace.column("age")) == {one.facts["age"]}
    assert set(trace.column("sex")) == {1.0 if one.facts["sex"] == "male" else 0.0}


@pytest.mark.parametrize(
    ("name", "cell", "variable", "value"),
    [
        ("Body Temp (°F)", "98.6", "body_temperature", 37.0),
        ("bodyTemperature", "98.6", "body_temperature", 37.0),
        ("체온", "36.57 °C", "body_temperature", 36.6),
        ("temp_c", "36,6", "body_temperature", 36.6),
        ("SystolicBP (kPa)", "16.0", "systolic_bp", 120),
        ("sbp", "16", "systolic_bp", 120),
        ("SpO2", "0.97", "oxygen_saturation", 97),
        ("혈중 산소 농도 (%)", "97 %", "oxygen_saturation", 97),
        ("BloodGlucose", "7.01", "blood_glucose", 126),
        ("glucose_mg_dl", "126", "blood_glucose", 126),
        ("Heart Rate [/min]", "72.4", "heart_rate", 72),
        ("피부 온도", "33.1", "skin_temperature", 33.1),
        ("Height (m)", "1.68", "height", 168),
        ("weight_lb", "150", "weight", 68.0),
        ("Mental", "4", "consciousness", 4),
        ("AVPU", "v", "consciousness", 2),
        ("의식 상태", "명료", "consciousness", 0),
        ("On_Oxygen", "0", "supplemental_oxygen", 0),
        ("당뇨", "유", "diabetes", 1),
        ("KTAS_expert", "2", "triage_level", 1),
        ("RiskLevel", "high risk", "risk_level", 3),
        ("Heart Attack Risk", "1", "heart_attack_risk", 1),
        ("상태", "주의", "status", 1),
        ("NRS_pain", "7", "pain_score", 7),
        ("Exercise Hours Per Week", "4.168188835442079", "exercise_hours", 4.2),
    ],
)
def test_names_and_units_are_understood(name: str, cell: str, variable: str, value: float) -> None:
    trace = read(f'"{name}"\n"{cell}"\n')
    assert (trace.variables, trace.values.tolist()) == ((variable,), [[value]])


def test_a_pressure_written_as_two_numbers_is_two_variables() -> None:
    trace = read("time;혈압;심박수\n2026-11-01 08:00;158/88;70\n2026-11-02 08:00;;71\n")
    np.testing.assert_array_equal(trace.column("systolic_bp"), [158, np.nan])
    np.testing.assert_array_equal(trace.column("diastolic_bp"), [88, np.nan])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-11-01T08:00:00+09:00", "2026-11-02T08:00:00+09:00"),
        ("2026-10-31 23:00:00Z", "2026-11-01 23:00:00Z"),
        ("2026-10-31 23:00:00 UTC", "2026-11-01 23:00:00 UTC"),
        ("2026. 11. 1. 오전 8:00", "2026. 11. 2. 오전 8:00:00"),
        ("2026년 11월 1일 08:00", "2026년 11월 2일 08:00"),
        ("01.11.2026 08:00", "02.11.2026 08:00"),
        ("11/1/2026 8:00 AM", "11/2/2026 8:00 AM"),
        ("1793487600", "1793574000"),
        ("1793487600000", "1793574000000"),
        ("2026-11-01 08:00:00.000", "2026-11-02 08:00:00.000"),
    ],
)
def test_dates_are_read_in_every_order_with_an_offset_or_in_the_zone(first, second) -> None:
    trace = read(f"timestamp,hr\n{second},71\n{first},70\n")
    assert utc(trace) == ["2026-10-31T23:00:00", "2026-11-01T23:00:00"]
    assert trace.column("heart_rate").tolist() == [70, 71]


def test_date_and_time_of_day_may_be_two_columns_and_a_date_alone_is_its_midnight() -> None:
    both = read("날짜,시각,심박수\n2026-11-01,08:00,70\n2026-11-01,09:00,71\n")
    assert utc(both) == ["2026-10-31T23:00:00", "2026-11-01T00:00:00"]
    alone = read("date,hr\n2026-11-01,70\n2026-11-02,71\n")
    assert utc(alone) == ["2026-10-31T15:00:00", "2026-11-01T15:00:00"]


def test_the_hour_that_autumn_repeats_is_told_by_the_order_of_rows() -> None:
    rows = ["01:10,60", "01:40,61", "01:10,62", "01:40,63", "02:10,64"]
    text = "timestamp,hr\n" + "".join(f"2026-10-25 {row}\n" for row in rows)
    trace = read(text, "Europe/London")
    assert [one[11:16] for one in utc(trace)] == ["00:10", "00:40", "01:10", "01:40", "02:10"]
    assert trace.column("heart_rate").tolist() == [60, 61, 62, 63, 64]


def test_without_a_zone_wall_times_are_kept_and_no_moment_is_claimed() -> None:
    trace = read(PLAIN, zone=None)
    assert trace.utc is None and str(trace.local[0]).startswith("2026-11-01T08:00")


def test_a_single_row_needs_no_time() -> None:
    trace = read('{"age": 54, "sex": "F", "heart_rate": 88}')
    assert not trace.timed and trace.variables == ("heart_rate", "age", "sex")


def test_what_is_nested_in_json_is_flattened_and_stands_in_every_row() -> None:
    text = """{"user": {"age": 40, "성별": "남"}, "data": {"measurements": [
        {"time": "2026-11-01T08:00:00Z", "vitals": {"spo2": {"value": 0.97, "unit": "fraction"}}},
        {"time": "2026-11-01T09:00:00Z", "vitals": {"spo2": {"value": 0.95, "unit": "fraction"}},
         "mood": "low"}]}}"""
    trace = read(text)
    assert trace.variables == ("oxygen_saturation", "age", "sex")
    assert trace.values.tolist() == [[97, 40, 1], [95, 40, 1]]


def test_json_may_hold_columns_an_object_per_line_or_one_sign_alone() -> None:
    columns = read('{"time": ["2026-11-01 08:00", "2026-11-01 09:00"], "hr": [70, 71]}')
    lines = read('{"time": "2026-11-01 08:00", "hr": 70}\n{"time": "2026-11-01 09:00", "hr": 71}\n')
    sign = read(
        '{"hr": [{"time": "2026-11-01 08:00", "value": 70},'
        ' {"time": "2026-11-01 09:00", "value": "71"}]}'
    )
    for trace in (columns, lines):
        assert trace.column("heart_rate").tolist() == [70, 71]
        assert utc(trace) == ["2026-10-31T23:00:00", "2026-11-01T00:00:00"]
    assert sign.column("heart_rate").tolist() == [70, 71]


def test_arrays_of_an_app_one_per_sign_become_rows_of_their_common_times() -> None:
    trace = read(
        """{"device": "watch", "heart_rate": [
            {"time": "2026-11-01 08:00", "value": 70}, {"time": "2026-11-01 09:00", "value": 71}],
        "oxygen_saturation": [{"time": "2026-11-01 09:00", "value": 98},
            {"time": "2026-11-01 10:00", "value": 96}]}"""
    )
    assert trace.variables == ("heart_rate", "oxygen_saturation")
    np.testing.assert_array_equal(trace.values, [[70, np.nan], [71, 98], [np.nan, 96]])


def test_columns_outside_the_vocabulary_are_named_and_those_about_identity_only_counted() -> None:
    header = "timestamp,hr,mood,patient_name,memo,Kim Minji 0104477,step goal"
    rows = "\n2026-11-01 08:00,70,3,Kim,slept badly,1,9000\n2026-11-01 09:00,71,2,Kim,,1,9000\n"
    assert left_out(header + rows) == "mood, step goal, 3 of identity or free text"
    assert left_out(PLAIN) is None


def test_a_column_of_prose_is_private_whatever_it_is_called() -> None:
    text = "timestamp,hr,x\n2026-11-01 08:00,70,told the nurse about pain\n"
    assert left_out(text) == "1 of identity or free text"


def test_a_known_column_without_a_value_is_neither_a_variable_nor_left_out() -> None:
    text = "timestamp,hr,spo2,mood\n2026-11-01 08:00,70,??,1\n"
    assert read(text).variables == ("heart_rate",) and left_out(text) == "mood"


REAL = {
    "vitals-maternal-risk/Maternal_Health_Risk_Data_Set.csv": ("utf-8-sig", 1014, 0.98, 7),
    "heart-attack-prediction/heart_attack_prediction_dataset.csv": ("utf-8", 300, 0.99, 22),
    "vitals-news2-risk-synthetic/Health_Risk_Dataset.csv": ("utf-8", 300, 1.0, 8),
}


@pytest.mark.parametrize("name", REAL)
def test_a_row_of_a_real_table_is_a_record_of_its_person(name: str) -> None:
    encoding, rows, share, variables = REAL[name]
    header, *lines = real(name).read_text(encoding).splitlines()
    found = []
    for line in lines[:rows]:
        with contextlib.suppress(UnreadableRecord):
            found.append(read(f"{header}\n{line}\n"))
    assert len(found) >= share * min(rows, len(lines))
    assert {len(trace.variables) for trace in found} == {variables}


def test_a_key_within_another_object_than_a_plain_wrapper_is_not_taken_for_the_persons() -> None:
    trace = read('{"heart_rate": 70, "mother": {"age": 80, "diabetes": true}}')
    assert trace.variables == ("heart_rate",)


def test_the_vocabulary_has_no_name_twice_and_every_range_is_public() -> None:
    names = [
        "".join(part for part in name.casefold() if part.isalnum())
        for one in VOCABULARY
        for name in {one.name, *one.aliases} - {one.name.replace("_", "")}
    ]
    assert len(set(names)) == len(names)
    for one in VOCABULARY:
        column = one.column(missing=True)
        assert column.minimum < column.maximum if one.numeric else len(column.categories) > 1
