"""The honest rows: whatever is done about the rare class is done inside the training fold."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ml.evaluation.classification import classification_scores
from ml.evaluation.tables.gower import nearest_rows, ranges
from ml.experiments.rare.arms import ADDS_NOTHING, Skipped, made, rare_rows
from ml.experiments.rare.classifiers import (
    CLASSIFIERS,
    Settings,
    balanced_weights,
    moved_threshold,
    probabilities,
    tuned,
)
from ml.experiments.rare.folds import Fold, fold_of, seeded
from ml.experiments.rare.leaks import Evaluated, leaks
from ml.experiments.rare.protocol import THRESHOLD, WEIGHTS, Protocol
from ml.experiments.rare.sets import TARGET, RareSet
from ml.records.tables.table import Table, copies, joined

Row = dict[str, Any]
SCORES = (
    "accuracy",
    "recall",
    "recall_at_specificity",
    "f1",
    "auprc",
    "auroc",
    "brier",
    "ece",
)
_JUDGED = 400
"""Synthetic rows whose distance to the closest record is taken, drawn at random."""


@dataclass(frozen=True)
class Bench:
    """A fold with the classifiers' settings, tuned on its own training rows once for all arms."""

    given: RareSet
    fold: Fold
    settings: dict[str, Settings]
    protocol: Protocol
    run: int
    size: float

    @classmethod
    def of(cls, given: RareSet, run: int, protocol: Protocol, *, size: float = 1.0) -> "Bench":
        """The bench of a run."""
        fold = fold_of(given, run, seed=protocol.seed, size=size)
        settings = {
            name: tuned(name, fold.training, seeded(protocol.seed, given.name, run, size, name))
            for name in CLASSIFIERS
        }
        return cls(given, fold, settings, protocol, run, size)

    def stream(self, *parts: object) -> np.random.Generator:
        """Randomness of its own for what `parts` name in this run."""
        return seeded(self.protocol.seed, self.given.name, self.run, self.size, *parts)

    def scores(self, training: Table, arm: str = "") -> Row:
        """Every classifier learnt from `training` and scored on the untouched test rows."""
        truth = (self.fold.test.column(TARGET) == 1).astype(np.intp)
        weights = balanced_weights(training) if arm == WEIGHTS else None
        found: Row = {}
        for name, settings in self.settings.items():
            threshold = 0.5
            if arm == THRESHOLD:
                threshold = moved_threshold(name, settings, training, self.stream("threshold"))
            found[name] = _scored(
                truth,
                probabilities(name, settings, training, self.fold.test, weights),
                threshold=threshold,
                specificity=self.protocol.specificity,
            )
        return found

    @cached_property
    def leaks(self) -> list[str]:
        """What the leak detector finds in the rows that all arms of this run share."""
        fold = self.fold
        nothing = fold.test.take(slice(0, 0))
        found = leaks(Evaluated(fold.training, nothing, fold.test), self.given.table)
        return sorted({leak.kind for leak in found})

    def told(self, arm: str) -> Row:
        """What says which row this is and how it came about."""
        return {
            "set": self.given.name,
            "arm": arm,
            "run": self.run,
            "size": self.size,
            "seed": self.protocol.seed,
            "training_rows": len(self.fold.training),
            "training_rare": int(self.fold.training.column(TARGET).sum()),
            "test_rows": len(self.fold.test),
            "settings": {name: dict(chosen) for name, chosen in self.settings.items()},
        }


def honest_rows(
    given: RareSet, arms: Sequence[str], run: int, protocol: Protocol, size: float = 1.0
) -> list[Row]:
    """A row for each arm: trained on source + generated rows, tested on untouched real ones."""
    bench = Bench.of(given, run, protocol, size=size)
    return [_honest(bench, arm) for arm in arms]


def _honest(bench: Bench, arm: str) -> Row:
    began = time.process_time()
    row, training = bench.told(arm), bench.fold.training
    epochs = bench.protocol.epochs_of(bench.given.name, arm)
    try:
        more = rare_rows(arm, training, epochs=epochs, rng=bench.stream(arm))
    except Skipped as fault:
        return row | {"skipped": str(fault)}
    row |= {
        "generated_rows": len(more.table),
        "epochs": more.epochs,
        "steps": more.steps,
        "generating_cpu_seconds": round(more.seconds, 3),
        "scores": bench.scores(joined([training, more.table]), arm),
        "leaks": bench.leaks,
    }
    if arm not in ADDS_NOTHING and len(more.table):
        ill = training.take(training.column(TARGET) == 1)
        row["privacy"] = _nearness(more.table, ill, bench.fold.test, bench.stream("judged"))
    return row | {"cpu_seconds": round(time.process_time() - began, 3)}


def tstr_rows(
    given: RareSet, generators: Sequence[str], run: int, protocol: Protocol, *, times: int = 1
) -> list[Row]:
    """A row for each generator of the whole training fold, and one for the real rows.

    Train on synthetic rows alone, test on real ones; `times` as many synthetic rows as real ones.
    """
    bench = Bench.of(given, run, protocol)
    return [_tstr(bench, arm, times) for arm in generators]


REAL = "real"


def _tstr(bench: Bench, arm: str, times: int) -> Row:
    began = time.process_time()
    row, training = bench.told(arm), bench.fold.training
    if arm == REAL:
        return row | {"scores": bench.scores(training), "epochs": 0, "steps": 0}
    epochs = bench.protocol.epochs_of(bench.given.name, arm, whole=True)
    try:
        rng = bench.stream("whole", arm)
        synthetic = made(arm, training, times * len(training), epochs=epochs, rng=rng)
    except Skipped as fault:
        return row | {"skipped": str(fault)}
    return row | {
        "generated_rows": len(synthetic.table),
        "generated_rare": int(synthetic.table.column(TARGET).sum()),
        "epochs": synthetic.epochs,
        "steps": synthetic.steps,
        "generating_cpu_seconds": round(synthetic.seconds, 3),
        "scores": bench.scores(synthetic.table),
        "privacy": _nearness(synthetic.table, training, bench.fold.test, bench.stream("judged")),
        "cpu_seconds": round(time.process_time() - began, 3),
    }


def _nearness(made: Table, learnt: Table, test: Table, rng: np.random.Generator) -> Row:
    """Gower distance of synthetic rows to the closest row learnt, and real rows' beside it."""
    features = [name for name in learnt.schema.names if name != TARGET]
    chosen = made.take(rng.permutation(len(made))[:_JUDGED]).select(features)
    reference = learnt.select(features)
    alike = np.isin(test.column(TARGET), learnt.column(TARGET))
    strangers = test.take(rng.permutation(np.flatnonzero(alike))[:_JUDGED]).select(features)
    ours, theirs = (
        nearest_rows(each, reference, k=1, spans=ranges(reference)).distance[:, 0]
        for each in (chosen, strangers)
    )
    return {
        "dcr": float(np.median(ours)),
        "strangers_dcr": float(np.median(theirs)),
        "copies": int(copies(made.select(features), reference).sum()),
        "rows": len(made),
    }


def _scored(
    truth: np.ndarray, probability: np.ndarray, *, threshold: float, specificity: float
) -> dict[str, float]:
    clipped = np.clip(probability, 0.0, 1.0)
    found = classification_scores(truth, clipped, threshold=threshold, specificity=specificity)
    return {name: round(found[name], 6) for name in SCORES}
