"""Our CTGAN and TVAE beside SDV's: same rows, same epochs, one thread, one run.

Time is CPU time of fitting. Fidelity is held against rows that nobody learnt from: mean similarity
of columns (Kolmogorov-Smirnov or total variation, complemented) and of pairs (correlations or
contingencies), as in SDMetrics; differences with 95 % intervals over those rows. The Gaussian
copula is the simple baseline, as many real rows the ceiling.

    python -m benchmarks.generating [--data ../shared/data] [--epochs 300]
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.timing import verdict
from ml.evaluation.statistics import resampled_weights
from ml.evaluation.tables.fidelity_pairs import pair_similarities
from ml.evaluation.tables.marginals import Sample, Scores, column_shapes
from ml.generators.tables import ctgan, sdv_synthesizers, tvae
from ml.generators.tables.copula import GaussianCopula
from ml.records.tables.reading import read_table
from ml.records.tables.table import Table
from ml.simulation.known_bayes import simulate_known_bayes
from ml.training.checkpoints import NoCheckpoints
from ml.training.progress import silent

TARGET = 0.7
FILES = {
    "maternal": "vitals-maternal-risk/Maternal_Health_Risk_Data_Set.csv",
    "ktas": "vitals-ktas-triage/ktas_data.csv",
}
_DRAWS = 500
_MOST_DRAWN = 10_000
_OURS = {
    "ctgan": (ctgan.Ctgan, ctgan.SETTINGS, sdv_synthesizers.SdvCtgan),
    "tvae": (tvae.Tvae, tvae.SETTINGS, sdv_synthesizers.SdvTvae),
}


@dataclass(frozen=True)
class Fitted:
    """One generator on one table: CPU seconds of fitting, and its similarities."""

    name: str
    seconds: float
    columns: float
    pairs: float


@dataclass(frozen=True)
class Compared:
    """One of ours beside SDV's; differences are ours minus theirs, with their intervals."""

    table: str
    rows: int
    epochs: int
    ours: Fitted
    theirs: Fitted
    columns: tuple[float, float, float]
    pairs: tuple[float, float, float]

    @property
    def ratio(self) -> float:
        return self.ours.seconds / self.theirs.seconds


@dataclass(frozen=True)
class GeneratingBenchmark:
    """Every pair, and by table what a copula and real rows reach."""

    pairs: list[Compared]
    besides: dict[str, list[Fitted]]

    @property
    def ratio(self) -> float:
        """The worst of the settings that are offered by default."""
        return max(each.ratio for each in self.pairs if each.ours.name.endswith("default"))


def measure_generating(*, rows: int = 8000, epochs: int = 20) -> GeneratingBenchmark:
    """On people simulated with a known risk, who need no files."""
    table = simulate_known_bayes(2 * rows, rng=np.random.default_rng(7))
    known = {"known Bayes": (table.take(slice(0, rows)), table.take(slice(rows, None)))}
    return _measured(known, epochs, ("default",))


def measure_files(folder: Path, epochs: int) -> GeneratingBenchmark:
    """On the tables of `FILES`, duplicates taken out, three in ten rows held out."""
    tables = {}
    for name, path in FILES.items():
        table = read_table((folder / path).read_bytes()).distinct()
        order = np.random.default_rng(7).permutation(len(table))
        cut = int(0.7 * len(table))
        tables[name] = table.take(order[:cut]), table.take(order[cut:])
    return _measured(tables, epochs, ("default", "paper"))


def report(result: GeneratingBenchmark) -> str:
    """A line for every pair, for people."""
    return "\n".join(_lines(result))


def _measured(
    tables: dict[str, tuple[Table, Table]], epochs: int, settings: tuple[str, ...]
) -> GeneratingBenchmark:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        benches = {name: _Bench(*each) for name, each in tables.items()}
        pairs = [
            compared
            for name, bench in benches.items()
            for kind in _OURS
            for compared in bench.compared(name, kind, epochs, settings)
        ]
        return GeneratingBenchmark(pairs, {name: each.besides() for name, each in benches.items()})
    finally:
        torch.set_num_threads(threads)


