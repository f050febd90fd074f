"""Nearest rows of a table by Gower distance, against SDMetrics and at a hundred thousand rows.

python -m benchmarks.distances
"""

import multiprocessing
import resource
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.timing import seconds, verdict
from ml.evaluation.tables.gower import nearest_rows
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table

TARGET = 1 / 20
LARGE_TARGET = 60.0
MEMORY_TARGET = 2.0
_LETTERS = tuple("abcdefg")


@dataclass(frozen=True)
class DistancesBenchmark:
    """Wall-clock seconds; both small figures on the same rows, in one process.

    Attributes:
        rows: on either side of the small comparison.
        ours, sdmetrics: of the small comparison.
        apart: the largest difference between both results.
        large_rows: on either side of the large comparison, 20 columns.
        large, large_cpu: of the large comparison, in a process of its own, and what its threads
            spent together on a processor.
        large_gigabytes: the most memory that process held.
    """

    rows: int
    ours: float
    sdmetrics: float
    apart: float
    large_rows: int
    large: float
    large_cpu: float
    large_gigabytes: float

    @property
    def ratio(self) -> float:
        return self.ours / self.sdmetrics


def measure_distances(*, rows: int = 5000, large_rows: int = 100_000) -> DistancesBenchmark:
    """One run of each, ours compiled before; SDMetrics takes most of a minute."""
    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    rng = np.random.default_rng(7)
    made, reference = _table(rng, rows, 6, 4), _table(rng, rows, 6, 4)
    nearest_rows(made.take(slice(0, 10)), reference)
    found: dict[str, np.ndarray] = {}

    def ours() -> None:
        found["ours"] = nearest_rows(made, reference, k=1).distance[:, 0]

    def theirs() -> None:
        frames = [_frame(each) for each in (made, reference)]
        found["theirs"] = calculate_dcr(*frames, _metadata(made.schema)).to_numpy()

    times = seconds(ours), seconds(theirs)
    apart = float(np.abs(found["ours"] - found["theirs"]).max())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        large, spent, gigabytes = pool.apply(_large, (large_rows,))
    return DistancesBenchmark(rows, *times, apart, large_rows, large, spent, gigabytes)


def report(result: DistancesBenchmark) -> str:
    """The result in three lines for people."""
    return (
        f"nearest rows by Gower distance, {result.rows:,} × {result.rows:,} × 10 columns: "
        f"{result.ours:.2f} s; SDMetrics {result.sdmetrics:.1f} s ({1 / result.ratio:.0f} × as "
        f"long, largest difference {result.apart:.1g}); "
        f"ratio {result.ratio:.4f} ({verdict(result.ratio, TARGET)})\n"
        f"{result.large_rows:,} × {result.large_rows:,} × 20 columns: {result.large:.1f} s "
        f"({verdict(result.large, LARGE_TARGET)}; {result.large_cpu:.0f} s of processor), "
        f"{result.large_gigabytes:.2f} GB "
        f"({verdict(result.large_gigabytes, MEMORY_TARGET)})\n"
        "limited by: subtracting, clipping and adding every cell of a block, twice where the first "
        "half of the columns does not rule the block out"
    )


def _large(rows: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(8)
    made, reference = _table(rng, rows, 12, 8), _table(rng, rows, 12, 8)
    nearest_rows(made.take(slice(0, 10)), reference)
    before = time.process_time()
    took = seconds(lambda: nearest_rows(made, reference))
    return (
        took,
        time.process_time() - before,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    )


def _table(rng: np.random.Generator, rows: int, numeric: int, categorical: int) -> Table:
    """So many columns of numbers and of categories, a cell in fifty missing."""
    numbers = tuple(
        Column(f"number {i}", "continuous", missing=True, minimum=-100, maximum=100)
        for i in range(numeric)
    )
    wards = tuple(
        Column(f"ward {i}", "categorical", missing=True, categories=_LETTERS)
        for i in range(categorical)
    )
    shares = [0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05]
    codes = rng.choice(len(_LETTERS), p=shares, size=(rows, categorical))
    values = np.concatenate([rng.normal(size=(rows, numeric)), codes], axis=1)
    values[rng.random(values.shape) < 0.02] = np.nan
    return Table(Schema(numbers + wards), values)


def _frame(table: Table) -> pd.DataFrame:
    letters = np.array([*_LETTERS, None], dtype=object)
    columns = {}
    for column in table.schema.columns:
        cells = table.column(column.name)
        if column.numeric:
            columns[column.name] = cells
        else:
            columns[column.name] = letters[np.where(np.isnan(cells), -1, cells).astype(int)]
    return pd.DataFrame(columns)


def _metadata(schema: Schema) -> dict[str, dict[str, dict[str, str]]]:
    kinds = {True: "numerical", False: "categorical"}
    return {
        "columns": {column.name: {"sdtype": kinds[column.numeric]} for column in schema.columns}
    }


if __name__ == "__main__":
    print(report(measure_distances()))
