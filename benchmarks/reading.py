"""How long reading a 90-day Clarity export takes, as a multiple of `pandas.read_csv` alone.

python -m benchmarks.reading
"""

import io
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from benchmarks.timing import seconds, verdict
from ml.records.cgm import read_cgm
from ml.simulation.glucose import Condition, simulate_trace
from scripts.simulation.clarity import to_clarity_csv

TARGET = 3.0


@dataclass(frozen=True)
class ReadingBenchmark:
    """Median seconds of both, taken in turns in one process, on the same bytes."""

    file_bytes: int
    readings: int
    read_cgm: float
    read_csv: float

    @property
    def ratio(self) -> float:
        return self.read_cgm / self.read_csv


def measure_reading(*, days: int = 90, rounds: int = 15, seed: int = 90) -> ReadingBenchmark:
    """Both readers on one simulated export of `days`, `rounds` times each after a warm-up."""
    start = datetime(2026, 6, 1, tzinfo=UTC)
    trace = simulate_trace(np.random.default_rng(seed), days, Condition.TYPE_1, start=start)
    data = to_clarity_csv(trace)
    received_at = datetime(2026, 11, 22, tzinfo=UTC)

    def ours() -> object:
        return read_cgm(data, zone="Europe/London", received_at=received_at)

    def theirs() -> object:
        return pd.read_csv(io.BytesIO(data))

    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return ReadingBenchmark(
        file_bytes=len(data),
        readings=trace.mg_dl.size,
        read_cgm=statistics.median(pair[0] for pair in pairs),
        read_csv=statistics.median(pair[1] for pair in pairs),
    )


def report(result: ReadingBenchmark) -> str:
    """The result in two lines for people."""
    return (
        f"reading a {result.file_bytes / 1e6:.1f} MB Clarity export "
        f"({result.readings:,} readings): "
        f"{result.read_cgm * 1e3:.1f} ms; pandas.read_csv {result.read_csv * 1e3:.1f} ms; "
        f"ratio {result.ratio:.2f} ({verdict(result.ratio, TARGET)})\n"
        "limited by: half is the same C tokenizer over all columns, a fifth the door (formulas, "
        "ragged and overlong lines), a tenth each the times, and putting rows in order"
    )


if __name__ == "__main__":
    print(report(measure_reading()))