class _Bench:
    """One table split in two; everything is held against the second part."""

    def __init__(self, training: Table, holdout: Table) -> None:
        self._training, self._holdout = training, holdout
        import sdv.single_table  # noqa: F401  its import is not to be counted as fitting

        rng = np.random.default_rng(0)
        self._real = Sample.of_rows(holdout, rng)
        self._weights = resampled_weights(self._real.blocks, draws=_DRAWS, rng=rng)

    def compared(
        self, table: str, kind: str, epochs: int, settings: tuple[str, ...]
    ) -> Iterator[Compared]:
        """Each of our settings beside SDV's one."""
        ours, named, theirs = _OURS[kind]
        beside, their_scores = self._fitted(
            f"sdv_{kind}", theirs(replace(sdv_synthesizers.DEFAULT, epochs=epochs))
        )
        for name in settings:
            setting: Any = replace(named[name], epochs=epochs)  # type: ignore[type-var]
            fitted, scores = self._fitted(f"{kind}, {name}", ours(setting))
            apart = [_difference(a, b) for a, b in zip(scores, their_scores, strict=True)]
            yield Compared(table, len(self._training), epochs, fitted, beside, apart[0], apart[1])

    def besides(self) -> list[Fitted]:
        """The copula, and the training rows themselves."""
        copula = self._fitted("gaussian_copula", GaussianCopula())[0]
        columns, pairs = self._scores(self._training)
        return [copula, Fitted("real rows", 0.0, _mean(columns), _mean(pairs))]

    def _fitted(self, name: str, generator: Any) -> tuple[Fitted, tuple[Scores, Scores]]:
        started = time.process_time()
        generator.fit(
            self._training,
            rng=np.random.default_rng(1),
            progress=silent,
            checkpoints=NoCheckpoints(),
        )
        spent = time.process_time() - started
        made = generator.sample(_MOST_DRAWN, rng=np.random.default_rng(2))
        columns, pairs = self._scores(made)
        return Fitted(name, spent, _mean(columns), _mean(pairs)), (columns, pairs)

    def _scores(self, made: Table) -> tuple[Scores, Scores]:
        synthetic = Sample(made, np.zeros(len(made), dtype=np.intp))
        weights = self._weights, np.ones((_DRAWS, 1))
        return (
            column_shapes(self._real, synthetic, weights),
            pair_similarities(self._real, synthetic, weights),
        )


def _mean(scores: Scores) -> float:
    return float(np.nanmean(scores.values))


def _difference(ours: Scores, theirs: Scores) -> tuple[float, float, float]:
    """Of the means, with its interval over the same draws of held-out rows."""
    drawn = np.nanmean(ours.drawn, axis=1) - np.nanmean(theirs.drawn, axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return _mean(ours) - _mean(theirs), float(low), float(high)


def _lines(result: GeneratingBenchmark) -> Iterator[str]:
    for each in result.pairs:
        yield (
            f"{each.table}, {each.rows:,} rows, {each.epochs} epochs, {each.ours.name}: "
            f"{each.ours.seconds:.1f} s of CPU, SDV's {each.theirs.seconds:.1f} s, ratio "
            f"{each.ratio:.2f} ({verdict(each.ratio, TARGET)}); columns {each.ours.columns:.3f} "
            f"against {each.theirs.columns:.3f} ({_shown(each.columns)}), pairs "
            f"{each.ours.pairs:.3f} against {each.theirs.pairs:.3f} ({_shown(each.pairs)})"
        )
    for table, fitted in result.besides.items():
        for beside in fitted:
            yield f"{table}, {beside.name}: columns {beside.columns:.3f}, pairs {beside.pairs:.3f}"


def _shown(difference: tuple[float, float, float]) -> str:
    value, low, high = difference
    return f"{value:+.3f}, {low:+.3f} to {high:+.3f}"


def main() -> None:
    """Measure on simulated people, or on the tables of a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generating")
    parser.add_argument("--data", type=Path, help="folder with the tables of the project")
    parser.add_argument("--epochs", type=int, default=None)
    arguments = parser.parse_args()
    if arguments.data is None:
        print(report(measure_generating(epochs=arguments.epochs or 20)))
    else:
        print(report(measure_files(arguments.data, arguments.epochs or 300)))


if __name__ == "__main__":
    main()
