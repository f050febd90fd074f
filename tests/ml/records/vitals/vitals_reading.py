"""Short ways to read vital signs in these tests, and where the real data are."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ml.records.vitals import VitalsTrace, read_vitals
from scripts.simulation.vitals import SimulatedVitals, simulate_vitals

RECEIVED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
DATA = Path(os.environ.get("VITALMINT_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))


def read(data: bytes | str, zone: str | None = "Asia/Seoul") -> VitalsTrace:
    """The trace of a file received at a fixed moment."""
    given = data if isinstance(data, bytes) else data.encode()
    return read_vitals(given, zone=zone, received_at=RECEIVED).trace


def left_out(data: str) -> str | None:
    """What is told of the columns that are not taken up."""
    return read_vitals(data.encode(), zone="UTC", received_at=RECEIVED).left_out.told()


def person(seed: int, rows: int = 30) -> SimulatedVitals:
    return simulate_vitals(np.random.default_rng(seed), rows, start=START)


def trace_of(
    names: tuple[str, ...], values: npt.NDArray[np.float64], *, hours: float = 12.0
) -> VitalsTrace:
    """A trace of these values, so many hours apart, in UTC."""
    micros = int(START.timestamp()) * 10**6 + np.arange(len(values)) * int(hours * 3_600_000_000)
    moments = micros.astype("M8[us]")
    return VitalsTrace("csv", "UTC", names, values.copy(), moments, moments.copy())


def real(path: str) -> Path:
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{path} of the shared data is not here")
    return file
