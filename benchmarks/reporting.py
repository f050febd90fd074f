"""The evaluation report of a synthetic table beside SDMetrics' Quality Report on the same rows.

Like is held against like: shapes of columns and trends of pairs, ours with intervals. The whole
report (three tables held against held-out people: neighbours, discriminator, learners trained on
five sets) stands beside it with its own figure, and the memory that it took.

    python -m benchmarks.reporting
"""

import resource
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.timing import seconds, verdict
from ml.evaluation.statistics import resampled_weights
from ml.evaluation.tables.fidelity_pairs import pair_similarities
from ml.evaluation.tables.marginals import Sample, column_shapes
from ml.evaluation.tables.report import table_report
from ml.records.tables.schema import Column, Schema
from ml.records.tables.table import Table
from ml.scorers.table_learners import boosting

TARGET = 1.0
_HELD_OUT = 5
_DRAWS = 200


@dataclass(frozen=True)
class ReportingBenchmark:
    """Seconds of both on the same rows, of the whole report, and the memory after it."""

    rows: int
    columns: int
    ours: float
    sdmetrics: float
    whole: float
    megabytes: float
    furthest: float

    @property
    def ratio(self) -> float:
        return self.ours / self.sdmetrics


def measure_reporting(*, rows: int = 100_000, seed: int = 7) -> ReportingBenchmark:
    """Both on `rows` real and as many synthetic rows; the whole report on a fifth held out."""
    real, made = simulated_table(seed, rows), simulated_table(seed + 1, rows, noise=0.9)
    ours: list[float] = []
    theirs: list[float] = []
    spent = seconds(lambda: ours.append(_similarity(real, made)))
    beside = seconds(lambda: theirs.append(_quality(real, made)))
    whole = seconds(lambda: _report(real, made))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return ReportingBenchmark(
        rows, len(real.schema.columns), spent, beside, whole, used, abs(ours[0] - theirs[0])
    )


def report(result: ReportingBenchmark) -> str:
    """The result in two lines for people."""
    same = "same shapes" if result.furthest < 1e-9 else f"shapes differ by {result.furthest:.0e}"
    return (
        f"shapes and pairs of {result.rows:,} × {result.columns} cells, with intervals: "
        f"{result.ours:.1f} s; SDMetrics' Quality Report {result.sdmetrics:.1f} s (it samples "
        f"50,000 rows for contingencies and has no interval); ratio {result.ratio:.2f} "
        f"({verdict(result.ratio, TARGET)}); {same}\n"
        f"the whole report, a fifth of the people held out: {result.whole:.0f} s, "
        f"{result.megabytes:,.0f} MB with everything that was loaded"
    )


def simulated_table(seed: int, rows: int, *, noise: float = 0.8) -> Table:
    """Twenty columns of every kind on four hidden factors; the last one is the target."""
    columns = (
        *(Column(f"n{k}", "continuous", minimum=-8, maximum=8, missing=k < 3) for k in range(8)),
        *(Column(f"i{k}", "integer", minimum=0, maximum=300) for k in range(4)),
        *(Column(f"c{k}", "categorical", categories=tuple(range(3 + 4 * k))) for k in range(5)),
        Column("level", "ordinal", categories=(1, 2, 3, 4, 5)),
        Column("smokes", "boolean", categories=(False, True)),
        Column("ill", "boolean", categories=(False, True)),
    )
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    factors = rng.normal(size=(rows, 4))
    cells = []
    for column in columns:
        loads = fixed.normal(size=4)
        drawn = factors @ loads / np.linalg.norm(loads) + noise * rng.normal(size=rows)
        if column.kind == "continuous":
            drawn = np.clip(drawn, -8, 8)
        elif column.kind == "integer":
            drawn = np.clip(np.round(150 + 40 * drawn), 0, 300)
        else:
            count = len(column.categories)
            drawn = np.clip(np.floor((drawn + 2) / 4 * count), 0, count - 1)
        cells.append(np.where(rng.random(rows) < 0.1, np.nan, drawn) if column.missing else drawn)
    return Table(Schema(columns, target="ill"), np.stack(cells, axis=1))


def _similarity(real: Table, made: Table) -> float:
    """The mean similarity of columns; pairs are measured, too."""
    rng = np.random.default_rng(0)
    sides = Sample.of_people(real, _names("p", len(real)), rng), Sample.of_rows(made, rng)
    weights = tuple(resampled_weights(side.blocks, draws=_DRAWS, rng=rng) for side in sides)
    shapes = column_shapes(*sides, (weights[0], weights[1]))
    pair_similarities(*sides, (weights[0], weights[1])).mean()
    found = shapes.mean()
    return found.value if found is not None else float("nan")


def _quality(real: Table, made: Table) -> float:
    """The score of column shapes in SDMetrics' Quality Report."""
    from sdmetrics.reports import QualityReport

    kinds = {column.name: column.numeric for column in real.schema.columns}
    sdtypes = {n: {"sdtype": "numerical" if k else "categorical"} for n, k in kinds.items()}
    quality = QualityReport()
    described = {"tables": {"people": {"columns": sdtypes}}}
    sides = ({"people": _frame(side)} for side in (real, made))
    quality.generate(*sides, described, verbose=False)
    properties = quality.get_properties().set_index("Property")
    return float(properties.loc["Column Shapes", "Score"])


def _frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.values, columns=list(table.schema.names))


def _report(real: Table, made: Table) -> None:
    held = np.arange(len(real)) % _HELD_OUT == 0
    training, holdout = real.take(~held), real.take(held)
    table_report(
        made,
        training,
        _names("t", len(training)),
        holdout,
        _names("h", len(holdout)),
        learners={"boosting": boosting},
        rng=np.random.default_rng(0),
        progress=lambda stage, done, total: None,
    )


def _names(prefix: str, rows: int) -> np.ndarray:
    return np.char.add(prefix, np.arange(rows).astype(str))


if __name__ == "__main__":
    print(report(measure_reporting()))
