"""Canonical traces of simulated people, good ones and those that nobody should learn from."""

from datetime import UTC, datetime, timedelta

import numpy as np

from backend.adapters.records.reader import MlRecordReader
from backend.domain.consent import Kind

STEP_S = 300
FIRST = datetime(2026, 10, 5, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)


def readings(days: float, seed: int = 1) -> np.ndarray:
    """Five-minute glucose of somebody with type 1 diabetes from a midnight on, mg/dL."""
    rng = np.random.default_rng(seed)
    steps = int(days * 288)
    hour = np.arange(steps) / 12 % 24
    meals = sum(
        70 * np.exp(-(((hour - at) % 24) / 1.6)) * (((hour - at) % 24) > 0) * ((hour - at) % 24)
        for at in (7.5, 12.5, 19.0)
    )
    wander = np.zeros(steps)
    for step in range(1, steps):
        wander[step] = 0.985 * wander[step - 1] + rng.normal(0, 4.5)
    return np.clip(120 + meals + wander + rng.normal(0, 2, steps), 41, 399)


def canonical(values: np.ndarray, *, start: datetime = FIRST, zone: str = "Europe/London") -> bytes:
    """The canonical trace of these readings, NaN left out; `start` is on the zone's clock."""
    lines = ["timestamp,glucose_mg_dl"]
    for step, value in enumerate(values):
        if np.isfinite(value):
            moment = start.replace(tzinfo=None) + timedelta(seconds=STEP_S * step)
            lines.append(f"{moment:%Y-%m-%dT%H:%M:%S},{value:.0f}")
    data = ("\n".join(lines) + "\n").encode()
    read = MlRecordReader().read(data, Kind.CGM, zone=zone, received_at=RECEIVED)
    return read.canonical


def worn(values: np.ndarray, share: float) -> np.ndarray:
    """Only the first `share` of every day is worn."""
    kept = values.copy()
    kept[np.arange(kept.size) % 288 >= share * 288] = np.nan
    return kept


def with_sensor_change(values: np.ndarray) -> np.ndarray:
    """Two hours are missing in the middle, as a new sensor warms up."""
    kept = values.copy()
    middle = kept.size // 2
    kept[middle : middle + 24] = np.nan
    return kept


def with_compression_lows(values: np.ndarray) -> np.ndarray:
    """Every night from 2 to 3 somebody lies on the sensor: down in ten minutes, up in ten."""
    kept = values.copy()
    for night in range(0, kept.size, 288):
        kept[night + 24 : night + 36] = 50
    return kept


def with_a_clock_set_back(values: np.ndarray, hours: int = 8) -> bytes:
    """One file of somebody who flew west in its middle: hours come twice on its one clock."""
    lines = ["timestamp,glucose_mg_dl"]
    for step, value in enumerate(values):
        back = timedelta(hours=hours if step >= values.size // 2 else 0)
        moment = FIRST.replace(tzinfo=None) + timedelta(seconds=STEP_S * step) - back
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%S},{value:.0f}")
    data = ("\n".join(lines) + "\n").encode()
    return MlRecordReader().read(data, Kind.CGM, zone="Asia/Seoul", received_at=RECEIVED).canonical
