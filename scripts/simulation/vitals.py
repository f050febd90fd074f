"""Simulated people who measure their vital signs, and what they know of themselves.

Every person has a level of their own in every sign, drawn from age, sex, weight and illness; every
row departs from it with the time of day and with an illness that comes and goes (an
autoregressive severity). Severity moves the signs together, as infection does: pulse, breathing
and temperature up, saturation and pressure down. The status that a nurse would note, 0 normal,
1 caution, 2 danger, follows severity and some error of judgement: it can be learnt from the signs,
and not perfectly.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

DECIMALS = {"body_temperature": 1}
CAUTION, DANGER = 1.0, 1.8
_DAY = 86_400
_MISSING = 0.03

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedVitals:
    """One person's measurements.

    Attributes:
        utc: seconds since 1970, ascending.
        facts: what is true of the person throughout, by name of the vocabulary.
        signs: values by name of the vocabulary, (rows,) each, NaN where not measured.
        status: 0, 1 or 2 for each row.
    """

    utc: npt.NDArray[np.int64]
    facts: dict[str, str | int | float | bool]
    signs: dict[str, Floats]
    status: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.utc)


def simulate_vitals(
    rng: np.random.Generator, rows: int, *, start: datetime, rows_a_day: float = 2.0
) -> SimulatedVitals:
    """A person with `rows` measurements from `start` on; the same generator state, the same one."""
    facts = _person(rng)
    days = np.arange(rows) / rows_a_day + rng.uniform(0, 0.15, rows)
    utc = int(start.timestamp()) + np.sort((days * _DAY).astype(np.int64) // 60 * 60)
    severity = _severity(rng, rows, frailty=_frailty(facts))
    signs = _signs(rng, facts, severity, hour=(utc % _DAY) / 3600)
    status = np.digitize(severity + rng.normal(0, 0.25, rows), [CAUTION, DANGER])
    return SimulatedVitals(utc=utc, facts=facts, signs=signs, status=status)


def _person(rng: np.random.Generator) -> dict[str, str | int | float | bool]:
    male = bool(rng.random() < 0.5)
    age = int(np.clip(rng.normal(58, 17), 19, 95))
    height = float(rng.normal(172 if male else 159, 6))
    bmi = float(np.clip(rng.normal(24.5 + 0.02 * (age - 50), 3.5), 16, 45))
    hypertension = rng.random() < _logistic(-3.0 + 0.045 * age + 0.08 * (bmi - 24))
    diabetes = rng.random() < _logistic(-3.6 + 0.03 * age + 0.12 * (bmi - 24))
    return {
        "age": age,
        "sex": "male" if male else "female",
        "height": round(height),
        "weight": round(bmi * (height / 100) ** 2, 1),
        "smoking": bool(rng.random() < (0.32 if male else 0.12)),
        "diabetes": bool(diabetes),
        "hypertension": bool(hypertension),
    }


def _frailty(facts: dict[str, str | int | float | bool]) -> float:
    """How easily the person falls ill, about 0 to 1.5."""
    ill = 0.25 * sum(bool(facts[name]) for name in ("smoking", "diabetes", "hypertension"))
    return max(0.0, (float(facts["age"]) - 40) / 60) + ill


def _severity(rng: np.random.Generator, rows: int, *, frailty: float) -> Floats:
    """Illness from row to row, 0 at best; it lasts for days and comes to the frail more often."""
    level = np.empty(rows)
    now = rng.normal(0.2 * frailty, 0.5)
    for row in range(rows):
        now = 0.8 * now + rng.normal(0.11 * frailty, 0.42)
        level[row] = now
    return np.maximum(level, 0.0)


def _signs(
    rng: np.random.Generator,
    facts: dict[str, str | int | float | bool],
    severity: Floats,
    *,
    hour: Floats,
) -> dict[str, Floats]:
    def around(level: float, between: float, within: float) -> Floats:
        return level + rng.normal(0, between) + rng.normal(0, within, severity.size)

    age = float(facts["age"])
    day = np.cos(2 * np.pi * (hour - 16) / 24)
    stress = rng.normal(0, 1, severity.size)
    systolic = around(112 + 0.3 * (age - 40) + 14 * bool(facts["hypertension"]), 7, 5)
    systolic += 4 * stress + 3 * day - 9 * severity
    pulse = around(27, 5, 4) + 0.28 * (systolic - 112)
    found = {
        "heart_rate": around(69 + 4 * bool(facts["smoking"]), 7, 3)
        + (3 * stress + 2 * day + 11 * severity),
        "respiration_rate": around(14.5, 1.2, 0.9) + 3.2 * severity,
        "systolic_bp": systolic,
        "diastolic_bp": systolic - np.maximum(pulse, 16),
        "oxygen_saturation": around(97.6 - 0.8 * bool(facts["smoking"]), 0.6, 0.6) - 2.1 * severity,
        "body_temperature": around(36.5, 0.15, 0.12) + 0.15 * day + 0.55 * severity,
        "blood_glucose": around(98 + 48 * bool(facts["diabetes"]), 9, 11) + 8 * severity,
    }
    limits = {"heart_rate": (35, 190), "respiration_rate": (7, 45), "systolic_bp": (70, 230)}
    limits |= {"diastolic_bp": (35, 140), "oxygen_saturation": (72, 100)}
    limits |= {"body_temperature": (34.5, 41.5), "blood_glucose": (45, 420)}
    return {name: _written(rng, name, found[name], limits[name]) for name in found}


def _written(
    rng: np.random.Generator, name: str, values: Floats, limits: tuple[float, float]
) -> Floats:
    """The values as a device shows them, a few of them missing."""
    shown = np.round(np.clip(values, *limits), DECIMALS.get(name, 0))
    shown[rng.random(shown.size) < _MISSING] = np.nan
    return shown


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
