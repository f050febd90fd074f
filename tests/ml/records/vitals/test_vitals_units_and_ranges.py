"""Every unit is worth what physics says, and every public range ends where it is published.

Both are written down here a second time: a factor or a bound that slips is found whatever the
vocabulary says of itself.
"""

import pytest
from vitals_reading import read

from ml.records.errors import UnreadableRecord
from ml.records.vitals import VOCABULARY

UNITS = [
    # temperatures: 273.15 and (°F − 32) · 5 / 9
    ("temp (K)", "309.95", "body_temperature", 36.8),
    ("temp (K)", "310.10", "body_temperature", 37.0),
    ("temp (°F)", "100.4", "body_temperature", 38.0),
    ("temp (°F)", "77", "body_temperature", 25.0),
    ("skin temperature (°F)", "91.6", "skin_temperature", 33.1),
    ("skin temperature (K)", "306.25", "skin_temperature", 33.1),
    # pressures: 1 kPa is 7.50062 mmHg
    ("sbp (kPa)", "20", "systolic_bp", 150),
    ("sbp (kPa)", "39.9", "systolic_bp", 299),
    ("dbp (kPa)", "26.6", "diastolic_bp", 200),
    # amounts: glucose 18.018, cholesterol 38.67, triglycerides 88.57 mg/dL per mmol/L
    ("glucose (mmol/L)", "5.5", "blood_glucose", 99),
    ("glucose (mmol/L)", "33.3", "blood_glucose", 600),
    ("cholesterol (mmol/L)", "5.2", "cholesterol", 201),
    ("cholesterol (mmol/L)", "10.0", "cholesterol", 387),
    ("triglycerides (mmol/L)", "1.7", "triglycerides", 151),
    ("triglycerides (mmol/L)", "11.3", "triglycerides", 1001),
    # shares, lengths, weights
    ("spo2 (fraction)", "0.905", "oxygen_saturation", 90),
    ("spo2", "0.88", "oxygen_saturation", 88),
    ("height (in)", "70", "height", 178),
    ("height (m)", "2.05", "height", 205),
    ("weight (lb)", "220.5", "weight", 100.0),
    ("weight (kg)", "70.04", "weight", 70.0),
]

RANGES = {
    "heart_rate": (20, 300, 1),
    "respiration_rate": (2, 90, 1),
    "systolic_bp": (30, 300, 1),
    "diastolic_bp": (10, 200, 1),
    "oxygen_saturation": (30, 100, 1),
    "body_temperature": (25, 45, 0.1),
    "skin_temperature": (10, 45, 0.1),
    "blood_glucose": (20, 1000, 1),
    "steps": (0, 200_000, 1),
    "calories": (0, 20_000, 1),
    "pain_score": (0, 10, 1),
    "age": (0, 120, 1),
    "height": (30, 280, 1),
    "weight": (0.5, 650, 0.1),
    "bmi": (5, 150, 0.1),
    "cholesterol": (40, 1500, 1),
    "triglycerides": (20, 3000, 1),
    "stress_level": (1, 10, 1),
    "exercise_hours": (0, 168, 0.1),
    "sedentary_hours": (0, 24, 0.1),
    "sleep_hours": (0, 24, 0.1),
    "active_days": (0, 7, 1),
}
OWN_UNITS = {
    "systolic_bp": "mmHg",
    "diastolic_bp": "mmHg",
    "oxygen_saturation": "%",
    "body_temperature": "°C",
    "skin_temperature": "°C",
    "blood_glucose": "mg/dL",
    "height": "cm",
    "weight": "kg",
    "cholesterol": "mg/dL",
    "triglycerides": "mg/dL",
}
HEADERS = {name: f"{name} ({OWN_UNITS[name]})" if name in OWN_UNITS else name for name in RANGES}


@pytest.mark.parametrize(("header", "cell", "variable", "value"), UNITS)
def test_a_unit_is_worth_what_it_is(header: str, cell: str, variable: str, value: float) -> None:
    trace = read(f'"{header}"\n"{cell}"\n')
    assert (trace.variables, trace.values.tolist()) == ((variable,), [[value]])


@pytest.mark.parametrize("name", RANGES)
def test_what_can_be_ends_where_it_is_published(name: str) -> None:
    low, high, step = RANGES[name]
    for cell in (low, high):
        assert read(f"{HEADERS[name]}\n{cell}\n").values.tolist() == [[cell]]
    for cell in (low - step, high + step):
        with pytest.raises(UnreadableRecord, match=f"{name} outside|any of its units"):
            read(f"{HEADERS[name]}\n{cell:.10g}\n")


def test_no_number_of_the_vocabulary_is_without_a_range_here() -> None:
    assert {one.name for one in VOCABULARY if one.numeric} == set(RANGES)


def test_one_cell_outside_spoils_the_file_wherever_it_is() -> None:
    lines = ["timestamp,hr", *(f"2026-11-0{day} 08:00,72" for day in range(1, 10))]
    for at in (1, 5, 9):
        moment = lines[at].split(",")[0]
        spoilt = [*lines[:at], f"{moment},301", *lines[at + 1 :]]
        with pytest.raises(UnreadableRecord, match="heart_rate outside the 20 to 300"):
            read("\n".join(spoilt) + "\n")


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("avpu", {"A": 0, "C": 1, "V": 2, "P": 3, "U": 4}),
        ("mental", {"1": 0, "2": 2, "3": 3, "4": 4}),
        ("ktas", {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}),
        ("risk", {"normal": 0, "low": 1, "mid": 2, "medium": 2, "high": 3}),
        ("sex", {"F": 0, "female": 0, "여": 0, "M": 1, "male": 1, "남": 1}),
        ("status", {"0": 0, "1": 1, "2": 2, "정상": 0, "주의": 1, "위험": 2, "응급": 2}),
        ("diabetes", {"yes": 1, "no": 0, "예": 1, "아니오": 0, "1": 1, "0": 0}),
    ],
)
def test_every_code_stands_for_its_own_category(header: str, codes: dict[str, int]) -> None:
    for cell, place in codes.items():
        assert read(f"{header}\n{cell}\n").values.tolist() == [[place]], cell
